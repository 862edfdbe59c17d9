"""Pictures of a regression on the held-out rows, and the points behind them for `dvc plots`."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

from project_package.problem import Numbers

mpl.use("agg")
from matplotlib import pyplot as plt

POINTS = 500


def write_plots(folder: Path, actual: Numbers, score: Numbers) -> None:
    """Write predictions and their errors to `folder`, as CSV and PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "predicted", actual, score, ("actual", "predicted"))
    _write(folder / "errors", score, score - actual, ("predicted", "error"))


def _write(path: Path, x: Numbers, y: Numbers, names: tuple[str, str]) -> None:
    few = np.unique(np.linspace(0, len(x) - 1, POINTS).astype(int))
    points = pd.DataFrame({names[0]: x[few], names[1]: y[few]})
    points.to_csv(path.with_suffix(".csv"), index=False, float_format="%.2f")
    figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
    axes.scatter(points[names[0]], points[names[1]], s=6)
    axes.set(xlabel=names[0], ylabel=names[1])
    # Without the date and the version of the program, equal plots are equal files.
    figure.savefig(path.with_suffix(".png"), dpi=100, metadata={"Software": None})
    plt.close(figure)

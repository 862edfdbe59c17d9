"""Pictures of a classifier on the held-out rows, and the points behind them for `dvc plots`."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from project_package.problem import Numbers

mpl.use("agg")
from matplotlib import pyplot as plt

POINTS = 200


def write_plots(folder: Path, actual: Numbers, score: Numbers) -> None:
    """Write ROC, precision-recall and calibration curves to `folder`, as CSV and PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong, right, _ = roc_curve(actual, score)
    precision, recall, _ = precision_recall_curve(actual, score)
    share, mean = calibration_curve(actual, score, n_bins=10, strategy="quantile")
    _write(folder / "roc", wrong, right, ("false positive rate", "true positive rate"))
    _write(folder / "precision_recall", recall, precision, ("recall", "precision"))
    _write(folder / "calibration", mean, share, ("predicted probability", "share of positives"))


def _write(path: Path, x: Numbers, y: Numbers, names: tuple[str, str]) -> None:
    few = np.unique(np.linspace(0, len(x) - 1, POINTS).astype(int))
    points = pd.DataFrame({names[0]: x[few], names[1]: y[few]})
    points.to_csv(path.with_suffix(".csv"), index=False, float_format="%.5f")
    figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
    axes.plot(points[names[0]], points[names[1]])
    axes.set(xlabel=names[0], ylabel=names[1], xlim=(0, 1), ylim=(0, 1))
    # Without the date and the version of the program, equal plots are equal files.
    figure.savefig(path.with_suffix(".png"), dpi=100, metadata={"Software": None})
    plt.close(figure)

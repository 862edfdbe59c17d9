"""What it costs to serve an old model: trained on older and older rows, judged on the newest."""

from typing import Any

import numpy as np
import pandas as pd

from project_package import problem
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.studies.rows import actual, fitted, scored, winner
from project_package.schema import TIME

# As shares of the time that the rows span: the newest part is judged, windows end before it.
NEWEST_FROM = 0.75
LENGTH = 0.3
STEP = 0.11
WINDOWS = 5


def staleness(paths: Paths, parameters: Parameters) -> dict[str, Any]:
    """Return the primary metric on the newest held-out rows by the age of what was learnt."""
    rows, held_out = pd.read_parquet(paths.train), pd.read_parquet(paths.test)
    first, span = rows[TIME.name].min(), rows[TIME.name].max() - rows[TIME.name].min()
    newest = held_out[held_out[TIME.name] >= first + NEWEST_FROM * span]
    ages = []
    for number in range(WINDOWS):
        end = NEWEST_FROM - number * STEP
        window = rows[rows[TIME.name].between(first + (end - LENGTH) * span, first + end * span)]
        model = fitted(winner(paths, parameters), window)
        ages.append(
            {
                "days": round(number * STEP * span.days),
                "rows": len(window),
                problem.PRIMARY: problem.primary(actual(newest), scored(model, newest)),
            }
        )
    days, results = ([each[name] for each in ages] for name in ("days", problem.PRIMARY))
    slope = float(np.polyfit(days, results, 1)[0]) * 30
    return {"metric": problem.PRIMARY, "ages": ages, "change_in_30_days": slope}

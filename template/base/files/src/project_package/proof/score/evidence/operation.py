"""What shows tests of the section monitoring without any component."""

from project_package.proof.score.judge import Evidence
from project_package.proof.score.repository import Lacking, Repository

SKEW = ("tests/skew",)

# Budgets of this project for one small machine: lower or raise them with a reason.
TRAINING_SECONDS = 120.0
ROWS_PER_SECOND = 5000
SERVING_MEGABYTES = 600


def skew(repository: Repository) -> str:
    """Offline and served predictions are equal, and a difference is caught."""
    parity = repository.read("models/candidate/facts.json")["parity"]
    tolerance = repository.parameters.export.tolerance
    if not parity <= tolerance:
        raise Lacking(f"the graph differs from the Python pipeline by {parity:.2g}")
    caught = repository.proven("parity")
    return f"parity within {parity:.2g}; {repository.passed(*SKEW)}; {caught}"


def stability(repository: Repository) -> str:
    """No score of held-out or odd rows is NaN or infinite."""
    found = repository.study("stability")
    if not found["rows"]:
        raise Lacking("no row was scored")
    if found["nan"] or found["infinite"]:
        raise Lacking(f"{found['nan']} scores are NaN, {found['infinite']} infinite")
    return f"{found['rows']} scores of held-out and odd rows, all finite"


def performance(repository: Repository) -> str:
    """Training and serving keep their budgets, and a slower model is caught."""
    found = repository.study("costs")
    milliseconds = repository.parameters.gate.row_milliseconds
    budgets = {
        "training seconds": found["training_seconds"] > TRAINING_SECONDS,
        "milliseconds a row": found["row_milliseconds"] > milliseconds,
        "rows a second": found["rows_per_second"] < ROWS_PER_SECOND,
        "megabytes when serving": found["serving_megabytes"] > SERVING_MEGABYTES,
    }
    if over := [name for name, is_over in budgets.items() if is_over]:
        raise Lacking(f"over budget: {', '.join(over)}")
    repository.proven("evaluation")
    return (
        f"{found['training_seconds']:.1f} s to train, {found['row_milliseconds']:.2f} ms a row, "
        f"{found['rows_per_second']} rows a second, {found['serving_megabytes']} MB to serve"
    )


EVIDENCE = (
    Evidence("skew", "pytest tests/skew", skew, SKEW),
    Evidence("stability", "python -m json.tool reports/score/stability.json", stability),
    Evidence("performance", "python -m json.tool reports/score/costs.json", performance),
)

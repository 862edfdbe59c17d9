"""What shows the tests of the section infrastructure."""

import numpy as np

from project_package.proof.explain import example, explain, packed
from project_package.proof.score.judge import Evidence
from project_package.proof.score.repository import Lacking, Repository

SPECIFICATION = ("tests/model", "tests/unit/test_problem.py")
PIPELINE = ("tests/pipeline/test_pipeline.py",)
ROLL_BACK = ("tests/pipeline/test_roll_back.py",)


def reproducible(repository: Repository) -> str:
    """Each candidate gave the same bytes twice, and the champion says what it was made from."""
    champion = repository.champion()
    for fact in ("data_hash", "environment_hash", "git_commit"):
        if champion[fact] == "unknown":
            raise Lacking(f"the champion does not know its {fact}")
    repository.proven("repetition")
    return (
        "two trainings of each candidate gave the same bytes; "
        "the champion names its commit, data and environment"
    )


def unit_tests(repository: Repository) -> str:
    """Tests of the model and of how it is specified pass."""
    return repository.passed(*SPECIFICATION)


def integration(repository: Repository) -> str:
    """Tests of the whole pipeline pass."""
    return repository.passed(*PIPELINE)


def validated(repository: Repository) -> str:
    """The champion has passed the gate, and the gate is known to turn red."""
    gate = repository.champion()["gate"]
    failed = [check["name"] for check in gate["checks"] if not check["passed"]]
    if failed or not gate["passed"]:
        raise Lacking(f"the champion did not pass its gate: {', '.join(failed)}")
    caught = repository.proven("evaluation", "retraining", "loading")
    return f"the champion has passed {len(gate['checks'])} checks; {caught}"


def debugging(repository: Repository) -> str:
    """An example can be followed node by node, up to what the model answered."""
    bundle = repository.paths.champion
    try:
        row = example(bundle, 0)
        steps = explain((bundle / "model.onnx").read_bytes(), packed(row["inputs"]))
    except OSError as error:
        raise Lacking("there is no champion: make train") from error
    last = {step.output: step.value for step in steps}
    for name, answered in row["outputs"].items():
        if not np.array_equal(last[name].ravel(), [np.asarray(answered, last[name].dtype)]):
            raise Lacking(f"the steps end in another {name} than the model answered")
    return f"{len(steps)} values between the inputs of an example and its answer"


def roll_back(repository: Repository) -> str:
    """A roll-back brings the earlier champion back to those who ask the service."""
    return repository.passed(*ROLL_BACK)


EVIDENCE = (
    Evidence("reproducible", "make reproduce", reproducible),
    Evidence("unit-tests", f"pytest {' '.join(SPECIFICATION)}", unit_tests, SPECIFICATION),
    Evidence("integration", f"pytest {' '.join(PIPELINE)}", integration, PIPELINE),
    Evidence("validated", "make prove", validated),
    Evidence("debugging", "python -m project_package.proof.explain", debugging),
    Evidence("roll-back", f"pytest {' '.join(ROLL_BACK)}", roll_back, ROLL_BACK),
)

"""What shows the tests of the section data."""

import re
from statistics import NormalDist
from typing import Any

import pandas as pd

from project_package import schema
from project_package.proof.score.judge import Evidence
from project_package.proof.score.repository import Lacking, Repository
from project_package.target import OUTCOME, TARGET

# A feature that costs more than this is looked at by a person before it comes in.
MICROSECONDS = 100.0
# From one line in the contract to a served model, on a small sample.
SECONDS = 300.0

# Words in names of columns that would hold what identifies a person.
PERSONAL = {
    *("name", "surname", "email", "mail", "phone", "mobile", "address", "street", "postcode"),
    *("ssn", "passport", "birth", "birthday", "gender", "religion", "ip", "iban", "latitude"),
}
# Values that identify a person whatever their column is called: mail, phone or card numbers.
IDENTIFYING = re.compile(r"[^@\s]+@[^@\s]+\.\w+|\+?\d[\d \-()]{8,}\d")


def expectations(repository: Repository) -> str:
    """The data keep a schema that limits every column, and broken data are stopped."""
    report = repository.stage("validate", "reports/validation.json")
    if not report["valid"]:
        raise Lacking("the data break rules: see reports/validation.md")
    for column in schema.NUMBERS:
        if column.minimum is None or column.maximum is None:
            raise Lacking(f"{column.name} has no range in schema.py")
    caught = repository.proven("validation")
    return f"{report['rows']} rows keep the rules of {len(schema.raw_columns())} columns; {caught}"


def beneficial(repository: Repository) -> str:
    """No feature makes held-out predictions worse, and each helps: alone, or in its company."""
    found = repository.study("features")
    _each_feature(found)
    # One in twenty such lists names a harmless feature, however long it is (Bonferroni).
    errors = NormalDist().inv_cdf(1 - 0.05 / len(found))
    harmful = [n for n, each in found.items() if each["benefit"] + errors * each["error"] < 0]
    if harmful:
        raise Lacking(f"held-out predictions are better without {', '.join(harmful)}")
    alone = [name for name, each in found.items() if _helps(each)]
    if idle := [name for name in found if not _helps(found[name], *_companies(name, found))]:
        raise Lacking(f"no better than noise: {', '.join(idle)}")
    return (
        f"{len(alone)} of {len(found)} help on held-out rows alone, "
        "the others with those that they go with; none harms"
    )


def _companies(name: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was found for the features that `name` goes with, and all that it is among."""
    together = {feature: each["together"] for feature, each in found.items()}
    return [each for of, each in together.items() if name == of or name in each["with"]]


def _helps(*benefits: dict[str, Any]) -> bool:
    """Return whether one of `benefits` is beyond its error, as noise is in one of twenty tries."""
    errors = NormalDist().inv_cdf(1 - 0.05)
    return any(each["benefit"] > errors * each["error"] for each in benefits)


def cost(repository: Repository) -> str:
    """Every feature is cheap to compute and there as often as the schema says."""
    found = repository.study("features")
    _each_feature(found)
    for column in schema.FEATURES:
        each = found[column.name]
        if each["microseconds_per_row"] > MICROSECONDS:
            raise Lacking(f"{column.name} takes over {MICROSECONDS:g} µs a row")
        if each["missing_share"] > column.missing_share:
            raise Lacking(f"{column.name} is missing more often than schema.py allows")
    dearest = max(each["microseconds_per_row"] for each in found.values())
    return f"the dearest of {len(found)} features takes {dearest:.2f} µs a row"


def requirements(_: Repository) -> str:
    """Every feature is described, limited, and known when a prediction is asked for."""
    known_afterwards = {OUTCOME.name, TARGET.name}
    for column in schema.FEATURES:
        if not column.description:
            raise Lacking(f"{column.name} has no description in schema.py")
        if column.name in known_afterwards:
            raise Lacking(f"{column.name} is known only afterwards")
        if column.kind == "time":
            raise Lacking(f"{column.name} is a point in time: no later row can repeat it")
    return f"{len(schema.FEATURES)} features are described, and none is known only afterwards"


def privacy(repository: Repository) -> str:
    """No column is personal by its name, and no text by its content."""
    rows = pd.read_parquet(repository.paths.raw)
    names = dict.fromkeys([*rows.columns, *(column.name for column in schema.FEATURES)])
    for name in names:
        if personal := PERSONAL & set(name.lower().split("_")):
            raise Lacking(f"{name} may identify a person: {', '.join(sorted(personal))}")
    texts = rows.select_dtypes(exclude=["number", "datetime"])
    for name, values in texts.items():
        found = [value for value in values.dropna().unique() if IDENTIFYING.fullmatch(str(value))]
        if found and name != schema.TIME.name:
            raise Lacking(f"{name} holds {len(found)} values that look like a person's")
    return f"{len(names)} columns, none personal; values of {texts.shape[1]} texts looked through"


def new_feature(repository: Repository) -> str:
    """A feature was added to a scratch copy, learnt from and loaded by the service."""
    found = repository.study("new-feature")
    if not found["served"]:
        raise Lacking(f"a feature that was added was not served: {found['said']}")
    if found["seconds"] > SECONDS:
        raise Lacking(f"a new feature takes {found['seconds']:.0f} s of CPU, over {SECONDS:.0f}")
    said = f"{found['lines']} new lines, then {found['seconds']:.0f} s of CPU"
    return f"{said} to a model that is served"


def feature_code(repository: Repository) -> str:
    """Tests pass and cover all code that makes features."""
    covered = repository.study("tests")["coverage"]
    if not covered:
        raise Lacking("no coverage of the code that makes features was measured")
    for file, percent in covered.items():
        if percent < 100:  # noqa: PLR2004 - all of it
            raise Lacking(f"tests cover {percent:.0f} % of {file}")
    return f"{repository.passed(*FEATURE_TESTS)}; all lines of {' and '.join(covered)} are covered"


def _each_feature(found: dict[str, object]) -> None:
    unknown = [column.name for column in schema.FEATURES if column.name not in found]
    if unknown:
        raise Lacking(f"not measured: {', '.join(unknown)}")


PACKAGE = __package__.partition(".")[0]
FEATURE_TESTS = ("tests/data", "tests/unit/test_packing.py")
COVERED = f"--cov-config=/dev/null --cov={PACKAGE}.data.prepare --cov={PACKAGE}.packing"
COLUMNS = "pandas.read_parquet('data/raw.parquet').describe(include='all').T.to_string()"
STUDY = "python -m json.tool reports/score/{}.json"

EVIDENCE = (
    Evidence("schema", "make data prove", expectations),
    Evidence("beneficial", STUDY.format("features"), beneficial),
    Evidence("cost", STUDY.format("features"), cost),
    Evidence("requirements", "pytest tests/data/test_contract.py", requirements),
    Evidence("privacy", f'python -c "import pandas; print({COLUMNS})"', privacy),
    Evidence("new-feature", STUDY.format("new-feature"), new_feature),
    Evidence(
        "feature-code", f"pytest {COVERED} {' '.join(FEATURE_TESTS)}", feature_code, FEATURE_TESTS
    ),
)

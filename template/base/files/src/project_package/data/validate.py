"""Stage 2: stop bad data, and say which rows break which rule."""

import json
import logging
from dataclasses import asdict, dataclass

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from project_package import schema, stage
from project_package.column import LARGEST_NUMBER, LONGEST_NAME, Column
from project_package.errors import PipelineError
from project_package.parameters import Parameters, Validate
from project_package.paths import Paths
from project_package.target import OUTCOME, from_outcome

logger = logging.getLogger(__name__)

EXAMPLES = 5
MISSING = "is missing in at most"
UNIQUE = "multiple_fields_uniqueness"

# pandera's names of rules that have no text of ours.
RULES = {
    "column_in_dataframe": "is there",
    UNIQUE: "is unique for each row",
    "not_nullable": "is never missing",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that does not hold: how many rows break it, and a few of them."""

    column: str
    rule: str
    rows: int
    examples: tuple[str, ...]


def validate(paths: Paths, parameters: Parameters) -> None:
    """Check the raw data against the schema and write `validation.json` and `.md`.

    Raises:
        PipelineError: A rule does not hold.
    """
    frame = pd.read_parquet(paths.raw)
    violations = find_violations(frame, parameters.validate)
    _write_reports(paths, len(frame), violations)
    if violations:
        lines = "\n".join(f"  {v.column}: {v.rule} ({v.rows} rows)" for v in violations)
        raise PipelineError(
            f"the raw data break {len(violations)} rules\n{lines}", "see reports/validation.md"
        )
    logger.info("%d rows keep all rules", len(frame))


def find_violations(frame: pd.DataFrame, rules: Validate) -> list[Violation]:
    """Return every rule of the schema, and of the data as a whole, that `frame` breaks."""
    try:
        typed = data_schema().validate(frame, lazy=True)
    except SchemaErrors as error:
        return _grouped(error.failure_cases, frame)
    return _whole(typed, rules)


def data_schema() -> pa.DataFrameSchema:
    """Return the contract of `schema` as pandera's."""
    columns = {column.name: pandera_column(column) for column in schema.raw_columns()}
    key = [column.name for column in schema.KEY]
    return pa.DataFrameSchema(columns, unique=key, name="raw")


def pandera_column(column: Column) -> pa.Column:
    """Return one column of the contract as pandera's."""
    kinds = {"number": float, "category": str, "time": "datetime64[ns]"}
    return pa.Column(
        kinds[column.kind],
        checks=list(_checks(column)),
        nullable=column.nullable,
        coerce=True,
        description=column.description,
        metadata={"unit": column.unit},
    )


def _checks(column: Column) -> list[pa.Check]:
    checks = []
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error=f"is at least {column.minimum:g}"))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, error=f"is at most {column.maximum:g}"))
    if column.kind == "number" and None in (column.minimum, column.maximum):
        fits = pa.Check.in_range(-LARGEST_NUMBER, LARGEST_NUMBER, error="is finite as float32")
        checks.append(fits)
    if column.kind == "category":
        error = f"has 1 to {LONGEST_NAME} characters"
        checks.append(pa.Check.str_length(1, LONGEST_NAME, error=error))
    if column.categories:
        names = list(column.categories)
        checks.append(pa.Check.isin(names, error=f"is one of {', '.join(names)}"))
    if column.nullable:
        checks.append(_missing_check(column))
    return checks


def _missing_check(column: Column) -> pa.Check:
    def few_are_missing(values: pd.Series) -> bool:
        return bool(values.isna().mean() <= column.missing_share)

    return pa.Check(
        few_are_missing,
        ignore_na=False,
        error=f"{MISSING} {column.missing_share:.0%} of the rows",
    )


def _grouped(cases: pd.DataFrame, frame: pd.DataFrame) -> list[Violation]:
    cases = cases.assign(
        column=cases["column"].where(cases["column"].notna(), "the table").astype(str),
        check=cases["check"].astype(str),
    )
    # A key is broken by all its columns together.
    is_key = cases["check"] == UNIQUE
    cases.loc[is_key, "column"] = ", ".join(column.name for column in schema.KEY)
    violations = []
    for key, group in cases.groupby(["column", "check"], sort=True):
        column, rule = map(str, key)
        if rule == "column_in_dataframe":
            violations += [Violation(name, RULES[rule], 0, ()) for name in group["failure_case"]]
        elif rule.startswith(MISSING):
            violations.append(Violation(column, rule, int(frame[column].isna().sum()), ()))
        else:
            violations.append(_by_row(column, rule, group))
    return violations


def _by_row(column: str, rule: str, cases: pd.DataFrame) -> Violation:
    """Return the violation of a rule that each row keeps or breaks by itself."""
    rows = cases.groupby("index", sort=True)["failure_case"].agg(lambda values: [*map(str, values)])
    if rows.empty:  # it is of no row, such as a column that is no number as a whole
        return Violation(column, RULES.get(rule, rule), len(cases), _shown(cases["failure_case"]))
    examples = [f"row {row:.0f}: {', '.join(values)}" for row, values in rows.items()]
    return Violation(column, RULES.get(rule, rule), len(rows), tuple(examples[:EXAMPLES]))


def _shown(values: pd.Series) -> tuple[str, ...]:
    return tuple(str(value) for value in values.head(EXAMPLES))


def _whole(frame: pd.DataFrame, rules: Validate) -> list[Violation]:
    newest = frame[schema.TIME.name].max().date()
    mean = from_outcome(frame[OUTCOME.name].dropna()).mean()
    low, high = rules.target_mean
    broken = {
        f"holds at least {rules.minimum_rows} rows": len(frame) < rules.minimum_rows,
        f"reaches {rules.newest_on_or_after}, but ends on {newest}": (
            newest < rules.newest_on_or_after
        ),
        f"has a mean target between {low:g} and {high:g}, not {mean:.3g}": not low <= mean <= high,
    }
    return [Violation("the table", rule, len(frame), ()) for rule, is_so in broken.items() if is_so]


def _write_reports(paths: Paths, rows: int, violations: list[Violation]) -> None:
    paths.reports.mkdir(parents=True, exist_ok=True)
    report = {
        "rows": rows,
        "valid": not violations,
        "violations": [asdict(violation) for violation in violations],
    }
    text = json.dumps(report, indent=2, ensure_ascii=False)
    (paths.reports / "validation.json").write_text(text + "\n", "utf-8")
    (paths.reports / "validation.md").write_text(_markdown(rows, violations), "utf-8")


def _markdown(rows: int, violations: list[Violation]) -> str:
    lines = [
        "# Validation of the raw data",
        "",
        f"{rows} rows, {len(violations)} rules broken.",
        "",
    ]
    if violations:
        lines += ["| Column | Rule | Rows | Examples |", "| --- | --- | ---: | --- |"]
    lines += [f"| {v.column} | {v.rule} | {v.rows} | {'; '.join(v.examples)} |" for v in violations]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    stage.run(validate)

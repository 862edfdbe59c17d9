"""The model card: what a version is, what it learnt from, how well it does, and for whom."""

from collections.abc import Sequence
from typing import Any

from project_package.schema import FEATURES
from project_package.target import TARGET


def model_card(described: dict[str, Any], outcome: str, why: str) -> str:
    """Return the card, in Markdown, of the model that `described` (its `model.json`) is about.

    `outcome` is what it was registered as, champion or challenger.
    """
    gate = described["gate"]
    sections = [
        f"# {described['name']}, version {described['version']}",
        f"Predicts `{TARGET.name}`: {TARGET.description}.",
        f"Registered as **{outcome}**: {why}.",
        "## Where it comes from",
        _table(("Fact", "Value"), _facts(described)),
        "## How well it does",
        f"On held-out days, chosen and gated by `{described['primary']}`.",
        _table(("Metric", "Model", "Baseline"), _metrics(described)),
        "## For whom",
        _table(
            ("Slice", "Rows", described["primary"], "Champion before"),
            [
                (
                    f"{part['column']} {part['value']}",
                    str(part["rows"]),
                    _number(part["candidate"]),
                    _number(part["champion"]),
                )
                for part in gate["slices"]
            ],
        ),
        "## The gate",
        _table(
            ("Check", "Passed", "Reason"),
            [
                (check["name"], "yes" if check["passed"] else "**no**", check["reason"])
                for check in gate["checks"]
            ],
        ),
        "## What it takes",
        _table(("Feature", "Unit", "Range", "May be missing"), _features()),
        "## Limits",
        "It knows the data it was trained on and nothing after them. Values outside the ranges "
        "above, unseen categories and drift are counted by the service, not refused.",
    ]
    return "\n\n".join(sections) + "\n"


def _facts(described: dict[str, Any]) -> list[tuple[str, str]]:
    dirty = ", with changes that were not committed" if described["git_dirty"] else ""
    return [
        ("Algorithm", described["algorithm"]),
        ("Code", described["git_commit"] + dirty),
        ("Data", f"{described['data_hash']} (DVC), {described['rows']} rows to learn from"),
        ("Environment", described["environment_hash"]),
        ("Run", described["run_id"]),
        ("Trained", f"{described['trained_at']} by {described['trained_by']}"),
        ("Threshold", _number(described["threshold"])),
    ]


def _metrics(described: dict[str, Any]) -> list[tuple[str, str, str]]:
    baseline = described["baseline"]
    return [
        (name, _number(value), _number(baseline.get(name)))
        for name, value in described["metrics"].items()
    ]


def _features() -> list[tuple[str, str, str, str]]:
    return [
        (
            f"{column.name}: {column.description}",
            column.unit,
            f"{column.minimum:g} to {column.maximum:g}"
            if column.minimum is not None and column.maximum is not None
            else ", ".join(column.categories) or "any name",
            "yes" if column.nullable else "no",
        )
        for column in FEATURES
    ]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"

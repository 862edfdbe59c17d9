"""A project, and functions that merge into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from merging import LABELS, Project, new_project, tree

from scaffold import apply
from scaffold.merge import Outcome, Policy, merge
from scaffold.tree import File

Merged = Callable[..., Outcome]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return an empty repository."""
    return new_project(tmp_path / "project")


@pytest.fixture
def merged(project: Project) -> Merged:
    """Return a function that merges: `merged(base=…, ours=…, theirs=…)`, each a dict of texts."""

    def function(
        base: Mapping[str, str | bytes | File],
        ours: Mapping[str, str | bytes | File],
        theirs: Mapping[str, str | bytes | File],
        policy: Policy | None = None,
    ) -> Outcome:
        project.write(ours)
        project.commit()
        return merge(
            project.git,
            base=tree(base),
            theirs=tree(theirs),
            head=project.head,
            policy=policy,
            labels=LABELS,
        )

    return function


@pytest.fixture
def upgraded(project: Project, merged: Merged) -> Merged:
    """Return a function like `merged` that also applies."""

    def function(*arguments: object, **keywords: object) -> Outcome:
        outcome = merged(*arguments, **keywords)
        apply.apply(project.git, outcome)
        return outcome

    return function

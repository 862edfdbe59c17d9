"""The state of a project that cruft made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scaffold.errors import ScaffoldError
from scaffold.spec import Answers
from scaffold.trust import toml
from scaffold.values import frozen

CRUFT_FILE = ".cruft.json"


@frozen
class CruftState:
    """What `.cruft.json` says.

    Args:
        template: The template's address.
        commit: Its full commit id.
        checkout: The branch or tag that was followed; empty where none was named.
        directory: The template's folder in its repository.
        answers: Question -> answer, nested ones too, without cookiecutter's private ones.
        skip: Globs that cruft left alone.
        gives_commit: Whether cruft told the template its commit id, as newer ones do.
    """

    template: str
    commit: str
    checkout: str
    directory: str
    answers: Answers
    skip: tuple[str, ...]
    gives_commit: bool = False


def read_cruft(content: bytes, pyproject: bytes = b"") -> CruftState:
    """Return the state in the document `content`, with what `[tool.cruft]` of `pyproject` adds to it.

    Raises:
        ScaffoldError: It is broken or lacks something.
    """
    try:
        state = json.loads(content)
        json.dumps(state, ensure_ascii=False).encode()  # fails for what is no UTF-8
        context = {**state["context"]["cookiecutter"]}
        template, commit = str(state["template"]), str(state["commit"])
        skip = [*map(str, state.get("skip") or ())]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise ScaffoldError(
            f"{CRUFT_FILE} cannot be read: {type(error).__name__} {error}",
            hint="repair it, or remove it and adopt with --template",
            code="bad-cruft",
        ) from None
    return CruftState(
        template,
        commit,
        str(state.get("checkout") or ""),
        str(state.get("directory") or ""),
        _answers(context),
        tuple(sorted({*skip, *_skipped(pyproject)})),
        gives_commit="_commit" in context,
    )


def _skipped(pyproject: bytes) -> list[str]:
    try:
        document = toml.loads(pyproject.decode("utf-8"))
        return [str(glob) for glob in document["tool"]["cruft"]["skip"]]
    except (ValueError, RecursionError, KeyError, TypeError):
        return []


def _answers(context: Mapping[str, Any]) -> Answers:
    return {
        name: answer
        for name, answer in context.items()
        if not name.startswith("_") and answer is not None
    }

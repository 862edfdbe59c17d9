"""The state of a project that cruft made."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scaffold.errors import ScaffoldError
from scaffold.spec import Answers

CRUFT_FILE = ".cruft.json"


@dataclass(frozen=True, slots=True)
class CruftState:
    """What `.cruft.json` says.

    Args:
        template: The template's address.
        commit: Its full commit id.
        checkout: The branch or tag that was followed; empty where none was named.
        directory: The template's folder in its repository.
        answers: Question -> answer, nested ones too, without cookiecutter's private ones.
        skip: Globs that cruft left alone.
    """

    template: str
    commit: str
    checkout: str
    directory: str
    answers: Answers
    skip: tuple[str, ...]


def read_cruft(content: bytes, pyproject: bytes = b"") -> CruftState:
    """Return the state in the document `content`, with what `[tool.cruft]` of `pyproject` adds to it.

    Raises:
        ScaffoldError: It is broken or lacks something.
    """
    try:
        state = json.loads(content)
        context = state["context"]["cookiecutter"]
        template, commit = str(state["template"]), str(state["commit"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
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
        tuple(sorted({*map(str, state.get("skip") or ()), *_skipped(pyproject)})),
    )


def _skipped(pyproject: bytes) -> list[str]:
    try:
        document = tomllib.loads(pyproject.decode("utf-8"))
        return [str(glob) for glob in document["tool"]["cruft"]["skip"]]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError):
        return []


def _answers(context: Mapping[str, Any]) -> Answers:
    return {
        name: answer
        for name, answer in context.items()
        if not name.startswith("_") and answer is not None
    }

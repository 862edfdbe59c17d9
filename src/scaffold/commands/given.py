"""Answers that were given on the command line: a file, then single settings over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scaffold.errors import ScaffoldError
from scaffold.spec import Answer


def given_answers(file: Path | None, settings: list[str]) -> dict[str, Answer]:
    """Return the answers of `file`, overlaid with those of `settings` (`name=value`).

    Raises:
        ScaffoldError: The file cannot be read, or a setting has no `=`.
    """
    answers = _read(file) if file else {}
    return {**answers, **dict(map(_setting, settings))}


def _setting(text: str) -> tuple[str, Answer]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise ScaffoldError(
            f"not an answer: {text}", hint="write it as name=value", code="bad-answer"
        )
    return name.strip(), value


def _read(file: Path) -> dict[str, Answer]:
    try:
        text = file.read_text("utf-8")
        document = _parse(text, file.suffix.lower())
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:  # of tomllib, json, YAML and the UTF-8 codec
        raise _unreadable(file, str(error).partition("\n")[0]) from None
    answers = document.get("answers", document.get("cookiecutter", document))
    if not isinstance(answers, dict):
        raise _unreadable(file, "it holds no table of answers")
    return answers


def _parse(text: str, suffix: str) -> dict[str, Any]:
    if suffix in (".yml", ".yaml"):
        document = _parse_yaml(text)
    elif suffix == ".json":
        document = json.loads(text)
    else:
        import tomllib  # noqa: PLC0415 - half a start of Python, for what few give

        document = tomllib.loads(text)
    if not isinstance(document, dict):
        raise ValueError("it holds no table of answers")
    return document


def _parse_yaml(text: str) -> Any:
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError(" ".join(str(getattr(error, "problem", None) or error).split())) from None


def _unreadable(file: Path, reason: str) -> ScaffoldError:
    return ScaffoldError(
        f"the answers in {file} cannot be read: {reason}",
        hint="give a .toml, .json or .yml file with a table of answers",
        code="bad-answers-file",
    )

"""Line ends in the work tree as git would have written them, without running a filter of anybody's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from scaffold.git import Git
from scaffold.merge.line_ends import is_binary, with_line_ends
from scaffold.tree import File


def work_tree_bytes(git: Git, files: Mapping[str, File | None]) -> Mapping[str, File | None]:
    """Return files (path in the repository -> content in the index) as `git checkout` would write them.

    Only line ends are converted (`text`, `eol`, `core.autocrlf`, `core.eol`); a filter would run a program.
    """
    texts = [path for path, file in files.items() if file is not None and _is_text(file)]
    if not texts:
        return files
    settings = _settings(git)
    attributes = _attributes(git, texts)
    windows = {path for path in texts if _wants_windows(attributes.get(path, {}), settings)}
    return {
        path: with_line_ends(file, "crlf") if file is not None and path in windows else file
        for path, file in files.items()
    }


def _is_text(file: File) -> bool:
    return file.mode != "120000" and b"\n" in file.content and not is_binary(file.content)


def _settings(git: Git) -> dict[str, str]:
    answer = git("config", "-z", "--get-regexp", r"^core\.(autocrlf|eol)$", expect=(0, 1)).text
    rows = (row.partition("\n") for row in answer.split("\0") if row)
    return {name: value.lower() for name, _, value in rows}


def _attributes(git: Git, paths: list[str]) -> dict[str, dict[str, str]]:
    answer = git(
        "check-attr",
        "-z",
        "--stdin",
        "text",
        "eol",
        stdin=b"".join(os.fsencode(path) + b"\0" for path in paths),
    ).stdout
    found: dict[str, dict[str, str]] = {}
    for path, name, value in _triples(answer):
        found.setdefault(path, {})[name] = value
    return found


def _triples(output: bytes) -> Iterator[tuple[str, str, str]]:
    fields = [os.fsdecode(part) for part in output.split(b"\0")]
    for position in range(0, len(fields) - 2, 3):
        yield fields[position], fields[position + 1], fields[position + 2]


def _wants_windows(attributes: Mapping[str, str], settings: Mapping[str, str]) -> bool:
    text, ends = attributes.get("text", "unspecified"), attributes.get("eol", "unspecified")
    if text == "unset":
        return False
    if ends in {"lf", "crlf"}:
        return ends == "crlf"
    if text == "unspecified":
        return settings.get("core.autocrlf") == "true"
    if settings.get("core.autocrlf") in {"true", "input"}:
        return settings["core.autocrlf"] == "true"
    return settings.get("core.eol", "crlf" if os.linesep == "\r\n" else "lf") == "crlf"

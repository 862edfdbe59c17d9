"""Line ends in the work tree as git would have written them, without running a filter of anybody's."""

from __future__ import annotations

import os
from collections.abc import Mapping

from scaffold.git import Git
from scaffold.merge.attributes import Attributes, Settings, attributes_of, settings_of
from scaffold.merge.line_ends import is_binary, with_line_ends
from scaffold.tree import File


def work_tree_bytes(git: Git, files: Mapping[str, File | None]) -> Mapping[str, File | None]:
    """Return files (path in the repository -> content in the index) as `git checkout` would write them.

    Only line ends are converted (`text`, `eol`, `core.autocrlf`, `core.eol`); a filter would run a program.
    """
    texts = [path for path, file in files.items() if file is not None and _is_text(file)]
    if not texts:
        return files
    settings, attributes = settings_of(git), attributes_of(git, texts)
    windows = {path for path in texts if _wants_windows(attributes.get(path, {}), settings)}
    return {
        path: with_line_ends(file, "crlf") if file is not None and path in windows else file
        for path, file in files.items()
    }


def _is_text(file: File) -> bool:
    return file.mode != "120000" and b"\n" in file.content and not is_binary(file.content)


def _wants_windows(attributes: Attributes, settings: Settings) -> bool:
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

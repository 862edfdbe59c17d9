"""One text file of a template -> its bytes in the project."""

from __future__ import annotations

import io
from typing import Any

from scaffold.errors import TO_MEND, ScaffoldError
from scaffold.sandbox.engine import Engine
from scaffold.tree import File
from scaffold.trust.text import escape


def rendered_file(source: str, file: File, engine: Engine, context: dict[str, Any]) -> bytes | None:
    """Return the bytes that cookiecutter writes for a text file, or nothing where they are its own.

    Line ends are those of the file's first lines, or `_new_lines` of the template.

    Raises:
        ScaffoldError: The file is not UTF-8, or does not render.
    """
    content = file.content
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ScaffoldError(
            f"{escape(source)} of the template is text, but not UTF-8",
            hint="tell its author: save it as UTF-8, or name it in _copy_without_render",
            code="render-failed",
        ) from None
    newline = _newline(content, context)
    plain = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    result = engine.render(plain, context, key=file.blob_id, where=source)
    if newline == "\n" and result == text:
        return None
    if newline != "\n":
        result = result.replace("\n", newline)
    return _encoded(result, source)


def _newline(content: bytes, context: dict[str, Any]) -> str:
    chosen = context["cookiecutter"].get("_new_lines")
    if chosen:
        if chosen not in ("\n", "\r", "\r\n"):
            raise ScaffoldError(
                f"_new_lines of cookiecutter.json cannot be {chosen!r}", hint=TO_MEND
            )
        return str(chosen)
    if b"\r" not in content:
        return "\n"
    reader = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    reader.readline()
    # Python's own guess, a tuple for mixed ends, because cookiecutter takes it.
    found: Any = reader.newlines
    return str((found[0] if isinstance(found, tuple) else found) or "\n")


def _encoded(text: str, source: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise ScaffoldError(
            f"{escape(source)} of the template renders to what is no UTF-8",
            hint=TO_MEND,
            code="render-failed",
        ) from None

"""Which templates a person trusts to run code: by address and by digest of what would run."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Protocol

from scaffold.digests import sha256
from scaffold.errors import ScaffoldError
from scaffold.tree import File
from scaffold.trust import state
from scaffold.trust.addresses import canonical
from scaffold.trust.text import escape, one_line

_LONGEST_SHOWN = 200
_MOST_NAMES = 50


class Runnable(Protocol):
    """A template, as far as its code is concerned."""

    @property
    def address(self) -> str:
        """Return where it comes from."""

    @property
    def version(self) -> str:
        """Return its version."""

    @property
    def files(self) -> Mapping[str, File]:
        """Return its files."""

    @property
    def hooks(self) -> tuple[str, ...]:
        """Return the paths of its hooks."""

    @property
    def foreign_extensions(self) -> tuple[str, ...]:
        """Return the Jinja extensions that are somebody's code."""


def may_run(
    template: Runnable,
    *,
    this_once: bool = False,
    ask: Callable[[str], bool] | None = None,
    needed: bool = False,
) -> bool:
    """Return whether `template` may run its code; what a person says is remembered.

    Args:
        template: One whose hooks or extensions would run.
        this_once: The caller was told to trust it (`--trust`).
        ask: Shows a person what would run and returns their yes; nothing where nobody can be asked.
        needed: Without its code the render would be wrong, as when it ran for the render before.

    Raises:
        ScaffoldError: It is not trusted, and a render without its code would be wrong.
    """
    if not (template.hooks or template.foreign_extensions):
        return False
    address, digest = canonical(template.address), code_digest(template)
    known = _load().get(address, [])
    if this_once or digest in known:
        return True
    if ask is not None and ask(describe(template)):
        _remember(address, digest)
        return True
    if known or needed or template.foreign_extensions:
        raise _untrusted(template, changed=bool(known))
    return False


def code_digest(template: Runnable) -> str:
    """Return a digest of all of `template` that would run.

    That is the whole template. Its files and the values of `cookiecutter.json` are rendered by a Jinja without a
    sandbox and become text of its hooks, and which other file a hook starts, imports or evaluates cannot be told.
    """
    digest = sha256()
    for name in template.foreign_extensions:
        digest.update(f"extension {name}\0".encode("utf-8", "surrogateescape"))
    for path, file in sorted(template.files.items()):
        digest.update(f"{file.mode} {file.blob_id} {path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def describe(template: Runnable) -> str:
    """Return what of `template` would run, line by line, to be read before the yes."""
    address = one_line(canonical(template.address))
    lines = [f"{address} at {one_line(template.version)} would run on this machine:"]
    lines += [f"  the Jinja extension {one_line(name)}" for name in template.foreign_extensions]
    code = (*template.hooks, *_extension_files(template))
    for path in code:
        lines += _shown_code(path, template.files[path])
    lines += _shown_others(template, code)
    lines += [
        "A yes holds for this address and these files alone:",
        f"  sha256 {code_digest(template)}",
    ]
    return "\n".join(lines)


def _shown_code(path: str, file: File) -> list[str]:
    shown = file.content.decode("utf-8", "replace").splitlines()
    lines = [f"  {one_line(path)} ({len(shown)} lines):"]
    lines += [f"    | {escape(line)}" for line in shown[:_LONGEST_SHOWN]]
    left = len(shown) - _LONGEST_SHOWN
    if left > 0:
        lines.append(
            f"    | … and {left} lines more, which run too: read {one_line(path)} of that version"
        )
    return lines


def _shown_others(template: Runnable, code: Collection[str]) -> list[str]:
    """Return the names of what runs only if that code, or Jinja, comes to it: likely files first."""
    others = sorted(template.files.keys() - set(code), key=lambda path: _rank(path, template))
    if not others:
        return []
    lines = [f"  and whatever that code, or Jinja in any file, makes of its {len(others)} others:"]
    lines += [f"    {one_line(path)}" for path in others[:_MOST_NAMES]]
    if len(others) > _MOST_NAMES:
        lines.append(f"    … and {len(others) - _MOST_NAMES} more")
    return lines


def _rank(path: str, template: Runnable) -> tuple[bool, bool, bool, str]:
    """Return a key that sorts first what lies beside the hooks, then programs, then what no project gets."""
    program = template.files[path].mode == "100755" or path.endswith((".py", ".sh"))
    return not path.startswith("hooks/"), not program, path.startswith("{"), path


def _extension_files(template: Runnable) -> list[str]:
    """Return the template's own files that its extensions are imported from."""
    modules = {name.rpartition(".")[0].replace(".", "/") for name in template.foreign_extensions}
    return sorted(
        path
        for path in template.files
        if path.removesuffix(".py").removesuffix("/__init__") in modules
    )


def _untrusted(template: Runnable, *, changed: bool) -> ScaffoldError:
    names = ", ".join([*template.hooks, *template.foreign_extensions])
    what = (
        "the template changed since you trusted it, and what changed may be code"
        if changed
        else "the template needs code that is not trusted"
    )
    return ScaffoldError(
        f"{what}: {escape(names)}",
        hint="read it, then say --trust",
        code="not-trusted",
    )


def _remember(address: str, digest: str) -> None:
    trusted = {**_load()}
    trusted[address] = sorted({*trusted.get(address, []), digest})
    path = _store()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(trusted, file, indent=2, sort_keys=True)
    Path(name).replace(path)


def _load() -> Mapping[str, list[str]]:
    """Return address -> digests; nothing of a store that is broken, or that others or git may have written."""
    path = _store()
    try:
        status = path.stat()
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
            return {}
        trusted = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(trusted, dict):
        return {}
    return {
        str(key): [*map(str, value)] for key, value in trusted.items() if isinstance(value, list)
    }


def _store() -> Path:
    return state.folder() / "trusted.json"

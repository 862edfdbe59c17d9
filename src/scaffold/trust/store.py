"""Which templates a person trusts to run code: by address and by digest of what would run."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from scaffold.errors import ScaffoldError
from scaffold.tree import File
from scaffold.trust.addresses import canonical
from scaffold.trust.text import escape

# A hook that starts something else, or imports it, runs whatever the template holds.
_STARTS_OTHERS = re.compile(
    rb"subprocess|os\.(system|exec|spawn|popen)|popen|exec|eval|import_module|__import__|runpy|compile\("
)
_LONGEST_SHOWN = 200


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

    That is its hooks, its Python modules where it has extensions, and the whole template where a hook starts
    or imports something else.
    """
    files = template.files
    hooks = {path: files[path] for path in template.hooks}
    everything = template.foreign_extensions or any(
        not path.endswith(".py") or _STARTS_OTHERS.search(file.content)
        for path, file in hooks.items()
    )
    digest = hashlib.sha256()
    for name in template.foreign_extensions:
        digest.update(f"extension {name}\0".encode("utf-8", "surrogateescape"))
    for path, file in sorted((files if everything else hooks).items()):
        digest.update(f"{file.mode} {file.blob_id} {path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def describe(template: Runnable) -> str:
    """Return what of `template` would run, line by line, to be read before the yes."""
    address = escape(canonical(template.address))
    lines = [f"{address} at {escape(template.version)} would run on this machine:"]
    lines += [f"  the Jinja extension {escape(name)}" for name in template.foreign_extensions]
    for path in template.hooks:
        content = template.files[path].content
        lines.append(f"  {escape(path)} ({len(content.splitlines())} lines):")
        shown = content.decode("utf-8", "replace").splitlines()
        lines += [f"    | {escape(line)}" for line in shown[:_LONGEST_SHOWN]]
        if len(shown) > _LONGEST_SHOWN:
            lines.append(f"    | … and {len(shown) - _LONGEST_SHOWN} lines more")
    return "\n".join(lines)


def _untrusted(template: Runnable, *, changed: bool) -> ScaffoldError:
    names = ", ".join([*template.hooks, *template.foreign_extensions])
    what = "changed since you trusted it" if changed else "is not trusted"
    return ScaffoldError(
        f"the template needs code that {what}: {escape(names)}",
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
    """Return address -> digests; nothing of a store that is broken or that others could write."""
    path = _store()
    try:
        status = path.stat()
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
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
    chosen = os.environ.get("SCAFFOLD_STATE_DIR")
    if chosen:
        return Path(chosen) / "trusted.json"
    from platformdirs import user_state_path  # noqa: PLC0415 - only for templates with code

    return user_state_path("scaffold", appauthor=False) / "trusted.json"

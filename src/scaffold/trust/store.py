"""Which templates a person trusts to run code: by address and by digest of what would run."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from scaffold.errors import ScaffoldError
from scaffold.tree import File
from scaffold.trust import state
from scaffold.trust.addresses import canonical
from scaffold.trust.text import escape, one_line

# A hook that starts something else, imports it, or includes it, runs whatever the template holds. What these modules
# offer beyond that is in the words below; a word of them in a comment costs a question, never trust.
_PLAIN_MODULES = """
    __future__ abc collections configparser contextlib copy dataclasses datetime enum errno fnmatch functools glob
    hashlib io itertools json math os pathlib random re secrets shutil stat string sys tempfile textwrap time typing
    unicodedata uuid warnings
"""
_IMPORTS = re.compile(r"(?:\bfrom\s+([\w.]+)\s+)?\bimport\b\s*([^;#\n]*)")
_REACHES_OTHERS = re.compile(
    r"subprocess|system|popen|spawn|fork|exec|eval|compile|startfile|runpy|import_module|getattr|globals|locals|vars|"
    r"sys\s*\.\s*(path|modules|meta_path)|__(?!name__|main__|file__|doc__|future__)\w+__|"
    r"{%-?\s*(include|import|from|extends)|coding[:=](?!\s*utf-?8)",
    re.IGNORECASE,
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
        not path.endswith(".py") or not is_alone(file.content) for path, file in hooks.items()
    )
    digest = hashlib.sha256()
    for name in template.foreign_extensions:
        digest.update(f"extension {name}\0".encode("utf-8", "surrogateescape"))
    for path, file in sorted((files if everything else hooks).items()):
        digest.update(f"{file.mode} {file.blob_id} {path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def is_alone(hook: bytes) -> bool:
    """Return whether a Python hook runs nothing but itself, as far as its text says; in doubt it does not."""
    text = unicodedata.normalize("NFKC", hook.decode("utf-8", "replace"))  # as Python reads names
    if _REACHES_OTHERS.search(text):
        return False
    modules = [
        name.split()[0].partition(".")[0]
        for module, names in _IMPORTS.findall(text)
        for name in ([module] if module else names.split(","))
        if name.split()
    ]
    return set(_PLAIN_MODULES.split()).issuperset(modules)


def describe(template: Runnable) -> str:
    """Return what of `template` would run, line by line, to be read before the yes."""
    address = one_line(canonical(template.address))
    lines = [f"{address} at {one_line(template.version)} would run on this machine:"]
    lines += [f"  the Jinja extension {one_line(name)}" for name in template.foreign_extensions]
    for path in (*template.hooks, *_extension_files(template)):
        content = template.files[path].content
        lines.append(f"  {one_line(path)} ({len(content.splitlines())} lines):")
        shown = content.decode("utf-8", "replace").splitlines()
        lines += [f"    | {escape(line)}" for line in shown[:_LONGEST_SHOWN]]
        if len(shown) > _LONGEST_SHOWN:
            lines.append(f"    | … and {len(shown) - _LONGEST_SHOWN} lines more")
    lines += [
        "A yes holds for this address and this code alone:",
        f"  sha256 {code_digest(template)}",
    ]
    return "\n".join(lines)


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

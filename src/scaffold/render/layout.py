"""Which file of a template goes where, by cookiecutter's rules for names."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from scaffold.errors import TO_MEND, ScaffoldError
from scaffold.sandbox.engine import Context, Engine, Settings
from scaffold.tree import File
from scaffold.trust.text import escape
from scaffold.values import frozen


@frozen
class Layout:
    """The project folder of a template.

    Args:
        root: Its name in the template, with a slash.
        files: The template's files.
        copied: Whether a path in the project folder is copied without rendering.
    """

    root: str
    files: Mapping[str, File]
    copied: _Patterns

    @classmethod
    def of(cls, files: Mapping[str, File], raw: Mapping[str, Any], settings: Settings) -> Layout:
        """Return the layout of a template's `files`.

        Raises:
            ScaffoldError: There is no project folder.
        """
        patterns = raw.get("_copy_without_render", ())
        plain = [str(pattern) for pattern in patterns] if isinstance(patterns, list) else []
        return cls(project_folder(files, settings) + "/", files, _Patterns.of(plain))

    def included(self, name: str) -> str | None:
        """Return the text of a file that a template includes or imports, or nothing."""
        for path in (self.root + name, f"templates/{name}"):
            file = self.files.get(path)
            if file is not None and file.mode != "120000":
                text = file.content.decode("utf-8")
                return text.replace("\r\n", "\n").replace("\r", "\n")
        return None

    def targets(self, engine: Engine, context: Context) -> Iterator[tuple[str, str, bool]]:
        """Yield for each file its path in the project, its path in the template, and whether it is copied.

        A file whose name renders to nothing is left out.

        Raises:
            ScaffoldError: A name does not render, or a folder's name renders to nothing.
        """
        folders = _Folders(self, engine, context)
        inside = sorted(path for path in self.files if path.startswith(self.root))
        for path in inside:
            file = self.files[path]
            name = path.removeprefix(self.root)
            if "" in name.split("/"):  # no git makes such a tree
                raise ScaffoldError(
                    f"the template has a file {escape(path)!r}", hint=TO_MEND, code="bad-path"
                )
            folder = self._copied_folder(name)
            if file.mode == "120000":
                yield from self._through_link(name, folders)
            elif folder:  # what is inside keeps its very name
                yield folders.rendered_path(folder) + name.removeprefix(folder), path, True
            elif self.copied.match(name):
                yield folders.rendered_path(name), path, True
            else:
                target = folders.target(name)
                if target:
                    yield target, path, False

    def _copied_folder(self, name: str) -> str:
        """Return the topmost folder of the file `name` that is copied as it is, or nothing."""
        if not self.copied:
            return ""
        parts = name.split("/")
        folders = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        return next(filter(self.copied.match, folders), "")

    def _through_link(self, name: str, folders: _Folders) -> Iterator[tuple[str, str, bool]]:
        """Yield what a link to a folder brings; cookiecutter follows one only when it copies."""
        path = self.root + name
        linked = os.fsdecode(self.files[path].content)
        below = posixpath.normpath(posixpath.join(posixpath.dirname(path), linked)) + "/"
        found = [other for other in self.files if other.startswith(below)]
        if linked.startswith("/") or below.startswith("../") or not found:
            raise ScaffoldError(
                f"the template has a link {escape(name)} to {escape(linked)}, which is not inside it",
                hint=TO_MEND,
                code="bad-link",
            )
        folder = self._copied_folder(name) or (name if self.copied.match(name) else "")
        if folder:
            target = folders.rendered_path(folder) + name.removeprefix(folder)
            for other in found:
                if self.files[other].mode != "120000":
                    yield f"{target}/{other.removeprefix(below)}", other, True


class _Folders:
    """Rendered names of folders and files, each folder and each name rendered once."""

    def __init__(self, layout: Layout, engine: Engine, context: Context) -> None:
        self._engine = engine
        self._context = context
        self._names: dict[str, str] = {}
        self._folders: dict[str, str] = {"": ""}
        self._owners: dict[str, str] = {}
        self._layout = layout

    def target(self, name: str) -> str:
        """Return where the file `name` goes, or nothing if it is left out."""
        folder, _, last = name.rpartition("/")
        parent = self._folder(folder)
        rendered = self._name(last)
        if rendered in ("", "."):
            return ""
        target = _plain(f"{parent}/{rendered}" if parent else rendered)
        return "" if target.endswith("/") or target in self._owners else target

    def rendered_path(self, name: str) -> str:
        """Return where something that is copied goes."""
        return _plain("/".join(self._name(part) for part in name.split("/")))

    def _folder(self, folder: str) -> str:
        known = self._folders.get(folder)
        if known is not None:
            return known
        above, _, last = folder.rpartition("/")
        parent = self._folder(above)
        name = self._name(last)
        if name in ("", "."):
            raise ScaffoldError(
                f"the folder {escape(folder)} of the template gets no name from these answers",
                hint="cookiecutter has no optional folders; put the condition on its files",
                code="render-failed",
            )
        rendered = _plain(f"{parent}/{name}" if parent else name)
        if self._owners.setdefault(rendered, folder) != folder:
            raise ScaffoldError(
                f"the template has two folders named {escape(rendered)}",
                hint=TO_MEND,
                code="bad-path",
            )
        self._folders[folder] = rendered
        return rendered

    def _name(self, name: str) -> str:
        rendered = self._names.get(name)
        if rendered is None:
            rendered = self._engine.render(name, self._context, where=f"the name {name}")
            self._names[name] = rendered
        return rendered


@frozen
class _Patterns:
    """Patterns of `fnmatch`, those without a wildcard apart, since most are."""

    exact: frozenset[str]
    others: re.Pattern[str] | None

    @classmethod
    def of(cls, patterns: list[str]) -> _Patterns:
        wild = [pattern for pattern in patterns if re.search(r"[*?\[]", pattern)]
        joined = re.compile("|".join(map(fnmatch.translate, wild))) if wild else None
        return cls(frozenset(patterns) - frozenset(wild), joined)

    def __bool__(self) -> bool:
        return bool(self.exact or self.others)

    def match(self, path: str) -> bool:
        if path in self.exact:
            return True
        return self.others is not None and self.others.match(path) is not None


def project_folder(files: Mapping[str, File], settings: Settings) -> str:
    """Return the name of the folder in a template that becomes the project.

    Raises:
        ScaffoldError: There is none.
    """
    start = settings.options.get("variable_start_string", "{{")
    end = settings.options.get("variable_end_string", "}}")
    names = {path.partition("/")[0] for path in files if "/" in path}
    for name in sorted(names):
        if "cookiecutter" in name and start in name and end in name:
            return name
    raise ScaffoldError(
        "the template has no project folder, such as {{cookiecutter.project_slug}}",
        hint="name another folder of it (--directory) or another version (--ref); its author can add one",
        code="no-template",
    )


def _plain(path: str) -> str:
    """Return `path` with doubled slashes and single dots taken out; `..` stays, and is refused later."""
    if "//" not in path and "./" not in path:
        return path
    parts = path.split("/")
    kept = [part for part in parts[1:] if part not in ("", ".")]
    return "/".join([parts[0], *kept] if parts[0] != "." else kept)

"""The one containment function: which paths a render may have, on every system that a team works on."""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from scaffold.errors import TO_MEND, ScaffoldError
from scaffold.trust.limits import Limits
from scaffold.trust.text import escape

LONGEST_NAME = 255
LONGEST_PATH = 4096

_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
_RESERVED = {"scaffold.toml", "scaffold.lock"}
# Nearly every path, of which nothing more need be asked: names of letters, digits and `_.-` that no rule below refuses.
# What it does not match may be as good; the rules say so, or what is wrong.
_ORDINARY = re.compile(
    r"(?:(?!-|(?:\.git|con|prn|aux|nul|com\d|lpt\d)(?:[./]|\Z))[a-z0-9_.-]*[a-z0-9_-](?:/(?!\Z)|\Z))+",
    re.IGNORECASE | re.ASCII,
)
# The rest is compiled when it is first asked.
_SHORT_RESERVED = r"(?i)scaffo~\d+\.(tom|loc)"  # the same on Windows
_WINDOWS_CHARACTERS = r'[<>:"|?*\\]'
_DEVICE = (
    r"(?i)(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)"
    r"[ ]*(\..*)?"
)
# Code points that file systems leave out when they compare names (Unicode's Default_Ignorable_Code_Point), and those
# that turn text around on a screen.
_IGNORED = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_PLAIN = r"[A-Za-z0-9_.+@=,()\[\]{}#%&!$~' -]+"

# What an upgrade points out when it adds or changes it: files that make a tool run something. A `*` is the first or the
# last of a pattern.
NOTABLE = {
    ".gitmodules": "git fetches other repositories that it names",
    ".gitattributes": "git filters and merge drivers are chosen by it",
    ".lfsconfig": "Git LFS sends files to the address in it",
    ".envrc": "direnv runs it when the folder is entered",
    ".mise.toml": "mise runs it when the folder is entered",
    "mise.toml": "mise runs it when the folder is entered",
    "*.code-workspace": "VS Code can run it when the folder is opened",
    ".vscode/tasks.json": "VS Code can run it when the folder is opened",
    ".vscode/settings.json": "VS Code takes paths of tools from it",
    ".vscode/launch.json": "VS Code runs it when debugging starts",
    ".vscode/mcp.json": "VS Code starts servers that it names",
    ".mcp.json": "coding assistants start servers that it names",
    ".cursor/mcp.json": "Cursor starts servers that it names",
    ".claude/settings.json": "Claude Code runs hooks that it names",
    ".idea/*": "JetBrains IDEs run what it configures",
    ".exrc": "Vim can run it when it is started in the folder",
    ".dir-locals.el": "Emacs can run it when a file is opened",
    ".zed/*": "Zed runs tasks and takes paths of tools from it",
    ".devcontainer/*": "editors build and run it when the folder is opened",
    ".devcontainer.json": "editors build and run it when the folder is opened",
    ".gitpod.yml": "Gitpod runs it when the repository is opened",
    ".github/workflows/*": "GitHub runs it",
    ".github/actions/*": "GitHub runs it",
    ".gitea/workflows/*": "Gitea runs it",
    ".forgejo/workflows/*": "Forgejo runs it",
    ".gitlab-ci.yml": "GitLab runs it",
    ".gitlab/*": "GitLab runs it",
    "Jenkinsfile": "Jenkins runs it",
    "azure-pipelines.yml": "Azure Pipelines runs it",
    "azure-pipelines.yaml": "Azure Pipelines runs it",
    ".azure-pipelines/*": "Azure Pipelines runs it",
    ".circleci/*": "CircleCI runs it",
    ".travis.yml": "Travis runs it",
    ".drone.yml": "Drone runs it",
    ".woodpecker.yml": "Woodpecker runs it",
    ".woodpecker.yaml": "Woodpecker runs it",
    ".woodpecker/*": "Woodpecker runs it",
    ".buildkite/*": "Buildkite runs it",
    ".cirrus.yml": "Cirrus runs it",
    "appveyor.yml": "AppVeyor runs it",
    ".appveyor.yml": "AppVeyor runs it",
    ".semaphore/*": "Semaphore runs it",
    ".build.yml": "builds.sr.ht runs it",
    ".builds/*": "builds.sr.ht runs it",
    "buildspec.yml": "CodeBuild runs it",
    "cloudbuild.yaml": "Cloud Build runs it",
    "bitbucket-pipelines.yml": "Bitbucket runs it",
    ".pre-commit-config.yaml": "pre-commit fetches and runs what it names",
    "lefthook.yml": "git hooks are run from it",
    "lefthook.toml": "git hooks are run from it",
    ".lefthook.yml": "git hooks are run from it",
    ".husky/*": "git hooks are run from it",
    ".npmrc": "npm takes programs and the registry from it",
    ".cargo/config.toml": "cargo runs the programs that it names",
    ".yarnrc.yml": "yarn runs the program that it names",
    "conftest.py": "pytest runs it",
    "sitecustomize.py": "Python runs it at every start",
    "usercustomize.py": "Python runs it at every start",
    "*.pth": "Python can run it at every start",
}


def check_path(path: str, limits: Limits | None = None) -> str:
    """Return `path` if a render may have it: relative, inside, and the same name on every system.

    Args:
        path: Slash-separated.
        limits: How deep it may be; as the environment says by default.

    Raises:
        ScaffoldError: It is not; the message names the path and what it would break.
    """
    deepest = (limits or Limits.from_environment()).depth
    is_plain = _is_ordinary(path) and path.count("/") < deepest
    if is_plain and path.lower() not in _RESERVED:
        return path
    if not path or path.startswith("/"):
        raise _refused(path, "it is not relative to the project")
    if len(path.encode("utf-8", "surrogateescape")) > LONGEST_PATH:
        raise _refused(path, f"it is longer than {LONGEST_PATH} bytes, the most that Linux takes")
    names = path.split("/")
    if len(names) > deepest:
        raise _refused(path, f"it is deeper than {deepest} folders (SCAFFOLD_LIMIT_DEPTH)")
    for name in names:
        problem = _problem(name)
        if problem:
            raise _refused(path, problem)
    if path.casefold() in _RESERVED or re.fullmatch(_SHORT_RESERVED, path):
        raise _refused(path, "scaffold itself writes that file")
    return path


def check_tree(paths: Iterable[str]) -> None:
    """Check every path of a render, and that no two of them are one file on some system.

    Raises:
        ScaffoldError: A path may not be, or two paths are the same by case or Unicode form, or one is the
            folder of another.
    """
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    limits = Limits.from_environment()
    for path in paths:
        check_path(path, limits)
        other = files.setdefault(same_name(path), path)
        if other != path:
            raise _twins(other, path)
        _add_folders(path, folders)
    for key, path in files.items():
        if key in folders:
            raise ScaffoldError(
                f"the template has both a file and a folder named {escape(path)}",
                hint=TO_MEND,
                code="bad-path",
            )


def check_name(name: str) -> str:
    """Return `name` if a project's folder may have it: one name of one line.

    Raises:
        ScaffoldError: It is not.
    """
    if "/" in name or "\\" in name or any(map(_has("Cc"), name)):
        raise ScaffoldError(
            f"the project cannot be called {_shown(name)}",
            hint="give another answer, if one is in that name",
            code="bad-path",
        )
    return name


def check_inside(path: str) -> str:
    """Return `path` if it lies in the work tree and is none of git's own; a project's file may have any other name.

    Raises:
        ScaffoldError: It is absolute, climbs, or reaches git's own folder.
    """
    if _is_ordinary(path):
        return path
    names = path.split("/")
    if "\0" in path or len(_bytes(path)) > LONGEST_PATH or any(map(_is_outside, names)):
        raise ScaffoldError(
            f"{_shown(path)} is not a plain path inside the project", code="bad-path"
        )
    return path


def is_inside(path: Path, root: Path) -> bool:
    """Return whether `path` lies in `root` once every symbolic link on the way is followed."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop, a name that is too long, a NUL
        return False


def leads_out(path: Path) -> bool:
    """Return whether an absolute `path` lies in a repository by its name, and outside by a link that may be of that.

    A `..` leads nowhere but up: it is no link.
    """
    walked = Path(path.anchor)
    for name in path.parts[1:]:
        if name != "..":
            walked /= name
        elif _leads_out(walked):
            return True
        else:
            walked = Path(os.path.realpath(walked)).parent
    return _leads_out(walked)


def _leads_out(path: Path) -> bool:
    return any((each / ".git").exists() and not is_inside(path, each) for each in path.parents)


def open_regular(path: Path, *, follow: bool = True) -> BinaryIO:
    """Open a file to be read; a pipe, a terminal or another device is not waited for.

    Raises:
        OSError: It cannot be opened, is no regular file, or is a link where none is to be followed.
    """
    descriptor = os.open(path, _READ | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is neither a file nor a folder", str(path))
    return os.fdopen(descriptor, "rb")


def refuse_links(root: Path, paths: Iterable[str]) -> None:
    """Check that writing `paths` under `root` follows no symbolic link and meets no device.

    Raises:
        ScaffoldError: A folder on the way is a link or no folder, or a file is neither file nor link.
    """
    top = str(root)
    seen: set[str] = set()
    for path in paths:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in seen:
                seen.add(folder)
                _check_folder(top, folder)
        _check_file(top, path)


def notable(paths: Iterable[str]) -> Mapping[str, str]:
    """Return those of `paths` that make a tool run something -> what does."""
    found = {}
    for path in sorted(paths):
        same = f"/{path.casefold()}"  # where case does not count, `.Envrc` is `.envrc`
        for pattern, reason in NOTABLE.items():
            if _is_like(same, pattern.casefold()):
                found[path] = reason
    return found


def _is_like(path: str, pattern: str) -> bool:
    """Return what `fnmatch` would of the three kinds of `NOTABLE`, without a regular expression for each."""
    if pattern.startswith("*"):
        return path.endswith(pattern[1:])
    if pattern.endswith("*"):
        return f"/{pattern[:-1]}" in path
    return path.endswith(f"/{pattern}")


def _is_ordinary(path: str) -> bool:
    """Return whether no rule refuses a path, however deep it is, as far as one look tells."""
    return len(path) <= LONGEST_NAME and _ORDINARY.fullmatch(path) is not None


@lru_cache(maxsize=65536)
def _is_outside(name: str) -> bool:
    return name in ("", ".", "..") or len(_bytes(name)) > LONGEST_NAME or _is_git(name)


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=65536)
def _problem(name: str) -> str:
    """Return what is wrong with one name of a path, or nothing."""
    rules = _RULES if re.fullmatch(_PLAIN, name) else (*_CHARACTER_RULES, *_RULES)
    return next((problem for holds, problem in rules if holds(name)), "")


def _has(category: str) -> Callable[[str], bool]:
    return lambda name: any(unicodedata.category(character) == category for character in name)


def _is_git(name: str) -> bool:
    """Return whether some file system or git takes `name` for `.git`."""
    plain = unicodedata.normalize("NFKC", re.sub(_IGNORED, "", name)).casefold()
    plain = plain.split(":")[0].split("\\")[0].rstrip(". ")
    return plain == ".git" or re.fullmatch(r"git~\d+", plain) is not None


# What may not be -> what it would break; the second half is asked of every name.
_CHARACTER_RULES: tuple[tuple[Callable[[str], object], str], ...] = (
    (_has("Cc"), "it has a control character, which terminals obey"),
    (_has("Cs"), "it is not UTF-8, which macOS and Windows refuse"),
    (_is_git, "git keeps its own files there"),
    (
        lambda name: re.search(_IGNORED, name),
        "it has an invisible character, which file systems ignore",
    ),
    (
        lambda name: re.search(_WINDOWS_CHARACTERS, name),
        "it has a character that Windows refuses, or takes for a drive or a folder",
    ),
)
_RULES: tuple[tuple[Callable[[str], object], str], ...] = (
    (lambda name: name in ("", ".", ".."), "it is not a plain path inside the project"),
    (
        lambda name: len(name.encode("utf-8")) > LONGEST_NAME,
        f"the name is longer than {LONGEST_NAME} bytes, the most that file systems take",
    ),
    (_is_git, "git keeps its own files there"),
    (lambda name: name.startswith("-"), "a leading dash makes it an option of every command"),
    (lambda name: name.endswith((".", " ")), "Windows drops a trailing dot or space"),
    (lambda name: re.fullmatch(_DEVICE, name), "it is a device on Windows"),
)


def same_name(path: str) -> str:
    """Return what is equal for two paths that are one file where neither case nor Unicode form counts."""
    if path.isascii():
        return path.casefold()
    folded = unicodedata.normalize("NFD", path).casefold()
    return unicodedata.normalize("NFC", folded)


def _add_folders(path: str, folders: dict[str, str]) -> None:
    """Record the folders of `path`; two spellings of one folder are twins as two files are."""
    folder = path.rpartition("/")[0]
    while folder:
        key = same_name(folder)
        other = folders.get(key)
        if other == folder:
            return
        if other is not None:
            raise _twins(other, folder)
        folders[key] = folder
        folder = folder.rpartition("/")[0]


def _twins(first: str, second: str) -> ScaffoldError:
    return ScaffoldError(
        f"the template has both {escape(first)!r} and {escape(second)!r}, one name on macOS and Windows",
        hint=TO_MEND,
        code="bad-path",
    )


def _refused(path: str, reason: str) -> ScaffoldError:
    return ScaffoldError(
        f"the template has a file {_shown(path)}: {reason}",
        hint="give another answer, if an answer is in that name; else it is the template's to mend",
        code="bad-path",
    )


def _shown(path: str) -> str:
    shown = repr(escape(path))
    return shown if len(shown) <= 120 else f"{shown[:117]}…'"  # noqa: PLR2004 - a line of a terminal


def _check_folder(root: str, folder: str) -> None:
    try:
        mode = os.lstat(f"{root}/{folder}").st_mode
    except (FileNotFoundError, NotADirectoryError):  # a file there is no link
        return
    if stat.S_ISLNK(mode):
        raise _in_the_way(folder, "is a symbolic link; nothing is written through it")


def _check_file(root: str, file: str) -> None:
    try:
        mode = os.lstat(f"{root}/{file}").st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
        raise _in_the_way(file, "is neither a file nor a folder")


def _in_the_way(path: str, reason: str) -> ScaffoldError:
    return ScaffoldError(
        f"{escape(path)} {reason}",
        hint="move it away, or remove it",
        code="in-the-way",
    )

"""Maintainers: append a release of the compiled template to the history that travels in the wheel.

`python -m scaffold.release v1.2.0` takes the notes and the date from `CHANGELOG.md` and adds one commit and one
annotated tag to `src/scaffold/history/template.bundle`. Everything in them comes from the sources, so that anybody can
make the same commit again; what was released is never changed.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from scaffold.compile import compile_template
from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.tree import Tree
from scaffold.values import frozen

BUNDLE = Path(__file__).parent / "history" / "template.bundle"

_AUTHOR = b"scaffold <scaffold@example.invalid>"
_BRANCH = "refs/heads/main"
_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
_HEADING = re.compile(r"^## (v\S+) - (.+)$", re.MULTILINE)


@frozen
class Notes:
    """A release's section of the changelog."""

    version: str
    day: str
    text: str

    @property
    def timestamp(self) -> int:
        """Return noon UTC of the release's day, in seconds since 1970.

        Raises:
            ScaffoldError: The heading has no date.
        """
        try:
            day = datetime.strptime(self.day, "%Y-%m-%d").replace(hour=12, tzinfo=UTC)
        except ValueError as error:
            hint = f"write `## {self.version} - YYYY-MM-DD`"
            raise ScaffoldError(
                f"CHANGELOG.md gives {self.version} no date but {self.day!r}", hint=hint
            ) from error
        return int(day.timestamp())


def release(root: Path, version: str, bundle: Path = BUNDLE) -> str:
    """Add the template sources under `root` to `bundle` as `version` and return the new commit's full id.

    Raises:
        ScaffoldError: The version is not newer than every released one, or the changelog has no dated section for it.
    """
    notes = read_notes((root / "CHANGELOG.md").read_text("utf-8"), version)
    tree = compile_template(root / "template")
    with tempfile.TemporaryDirectory() as scratch:
        git = _open_history(Path(scratch), bundle)
        _check_is_newer(version, git("tag", "--list").text.split())
        parent = git("rev-parse", "--quiet", "--verify", _BRANCH, expect=(0, 1)).text
        stream = b"".join(_import_stream(tree, notes, parent))
        git("fast-import", "--quiet", "--date-format=raw", stdin=stream)
        _write_bundle(git, bundle)
        return git("rev-parse", "--verify", _BRANCH).text


def read_notes(changelog: str, version: str) -> Notes:
    """Return the section of `changelog` about `version`.

    Raises:
        ScaffoldError: There is none.
    """
    headings = list(_HEADING.finditer(changelog))
    ends = [heading.start() for heading in headings[1:]] + [len(changelog)]
    for heading, end in zip(headings, ends, strict=True):
        if heading[1] == version:
            return Notes(version, heading[2].strip(), changelog[heading.end() : end].strip())
    raise ScaffoldError(f"CHANGELOG.md has no section {version}")


def _open_history(folder: Path, bundle: Path) -> Git:
    # One thread, so that the same history packs to the same bytes.
    git = Git(folder, git_dir=folder, config=("pack.threads=1", "init.defaultBranch=main"))
    git("init", "--quiet", "--bare", str(folder))
    if bundle.exists():
        git("fetch", "--quiet", str(bundle), "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
    return git


def _check_is_newer(version: str, released: list[str]) -> None:
    if not _VERSION.fullmatch(version):
        raise ScaffoldError(f"{version} is not a version like v1.2.0")
    if version in released:
        hint = "a release is never changed; release the next version"
        raise ScaffoldError(f"{version} is released already", hint=hint)
    newest = max(released, key=_numbers, default="")
    if newest and _numbers(version) < _numbers(newest):
        raise ScaffoldError(f"{version} is older than {newest}, which is released")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.removeprefix("v").split("."))


def _import_stream(tree: Tree, notes: Notes, parent: str) -> Iterator[bytes]:
    """Yield what `git fast-import` reads: one commit that holds `tree` and nothing else, and its tag."""
    when = b"%b %d +0000\n" % (_AUTHOR, notes.timestamp)
    message = f"Release {notes.version}\n\n{notes.text}\n".encode()
    yield b"commit %b\nmark :1\ncommitter %b%b" % (_BRANCH.encode(), when, _data(message))
    if parent:
        yield b"from %b\n" % parent.encode()
    yield b"deleteall\n"
    for path, file in sorted(tree.items()):
        yield b"M %b inline %b\n%b" % (file.mode.encode(), _quoted(path), _data(file.content))
    tag = (notes.version.encode(), when, _data(f"{notes.text}\n".encode()))
    yield b"tag %b\nfrom :1\ntagger %b%b" % tag


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    return b'"%b"' % path.replace("\\", "\\\\").replace('"', '\\"').encode()


def _write_bundle(git: Git, bundle: Path) -> None:
    """Replace `bundle` in one step; git checks the new one before."""
    bundle.parent.mkdir(parents=True, exist_ok=True)
    fresh = bundle.with_suffix(".new")
    git("symbolic-ref", "HEAD", _BRANCH)
    git("bundle", "create", "--quiet", str(fresh), "HEAD", "--branches", "--tags")
    git("bundle", "verify", "--quiet", str(fresh))
    fresh.replace(bundle)


def main() -> int:
    """Release the version named on the command line from the repository in the working directory."""
    try:
        commit = release(Path.cwd(), sys.argv[1] if sys.argv[1:] else "")
    except ScaffoldError as error:
        hint = f"hint: {error.hint}\n" if error.hint else ""
        sys.stderr.write(f"error: {error.message}\n{hint}")
        return error.exit_code
    sys.stdout.write(f"{commit}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A throw-away repository beside the project's, in which everything is merged.

It borrows the project's objects (`alternates`) and has no configuration, attributes or hooks but its own: nothing that
a user or a machine has set can change a result, nothing of the repository's can be run, and a merge that is not
applied leaves no trace.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.objects import Trees, object_id
from scaffold.pack import write_pack
from scaffold.values import frozen

MARKER_SIZE = 31
"""Of the marks inside the store: no file of a template's has such a line by chance."""
MOVED_MARKER_SIZE = MARKER_SIZE + 1
"""Of the marks in a file that both sides moved: git makes these longer."""

_CONFIG = """\
[core]
\trepositoryformatversion = {format}
\tbare = true
\tattributesFile = /dev/null
[merge]
\tconflictStyle = diff3
\trenames = true
\tdirectoryRenames = true
\trenameLimit = 4000
[diff]
\talgorithm = histogram
[extensions]
"""
_ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1"}
_USAGE = 129
"""What git ends with when it does not know an option."""
_SIGNATURE = "scaffold <scaffold> 0 +0000"


@frozen
class Unmerged:
    """One unmerged entry: `git ls-files --unmerged`'s words."""

    path: str
    stage: int
    mode: str
    id: str


@frozen
class Message:
    """What merge-tree says of some paths: a stable kind (`CONFLICT (rename/rename)`) and prose."""

    paths: tuple[str, ...]
    kind: str
    text: str


@frozen
class TextMerge:
    """What `git merge-tree` made of three trees."""

    tree: str
    unmerged: tuple[Unmerged, ...]
    messages: tuple[Message, ...]


class Store:
    """The objects of a project and those of one merge; used inside `opened`."""

    def __init__(
        self, folder: Path, git: Git, algorithm: str, reader: subprocess.Popen[bytes]
    ) -> None:
        self.folder = folder
        self.git = git
        self.algorithm = algorithm
        self._reader = reader
        self._known: set[str] = set()
        self._contents: dict[str, tuple[str, bytes]] = {}
        self._unwritten: dict[str, tuple[str, bytes]] = {}

    @property
    def trees(self) -> Trees:
        """Return the store's trees."""
        return Trees(self.read, self.keep, self.algorithm)

    def read(self, name: str) -> bytes:
        """Return the content of an object, named as for `git rev-parse`.

        Raises:
            ScaffoldError: The repository lacks it.
        """
        found = self.find(name)
        if found is None:
            raise ScaffoldError(
                f"the repository lacks the object {name}",
                hint="run `git fsck`; a partial clone needs `git fetch --refetch`",
                code="object-missing",
            )
        return found[1]

    def find(self, name: str) -> tuple[str, bytes] | None:
        """Return the id and content of an object, or nothing where there is none."""
        if name in self._contents:
            return name, self._contents[name][1]
        requests, answers = self._reader.stdin, self._reader.stdout
        assert requests is not None and answers is not None  # noqa: S101, PT018 - both are pipes
        requests.write(name.encode("utf-8", "surrogateescape") + b"\n")
        requests.flush()
        head = answers.readline().split()
        if len(head) != 3 or head[1] not in {b"blob", b"tree", b"commit", b"tag"}:  # noqa: PLR2004
            return None
        content = answers.read(int(head[2]))
        answers.read(1)
        return head[0].decode("ascii"), content

    def blobs(self, names: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of those of the blobs that there are."""
        found = ((name, self.find(name)) for name in names)
        return {name: blob[1] for name, blob in found if blob is not None and blob[0] == name}

    def put(self, kind: str, content: bytes) -> str:
        """Store an object in the throw-away repository, for git once it merges, and return its id."""
        identifier = object_id(kind, content, self.algorithm)
        self.keep(identifier, kind, content)
        return identifier

    def keep(self, identifier: str, kind: str, content: bytes) -> None:
        """Store an object whose id is known."""
        if identifier not in self._known:
            self._known.add(identifier)
            self._contents[identifier] = self._unwritten[identifier] = (kind, content)

    def remember(self, identifier: str, content: bytes) -> None:
        """Take note of what is in a blob, so that it is read without asking git."""
        self._contents.setdefault(identifier, ("blob", content))

    def assume(self, identifier: str) -> None:
        """Take note of an object that the project has, so that it is not stored once more."""
        self._known.add(identifier)

    def text_merge(self, base: str, ours: str, theirs: str) -> TextMerge:
        """Merge three trees as git does, with diff3 marks of `MARKER_SIZE`."""
        parent = self._commit(base)
        sides = self._commit(ours, parent), self._commit(theirs, parent)
        self._write()
        result = self.git(
            "merge-tree",
            "--write-tree",
            "-z",
            "--messages",
            *sides,
            env=_ALONE,
            expect=(0, 1, _USAGE),
        )
        if result.returncode == _USAGE:
            raise ScaffoldError(
                "this git cannot merge without a work tree",
                hint="install git 2.38 or newer",
                code="git-too-old",
            )
        return _parse(result.stdout)

    def merge_file(self, base: bytes, ours: bytes, theirs: bytes) -> bytes:
        """Return the merge of three texts, with diff3 marks of `MARKER_SIZE`."""
        names = ("ours", "base", "theirs")
        for name, content in zip(names, (ours, base, theirs), strict=True):
            (self.folder / name).write_bytes(content)
        size = f"--marker-size={MARKER_SIZE}"
        labels = [f"-L{name}" for name in names]
        return self.git(
            "merge-file", "-p", "--diff3", size, *labels, *names, env=_ALONE, expect=range(128)
        ).stdout

    def _commit(self, tree: str, parent: str = "") -> str:
        tree = tree or self.put("tree", b"")
        ancestry = f"parent {parent}\n" if parent else ""
        text = f"tree {tree}\n{ancestry}author {_SIGNATURE}\ncommitter {_SIGNATURE}\n\nx\n"
        return self.put("commit", text.encode())

    def _write(self) -> None:
        if self._unwritten:
            write_pack(self.folder / "objects" / "pack", self._unwritten, self.algorithm)
            self._unwritten = {}


@contextlib.contextmanager
def opened(git: Git) -> Iterator[Store]:
    """Yield a store that borrows the objects of `git`'s repository; it is gone afterwards."""
    algorithm, objects = _objects_of(git)
    with tempfile.TemporaryDirectory(prefix="scaffold-merge-") as temporary:
        folder = Path(temporary)
        _lay_out(folder, objects, algorithm)
        own = Git(folder, git_dir=folder)
        reader = own.start("cat-file", "--batch", env=_ALONE)
        try:
            yield Store(folder, own, algorithm, reader)
        finally:
            _end(reader)


def _objects_of(git: Git) -> tuple[str, Path]:
    """Return the format of a repository's objects, and where they are."""
    if git.facts is not None:
        return git.facts.algorithm, git.facts.objects.resolve()
    answer = git("rev-parse", "--show-object-format", "--git-path", "objects").text.splitlines()
    return answer[0], (git.folder / answer[1]).resolve()


def _lay_out(folder: Path, objects: Path, algorithm: str) -> None:
    for name in ("objects/info", "objects/pack", "refs", "info"):
        (folder / name).mkdir(parents=True)
    is_sha1 = algorithm == "sha1"
    config = _CONFIG.format(format=0 if is_sha1 else 1)
    (folder / "config").write_text(config + ("" if is_sha1 else f"\tobjectFormat = {algorithm}\n"))
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    (folder / "info" / "attributes").write_text(f"* conflict-marker-size={MARKER_SIZE}\n")
    (folder / "objects" / "info" / "alternates").write_bytes(os.fsencode(objects) + b"\n")


def _end(reader: subprocess.Popen[bytes]) -> None:
    for pipe in (reader.stdin, reader.stdout):
        if pipe is not None:
            pipe.close()
    reader.wait()


def _parse(output: bytes) -> TextMerge:
    fields = [part.decode("utf-8", "surrogateescape") for part in output.split(b"\0")]
    tree, position, unmerged = fields[0], 1, []
    while fields[position : position + 1] and fields[position]:
        words, path = fields[position].split("\t", 1)
        mode, identifier, stage = words.split(" ")
        unmerged.append(Unmerged(path, int(stage), mode, identifier))
        position += 1
    return TextMerge(tree, tuple(unmerged), tuple(_messages(fields[position + 1 :])))


def _messages(fields: list[str]) -> Iterator[Message]:
    position = 0
    while position < len(fields) and fields[position].strip():
        count = int(fields[position])
        paths = tuple(fields[position + 1 : position + 1 + count])
        kind, text = fields[position + 1 + count : position + 3 + count]
        yield Message(paths, kind, text.strip())
        position += 3 + count

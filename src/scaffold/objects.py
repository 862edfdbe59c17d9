"""Git's trees as values: parse, format, compare and edit them without starting git."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from scaffold.digests import DIGESTS
from scaffold.tree import File, Tree
from scaffold.values import field, frozen

FOLDER = "40000"
SUBMODULE = "160000"


@frozen
class Entry:
    """One name in a tree: git's mode and an object id."""

    mode: str
    id: str


Entries: TypeAlias = Mapping[str, Entry]
Edits: TypeAlias = Mapping[str, Entry | None]
"""Path -> what shall be there, or nothing."""


def object_id(kind: str, content: bytes, algorithm: str = "sha1") -> str:
    """Return git's id of an object; `algorithm` is the repository's object format."""
    header = b"%s %d\0" % (kind.encode(), len(content))
    return DIGESTS[algorithm](header + content).hexdigest()


def parse_tree(content: bytes, algorithm: str = "sha1") -> Entries:
    """Return the entries of a tree object."""
    width = DIGESTS[algorithm]().digest_size
    entries, position = {}, 0
    while position < len(content):
        space = content.index(b" ", position)
        end = content.index(b"\0", space)
        name = content[space + 1 : end].decode("utf-8", "surrogateescape")
        identifier = content[end + 1 : end + 1 + width].hex()
        entries[name] = Entry(content[position:space].decode("ascii"), identifier)
        position = end + 1 + width
    return entries


def format_tree(entries: Entries) -> bytes:
    """Return a tree object with git's order, in which a folder sorts as if its name ended in a slash."""
    rows = {_encoded(name): entry for name, entry in entries.items()}
    order = sorted(rows, key=lambda name: name + (b"/" if rows[name].mode == FOLDER else b""))
    return b"".join(
        b"%s %s\0%s" % (rows[name].mode.encode(), name, bytes.fromhex(rows[name].id))
        for name in order
    )


@frozen
class Trees:
    """Trees of one object store.

    Args:
        read: Object id -> content of a tree object.
        keep: Stores an object of an id, a kind and a content.
        algorithm: The store's object format.
    """

    read: Callable[[str], bytes]
    keep: Callable[[str, str, bytes], None]
    algorithm: str = "sha1"
    _parsed: dict[str, Entries] = field(default_factory=dict)
    _folders: dict[tuple[str, str], Entries] = field(default_factory=dict)

    def entries(self, tree: str) -> Entries:
        """Return the entries of a tree; an empty id is the empty tree."""
        if not tree:
            return {}
        if tree not in self._parsed:
            self._parsed[tree] = parse_tree(self.read(tree), self.algorithm)
        return self._parsed[tree]

    def find(self, tree: str, path: str) -> Entry | None:
        """Return what lies at a path, be it a file, a folder or a submodule."""
        folder, _, name = path.rpartition("/")
        return self._folder(tree, folder).get(name)

    def _folder(self, tree: str, path: str) -> Entries:
        """Return the entries of a folder; none where there is no folder."""
        if not path:
            return self.entries(tree)
        found = self._folders.get((tree, path))
        if found is None:
            entry = self.find(tree, path)
            below = entry.id if entry is not None and entry.mode == FOLDER else ""
            found = self._folders[tree, path] = self.entries(below)
        return found

    def files(self, tree: str, prefix: str = "") -> Iterator[tuple[str, Entry]]:
        """Yield (path, entry) of everything below a tree that is not a folder."""
        for name, entry in self.entries(tree).items():
            if entry.mode == FOLDER:
                yield from self.files(entry.id, f"{prefix}{name}/")
            else:
                yield prefix + name, entry

    def difference(self, old: str, new: str, prefix: str = "") -> Iterator[str]:
        """Yield the paths of the files in which two trees differ."""
        before, after = self.entries(old), self.entries(new)
        for name in sorted({*before, *after}):
            was, now = before.get(name), after.get(name)
            if was == now:
                continue
            path = prefix + name
            if any(entry and entry.mode != FOLDER for entry in (was, now)):
                yield path
            folders = [entry.id if entry and entry.mode == FOLDER else "" for entry in (was, now)]
            yield from self.difference(folders[0], folders[1], f"{path}/")

    def build(self, files: Tree) -> str:
        """Store a tree of files and return its id."""
        return self.edit("", {path: self._kept(file) for path, file in files.items()})

    def build_next(self, tree: str, before: Tree, after: Tree) -> str:
        """Store the tree of the files `after` and return its id; `tree` is that of the files `before`."""
        edits = {
            path: self._kept(after[path]) if path in after else None
            for path in before.keys() | after.keys()
            if before.get(path) != after.get(path)
        }
        return self.edit(tree, edits) if edits else tree

    def edit(self, tree: str, edits: Edits) -> str:
        """Store the tree with some paths replaced or removed and return its id; empty folders vanish."""
        return self._edit(tree, edits) or self._put_tree({})

    def _kept(self, file: File) -> Entry:
        entry = entry_of(file, self.algorithm)
        self.keep(entry.id, "blob", file.content)
        return entry

    def _put_tree(self, entries: Entries) -> str:
        content = format_tree(entries)
        identifier = object_id("tree", content, self.algorithm)
        self.keep(identifier, "tree", content)
        self._parsed[identifier] = entries
        return identifier

    def _edit(self, tree: str, edits: Edits) -> str:
        entries = dict(self.entries(tree))
        deeper: dict[str, dict[str, Entry | None]] = {}
        for path, entry in edits.items():
            name, slash, rest = path.partition("/")
            if slash:
                deeper.setdefault(name, {})[rest] = entry
            elif entry is not None:
                entries[name] = entry
            elif name in entries and entries[name].mode != FOLDER:
                del entries[name]
        for name, below in deeper.items():
            self._edit_folder(entries, name, below)
        return self._put_tree(entries) if entries else ""

    def _edit_folder(self, entries: dict[str, Entry], name: str, below: Edits) -> None:
        old = entries.get(name)
        is_folder = old is not None and old.mode == FOLDER
        if not is_folder and all(entry is None for entry in below.values()):
            return
        folder = self._edit(old.id if old and is_folder else "", below)
        if folder:
            entries[name] = Entry(FOLDER, folder)
        else:
            entries.pop(name, None)


def entry_of(file: File, algorithm: str = "sha1") -> Entry:
    """Return the entry that a file has in a tree."""
    if algorithm == "sha1":
        return Entry(file.mode, file.blob_id)
    return Entry(file.mode, object_id("blob", file.content, algorithm))


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")

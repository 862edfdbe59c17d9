"""Two trees as one patch that `git apply` takes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scaffold.git import Git
from scaffold.merge import Outcome
from scaffold.tree import File, Tree


def as_patch(outcome: Outcome) -> bytes:
    """Return what an outcome does to HEAD as a patch, relative to the repository's top."""
    before: dict[str, File] = {}
    after: dict[str, File] = {}
    for change in outcome.changes.values():
        path = outcome.in_repository(change.path)
        if change.before is not None:
            before[path] = change.before
        if change.after is not None:
            after[path] = change.after
    return patch_between(before, after)


def patch_between(before: Tree, after: Tree) -> bytes:
    """Return the patch that makes `before` into `after`; nothing is written to the repository."""
    with tempfile.TemporaryDirectory(prefix="scaffold-diff-") as folder:
        scratch = Git(Path(folder))
        scratch("init", "-q", "--bare", "--template=", ".")
        first, second = (_write_tree(scratch, Path(folder), tree) for tree in (before, after))
        arguments = ("--no-color", "--no-ext-diff", "--no-textconv", "--binary", "--full-index")
        prefixes = ("--src-prefix=a/", "--dst-prefix=b/", "-M")
        return scratch("diff-tree", "-p", *arguments, *prefixes, first, second).stdout


def _write_tree(git: Git, folder: Path, tree: Mapping[str, File]) -> str:
    env = {"GIT_INDEX_FILE": str(folder / "scratch-index")}
    (folder / "scratch-index").unlink(missing_ok=True)
    stream = b"".join(
        _blob(file) for file in {each.blob_id: each for each in tree.values()}.values()
    )
    if stream:
        git("fast-import", "--quiet", stdin=stream + b"done\n")
    rows = b"".join(
        f"{file.mode} {file.blob_id}\t".encode() + os.fsencode(path) + b"\0"
        for path, file in sorted(tree.items())
    )
    git("update-index", "-z", "--index-info", stdin=rows, env=env)
    return git("write-tree", env=env).text


def _blob(file: File) -> bytes:
    return b"blob\ndata %d\n%s\n" % (len(file.content), file.content)

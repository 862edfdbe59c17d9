"""What git says of files of a project that is not there yet: asked in a folder that has its rules alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from scaffold.git import Git
from scaffold.tree import File


def ask(
    git_dir: Path,
    rules: Mapping[str, File | None],
    paths: Iterable[str],
    *arguments: str,
    expect: Collection[int] = (0,),
) -> list[str]:
    """Return the answers of `git arguments` on paths of the repository.

    Args:
        git_dir: git's folder of the project, for the user's own rules.
        rules: Path -> `.gitignore` or `.gitattributes` as it will be.
        paths: What is asked about; in the answers each begins with `./`, which keeps it from being taken for a pattern.
        arguments: The command, which answers each of its standard input's lines.
        expect: The exit codes that are no failure.
    """
    with tempfile.TemporaryDirectory(prefix="scaffold-rules-") as folder:
        for name, file in rules.items():
            if file is not None and file.mode != "120000":  # git follows no link to rules
                place = Path(folder, name)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.content)
        answer = Git(Path(folder), git_dir=git_dir)(
            *arguments,
            "-z",
            "--stdin",
            stdin=b"".join(b"./%s\0" % os.fsencode(path) for path in paths),
            env={"GIT_WORK_TREE": folder},
            expect=expect,
        )
    return [os.fsdecode(part) for part in answer.stdout.split(b"\0")[:-1]]


def rules_above(paths: Iterable[str], name: str) -> set[str]:
    """Return where files called `name` say something of paths: in each folder above them."""
    found = {name}
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder:
            found.add(f"{folder}/{name}")
            folder = folder.rpartition("/")[0]
    return found

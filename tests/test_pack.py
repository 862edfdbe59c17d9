"""Packs that scaffold writes itself, as git reads them."""

import random
import subprocess

import pytest

from scaffold.objects import object_id
from scaffold.pack import write_pack

SIZES = (0, 1, 249, 250, 251, 511, 512, 4000, 32_505, 32_506, 32_768, 300_000)


def git(folder, *arguments, data=b""):
    return subprocess.run(
        ["git", *arguments], cwd=folder, input=data, capture_output=True, check=True
    ).stdout


@pytest.mark.parametrize("letters", [b"ab", bytes(range(256))], ids=["packed-well", "not-at-all"])
def test_git_reads_objects_of_every_size(tmp_path, letters):
    contents = [bytes(random.Random(size).choices(letters, k=size)) for size in SIZES]
    objects = {object_id("blob", content): ("blob", content) for content in contents}
    git(tmp_path, "init", "-q")

    write_pack(tmp_path / ".git/objects/pack", objects, "sha1")

    assert git(tmp_path, "fsck", "--full", "--strict", "--no-dangling") == b""
    for identifier, (_, content) in objects.items():
        assert git(tmp_path, "cat-file", "blob", identifier) == content

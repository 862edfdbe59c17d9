import hashlib
from pathlib import Path

import pytest

from project_package import bundle


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name in bundle.FILES:
        (folder / name).write_text(name, "utf-8")
    return folder


def test_the_description_holds_the_digests_of_the_files(source: Path, tmp_path: Path) -> None:
    bundle.publish(source, tmp_path / "target", {"version": "1"})

    described = bundle.describe(tmp_path / "target")

    assert described is not None
    assert described["version"] == "1"
    assert described["files"]["model.onnx"] == hashlib.sha256(b"model.onnx").hexdigest()


def test_nothing_but_the_bundle_is_left_behind(source: Path, tmp_path: Path) -> None:
    bundle.publish(source, tmp_path / "target", {})

    names = {path.name for path in (tmp_path / "target").iterdir()}

    assert names == {*bundle.FILES, bundle.DESCRIPTION}


def test_a_file_that_is_missing_leaves_the_old_bundle(source: Path, tmp_path: Path) -> None:
    bundle.publish(source, tmp_path / "target", {"version": "1"})
    (source / "examples.json").unlink()

    with pytest.raises(FileNotFoundError):
        bundle.publish(source, tmp_path / "target", {"version": "2"})

    described = bundle.describe(tmp_path / "target")
    assert described is not None
    assert described["version"] == "1"


def test_a_copy_may_say_more(source: Path, tmp_path: Path) -> None:
    bundle.publish(source, tmp_path / "one", {"version": "1"})

    bundle.copy(tmp_path / "one", tmp_path / "two", {"decided_by": "Ada"})

    described = bundle.describe(tmp_path / "two")
    assert described is not None
    assert (described["version"], described["decided_by"]) == ("1", "Ada")
    assert described["files"].keys() == set(bundle.FILES)


def test_a_copy_is_equal(source: Path, tmp_path: Path) -> None:
    bundle.publish(source, tmp_path / "one", {"version": "1"})
    bundle.copy(tmp_path / "one", tmp_path / "two")

    assert bundle.describe(tmp_path / "one") == bundle.describe(tmp_path / "two")


def test_no_bundle_has_no_description(tmp_path: Path) -> None:
    assert bundle.describe(tmp_path) is None

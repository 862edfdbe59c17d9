"""The template's release history: what it holds, and that what was released stays as it is."""

from pathlib import Path

import pytest

from scaffold.compile import compile_template
from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.release import read_notes, release

SETTINGS = """
format = 1
questions.project_slug = { prompt = "Repository", default = "demo" }
presets.standard = { components = [] }
"""
CHANGELOG = """# Changelog

## v0.3.0 - unreleased

- later

## v0.2.0 - 2026-02-01

- second
- `code` & "quotes"

## v0.1.0 - 2026-01-01

- first
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    base = tmp_path / "root" / "template" / "base"
    (base / "files").mkdir(parents=True)
    (base / "component.toml").write_text('title = "A"\nsummary = "b"\n')
    (base / "files" / "run.sh").write_text("#!/bin/sh\n")
    (base / "files" / "run.sh").chmod(0o755)
    (base.parent / "template.toml").write_text(SETTINGS)
    (tmp_path / "root" / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path / "root"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tmp_path / "history" / "template.bundle"


def open_bundle(bundle: Path) -> Git:
    clone = bundle.parent / "clone"
    Git(bundle.parent)("clone", "--quiet", str(bundle), str(clone))
    return Git(clone)


def test_release_holds_the_compiled_template(sources, bundle):
    commit = release(sources, "v0.1.0", bundle)

    git = open_bundle(bundle)
    listing = git("ls-tree", "-r", "-z", commit).text.split("\0")[:-1]
    found = {line.partition("\t")[2]: line.partition("\t")[0] for line in listing}
    expected = {
        path: f"{file.mode} blob {file.blob_id}"
        for path, file in compile_template(sources / "template").items()
    }
    assert found == expected


def test_tag_is_annotated_with_the_release_notes(sources, bundle):
    release(sources, "v0.1.0", bundle)
    commit = release(sources, "v0.2.0", bundle)

    git = open_bundle(bundle)
    assert git("rev-parse", "v0.2.0^{commit}").text == commit
    notes = git("tag", "--list", "--format=%(contents)", "v0.2.0").text.strip()
    assert notes == '- second\n- `code` & "quotes"'


def test_releases_follow_each_other(sources, bundle):
    first = release(sources, "v0.1.0", bundle)
    (sources / "template/base/files/run.sh").write_text("#!/bin/bash\n")
    second = release(sources, "v0.2.0", bundle)

    assert open_bundle(bundle)("rev-list", "main").text.split() == [second, first]


def test_same_sources_give_the_same_commits_and_the_same_bundle(sources, bundle, tmp_path):
    other = tmp_path / "other.bundle"

    assert release(sources, "v0.1.0", bundle) == release(sources, "v0.1.0", other)
    assert release(sources, "v0.2.0", bundle) == release(sources, "v0.2.0", other)
    assert bundle.read_bytes() == other.read_bytes()


def test_callers_git_configuration_and_clock_do_not_matter(sources, bundle, tmp_path, monkeypatch):
    commit = release(sources, "v0.1.0", tmp_path / "other.bundle")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z")
    monkeypatch.setenv("TZ", "Pacific/Auckland")

    assert release(sources, "v0.1.0", bundle) == commit


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("v0.1.0", "v0.1.0 is older than v0.2.0, which is released"),
        ("v0.2.0", "v0.2.0 is released already"),
        ("v0.3.0", "CHANGELOG.md gives v0.3.0 no date but 'unreleased'"),
        ("v0.9.0", "CHANGELOG.md has no section v0.9.0"),
        ("main", "CHANGELOG.md has no section main"),
    ],
)
def test_refused_release_leaves_the_history_alone(sources, bundle, version, message):
    release(sources, "v0.2.0", bundle)
    before = bundle.read_bytes()

    with pytest.raises(ScaffoldError) as refusal:
        release(sources, version, bundle)

    assert refusal.value.message == message
    assert bundle.read_bytes() == before
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]


def test_fifty_releases_stay_small(sources, bundle):
    (sources / "CHANGELOG.md").write_text(
        "".join(f"## v0.0.{patch} - 2026-01-01\n\n- {patch}\n\n" for patch in range(50))
    )
    for patch in range(50):
        (sources / "template/base/files/a.txt").write_text(f"version {patch}\n")
        release(sources, f"v0.0.{patch}", bundle)

    assert bundle.stat().st_size < 100_000


def test_notes_end_where_the_next_version_begins():
    assert read_notes(CHANGELOG, "v0.2.0").text == '- second\n- `code` & "quotes"'

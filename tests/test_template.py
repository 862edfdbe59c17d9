"""Where templates come from, and which version of one is opened."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from scaffold.errors import ScaffoldError
from scaffold.spec import BUILTIN, Source
from scaffold.template import newest, open_template, versions

FILE = "{{cookiecutter.slug}}/a"


class TemplateRepository:
    """A template in a git repository, with one commit for each content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        command = ["git", "-C", str(self.folder), *person, *arguments]
        return subprocess.check_output(command, text=True).strip()

    def commit(self, content: str, *tags: str, under: str = "") -> str:
        for name, text in {"cookiecutter.json": json.dumps({"slug": "x"}), FILE: content}.items():
            path = self.folder / under / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", content)
        for tag in tags:
            self.git("tag", "-a", tag, "-m", tag)
        return self.git("rev-parse", "HEAD")

    @property
    def source(self) -> Source:
        return Source(str(self.folder))


@pytest.fixture
def repository(tmp_path):
    return TemplateRepository(tmp_path / "template")


def content(template) -> str:
    return template.files[FILE].content.decode()


def test_the_newest_release_is_opened_not_what_came_after_it(repository):
    repository.commit("one", "v1.9.0")
    commit = repository.commit("two", "v1.10.0")
    repository.commit("later")

    template = open_template(repository.source)

    assert (template.version, template.commit, content(template)) == ("v1.10.0", commit, "two")


def test_releases_come_newest_first_and_before_pre_releases(repository):
    repository.commit(
        "x", "1.0", "v1.2.0", "v1.10.0", "v2.0.0rc1", "v2.0.0-rc.2", "2022.6.3.post1", "nightly"
    )

    names = [version.name for version in versions(repository.source)]

    assert names == ["2022.6.3.post1", "v1.10.0", "v1.2.0", "1.0", "v2.0.0-rc.2", "v2.0.0rc1"]


@pytest.mark.parametrize(
    "tag",
    [
        *("v2.0.0-RC1", "v2.0.0-preview.1", "v2.0.0-next.1", "v2.0.0-canary", "v2.0-SNAPSHOT"),
        *("v2.0.0-0", "v2.0.0-x.7.z.92", "2.0c1", "2.0.0.Alpha1", "v2.0.0-rc.1+build.5", "v2-beta"),
    ],
)
def test_a_pre_release_is_not_the_newest_release(repository, tag):
    repository.commit("x", "v1.0.0", tag)

    assert [version.name for version in versions(repository.source)] == ["v1.0.0", tag]


@pytest.mark.parametrize(
    "tag", ["1.0.post1", "v1.0.0-rev.2", "1.0.0-PATCH1", "1.0-1", "v1.0.1+rc.1", "v1.0.1_windows"]
)
def test_what_came_after_a_release_is_newer(repository, tag):
    repository.commit("x", "v1.0.0", tag, "v1.0.0-rc.1")

    names = [version.name for version in versions(repository.source)]

    assert names == [tag, "v1.0.0", "v1.0.0-rc.1"]


def test_pre_releases_come_in_the_order_of_their_words_and_numbers(repository):
    tags = ("1.0.dev3", "1.0a1", "1.0-alpha.2", "1.0.0-BETA.9", "1.0.0-beta.10", "1.0rc1")
    repository.commit("x", *tags)

    names = [version.name for version in versions(repository.source)]

    assert names == [*reversed(tags)]


def test_a_template_without_releases_follows_its_default_branch(repository):
    commit = repository.commit("one", "nightly")

    assert newest(repository.source).commit == open_template(repository.source).commit == commit
    assert open_template(repository.source).version == commit[:12]


@pytest.mark.parametrize("form", ["tag", "without-v", "branch", "short", "full"])
def test_a_version_is_named_by_tag_branch_or_commit(repository, form):
    commit = repository.commit("one", "v1.0.0")
    repository.git("branch", "old")
    repository.commit("two", "v2.0.0")
    ref = {
        "tag": "v1.0.0",
        "without-v": "1.0.0",
        "branch": "old",
        "short": commit[:9],
        "full": commit,
    }[form]

    template = open_template(repository.source, ref)

    assert (template.commit, content(template)) == (commit, "one")


@pytest.mark.parametrize("ref", ["v9", "0123456789abcdef", "a" * 40, "no/such"])
def test_an_unknown_version_is_one_line(repository, ref):
    repository.commit("one", "v1.0.0")

    with pytest.raises(ScaffoldError, match=f"no version {ref}") as caught:
        open_template(repository.source, ref)

    assert caught.value.code == "unknown-version"


def test_a_scaffold_that_was_built_without_its_template_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("scaffold.template._BUNDLE", tmp_path / "none")
    monkeypatch.setattr("scaffold.template._CHECKOUT", tmp_path)

    for ref in ("", "v1.0.0"):
        with pytest.raises(ScaffoldError, match="without its template") as caught:
            open_template(Source(), ref)
        assert "--template" in caught.value.hint


def test_a_new_release_is_seen_at_once(repository):
    repository.commit("one", "v1")
    open_template(repository.source)
    repository.commit("two", "v1.1")

    assert content(open_template(repository.source)) == "two"


def test_an_opened_version_opens_again_when_the_repository_is_gone(repository):
    commit = repository.commit("one", "v1.0")
    open_template(repository.source)
    shutil.rmtree(repository.folder)

    assert content(open_template(repository.source, commit)) == "one"


def test_a_commit_stays_open_after_history_was_rewritten(repository):
    commit = repository.commit("one")
    open_template(repository.source)
    repository.git("commit", "-q", "--amend", "-m", "rewritten")
    repository.commit("two")

    assert content(open_template(repository.source, commit)) == "one"


def test_a_template_may_lie_in_a_folder_of_its_repository(repository):
    repository.commit("deep", under="ml/basic")

    template = open_template(Source(str(repository.folder), "ml/basic/"))

    assert content(template) == "deep"


def test_a_collection_of_templates_says_which_there_are(repository):
    repository.commit("x", under="one")
    nested = {"templates": {"a": {"path": "./one"}, "b": {"path": "./two"}}}
    (repository.folder / "cookiecutter.json").write_text(json.dumps(nested))
    repository.commit("x", under="two")

    with pytest.raises(ScaffoldError, match=r"\./one, \./two") as caught:
        open_template(repository.source)

    assert caught.value.code == "nested-templates"


def test_a_bundle_is_a_repository(repository, tmp_path):
    repository.commit("one", "v1.0")
    bundle = tmp_path / "template.bundle"
    repository.git("bundle", "create", "-q", str(bundle), "--all")

    template = open_template(Source(str(bundle)))

    assert (template.version, content(template)) == ("v1.0", "one")


def test_an_annotated_tag_of_a_bundle_means_its_commit(repository, tmp_path):
    commit = repository.commit("one", "v1.0")
    bundle = tmp_path / "template.bundle"
    repository.git("bundle", "create", "-q", str(bundle), "--all")

    for _ in ("copied", "in the cache"):
        assert open_template(Source(str(bundle))).commit == commit


def test_a_bare_repository_and_a_file_address_are_repositories(repository, tmp_path):
    repository.commit("one", "v1.0")
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))

    for address in (str(tmp_path / "bare.git"), f"file://{tmp_path}/bare.git"):
        assert content(open_template(Source(address))) == "one"


def test_a_shallow_clone_is_a_repository(repository, tmp_path):
    repository.commit("one")
    repository.commit("two")
    subprocess.check_call(
        [
            "git",
            "clone",
            "-q",
            "--depth",
            "1",
            f"file://{repository.folder}",
            str(tmp_path / "shallow"),
        ]
    )

    assert content(open_template(Source(str(tmp_path / "shallow")))) == "two"


def lose(repository, commit):
    """Remove the template's file of a commit from the repository, as a partial clone lacks it."""
    blob = repository.git("rev-parse", f"{commit}:{FILE}")
    (repository.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


def test_a_commit_is_read_from_a_history_that_has_holes(repository):
    old, commit = repository.commit("one"), repository.commit("two")
    lose(repository, old)

    assert content(open_template(repository.source, commit)) == "two"


def test_a_commit_that_is_itself_not_whole_is_one_line(repository):
    commit = repository.commit("a commit that no other test has read into the cache")
    lose(repository, commit)

    with pytest.raises(ScaffoldError) as caught:
        open_template(repository.source, commit)

    assert "\n" not in caught.value.message


def test_an_uncommitted_edit_of_a_repository_is_not_rendered(repository):
    repository.commit("one")
    (repository.folder / FILE).write_text("edited")

    assert content(open_template(repository.source)) == "one"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "folder" / FILE
    path.parent.mkdir(parents=True)
    path.write_text("one")
    (tmp_path / "folder" / "cookiecutter.json").write_text('{"slug": "x"}')
    return tmp_path / "folder"


def test_a_folder_has_one_version_made_from_its_content(folder):
    first = open_template(Source(str(folder)))
    again = open_template(Source(str(folder)))
    (folder / FILE).write_text("two")
    edited = open_template(Source(str(folder)))

    assert first.commit == again.commit != edited.commit
    assert [version.commit for version in versions(Source(str(folder)))] == [edited.commit]


def test_an_edited_folder_opens_again_as_it_was(folder):
    first = open_template(Source(str(folder)))
    (folder / FILE).write_text("two")

    assert content(open_template(Source(str(folder)), first.commit)) == "one"


def test_a_folder_is_kept_anew_when_the_users_key_changed(folder, tmp_path, monkeypatch):
    open_template(Source(str(folder)))
    monkeypatch.setenv("SCAFFOLD_STATE_DIR", str(tmp_path / "other"))
    one = open_template(Source(str(folder)))

    (folder / "cookiecutter.json").write_text('{"slug": "edited"}')

    assert open_template(Source(str(folder)), one.commit).commit == one.commit


def test_a_folder_has_no_other_version(folder):
    with pytest.raises(ScaffoldError, match="without versions"):
        open_template(Source(str(folder)), "v1.0")


def test_a_folder_that_is_no_template_is_one_line(tmp_path):
    with pytest.raises(ScaffoldError, match=r"no cookiecutter\.json"):
        open_template(Source(str(tmp_path)))


@pytest.mark.parametrize(
    "address", ["https://user:hunter2@127.0.0.1:1/x", "ssh://git:hunter2@127.0.0.1:1/x"]
)
def test_an_unreachable_address_is_one_line_without_its_password(address):
    with pytest.raises(ScaffoldError, match="cannot be read") as caught:
        open_template(Source(address))

    assert "hunter2" not in str(caught.value) + caught.value.hint
    assert "\n" not in caught.value.message


def test_offline_reaches_no_network():
    with pytest.raises(ScaffoldError, match="never fetched") as caught:
        open_template(Source("https://example.invalid/x"), offline=True)

    assert caught.value.code == "offline"


def test_offline_reads_a_path(repository):
    repository.commit("one", "v1.0")

    assert content(open_template(repository.source, offline=True)) == "one"


def test_an_address_with_a_submodule_renders_without_it(repository, tmp_path):
    repository.commit("one")
    other = TemplateRepository(tmp_path / "other")
    other.commit("x")
    allowed = ("-c", "protocol.file.allow=always")
    repository.git(
        *allowed, "submodule", "--quiet", "add", str(other.folder), "{{cookiecutter.slug}}/sub"
    )
    repository.commit("two")

    assert [path for path in open_template(repository.source).files if "sub" in path] == []


def test_our_own_template_opens_from_the_checkout_and_opens_again():
    template = open_template(Source())

    assert template.own
    assert not template.runs_code
    assert not template.draws_chance
    assert open_template(Source(BUILTIN), template.commit).files == template.files

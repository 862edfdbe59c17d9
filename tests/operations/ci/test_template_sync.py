"""The weekly template sync as providers run it: real git, real `uvx scaffold`; `gh` and `az` only note their calls.

There is no server of a provider here, so pushes go to a bare repository by git's own `insteadOf`. What Jenkins asks
GitHub over HTTP, a server on this machine answers.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from jenkinsfile import stages
from ruamel.yaml import YAML

from scaffold.release import release

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ci")]

NOTES = '#!/bin/sh\necho "${0##*/} $*" >> "$CALLS"\n'
GH = (
    NOTES
    + 'case "$2" in view) cat "$PULL_REQUEST"; exit 0 ;; esac\n'
    + 'while [ $# -gt 0 ]; do if [ "$1" = --body-file ]; then cat "$2" >> "$CALLS"; fi; shift; done\n'
)
AZ = NOTES + 'case "$3" in list) cat "$PULL_REQUEST" ;; esac\n'
CHANGELOG = "# Changelog\n\n## v9.0.0 - 2026-12-01\n\n- Another first target.\n\n"


@pytest.fixture(scope="module")
def newer(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return sources of scaffold whose history has one release more: the list of targets says something else."""
    place = tmp_path_factory.mktemp("newer")
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
    for name in ("src", "template", "hooks"):
        shutil.copytree(root / name, place / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, place)
    makefile = place / "template/base/files/Makefile.jinja"
    makefile.write_text(
        makefile.read_text().replace("## List the targets", "## List what there is")
    )
    (place / "CHANGELOG.md").write_text(CHANGELOG)
    release(place, "v9.0.0", place / "src/scaffold/history/template.bundle")
    shutil.rmtree(
        place / "template"
    )  # so that it is no checkout, and its newest version the release
    return place


class Sync:
    """A project at an older release, its remote, and the shell of the job."""

    def __init__(self, place: Path, newer: Path) -> None:
        self.folder, self.remote = place / "project", place / "remote.git"
        self.calls, self.pull_request = place / "calls", place / "pull-request"
        self.pull_request.write_text("")
        programs = place / "programs"
        programs.mkdir()
        for name, text in (("gh", GH), ("az", AZ)):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        config = place / "gitconfig"
        address = "https://github.com/team/project"
        config.write_text(
            f'[user]\nname = Ada\nemail = ada@example.com\n[url "{self.remote}"]\ninsteadOf = {address}\n'
            f"insteadOf = https://template-sync:secret@gitlab.example.com/team/project.git\n"
            f"insteadOf = https://template-sync:secret@github.com/team/project.git\n"
            "[init]\ndefaultBranch = main\n"
        )
        self.environment = {
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith(("GIT_", "VIRTUAL", "PYTHON"))
            },
            "PATH": f"{programs}:{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": str(config),
            "UV_PYTHON_DOWNLOADS": "never",
            "SCAFFOLD_CACHE_DIR": str(place / "cache"),
            "CALLS": str(self.calls),
            "PULL_REQUEST": str(self.pull_request),
            "GITHUB_REPOSITORY": "team/project",
            "GITHUB_OUTPUT": str(place / "output"),
            "SCAFFOLD": str(newer),
        }
        self.run(f"uvx --from {newer} scaffold new {self.folder} --yes --ref v0.1.0", at=place)
        self.run(f"git clone --quiet --bare {self.folder} {self.remote}", at=place)
        self.run(f"git -C {self.remote} config receive.advertisePushOptions true", at=place)
        hook = self.remote / "hooks" / "post-receive"
        hook.write_text('#!/bin/sh\nenv | grep ^GIT_PUSH_OPTION_ >> "$CALLS"\ntrue\n')
        hook.chmod(0o755)
        self.run(f"git remote add origin {self.remote} && git fetch --quiet origin")

    def run(self, script: str, at: Path | None = None, shell: str = "bash -e", **more: str) -> str:
        done = self.attempt(script, at, shell, **more)
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    def attempt(
        self, script: str, at: Path | None = None, shell: str = "bash -e", **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*shell.split(), "-c", script],
            check=False,
            cwd=at or self.folder,
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def fresh(self) -> None:
        """Check the default branch out anew, as a runner does."""
        shutil.rmtree(self.folder)
        self.run(f"git clone --quiet {self.remote} {self.folder}", at=self.folder.parent)

    def stay(self) -> None:
        """Bring the workspace of the last run up to date, as a runner does that keeps it."""
        self.run(
            f"git fetch --quiet --prune {self.remote} '+refs/heads/*:refs/remotes/origin/*'"
            " && git checkout --quiet --detach origin/main"
        )

    def elsewhere(self, script: str) -> str:
        """Run `script` in somebody's own clone."""
        clone = self.folder.with_name("clone")
        shutil.rmtree(clone, ignore_errors=True)
        self.run(f"git clone --quiet {self.remote} {clone}", at=clone.parent)
        return self.run(script, at=clone)

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
        self.run("git commit --quiet --all --message ours && git push --quiet origin main")

    def github(self, project: Path, **more: str) -> str:
        """Run the steps of the GitHub workflow, with what it hands on between them."""
        upgrade, publish = (step["run"] for step in github_steps(project) if "run" in step)
        output = Path(self.environment["GITHUB_OUTPUT"])
        output.unlink(missing_ok=True)
        self.calls.write_text("")
        said = self.run(upgrade, **more)
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        if outputs["behind"] == "true":
            said += self.run(publish, TITLE=outputs["title"], SEEN=outputs["seen"], **more)
        return said

    @property
    def told(self) -> str:
        return self.calls.read_text()

    def branches(self) -> list[str]:
        return self.run(
            f"git -C {self.remote} for-each-ref --format='%(refname:short)' refs/heads"
        ).split()


@pytest.fixture
def sync(tmp_path: Path, newer: Path) -> Sync:
    return Sync(tmp_path, newer)


def github_steps(project: Path) -> list[dict[str, Any]]:
    workflow = YAML(typ="safe").load((project / ".github/workflows/template-sync.yml").read_text())
    steps: list[dict[str, Any]] = workflow["jobs"]["template-sync"]["steps"]
    return steps


def gitlab_script(project: Path) -> str:
    job = YAML(typ="safe").load((project / ".gitlab/ci/template-sync.yml").read_text())
    return "\n".join(job["template-sync"]["script"])


def azure_script(project: Path) -> str:
    job = YAML(typ="safe").load((project / ".azure/template-sync.yml").read_text())
    [script] = [step["bash"] for step in job["jobs"][0]["steps"] if "bash" in step]
    return str(script)


@pytest.fixture(scope="module")
def jenkins_script(everywhere: Path) -> str:
    """Return the script that the stage starts once its workspace is clean, as Groovy reads it."""
    situation = {"env": {"BRANCH_NAME": "main"}, "action": "template-sync"}
    told = stages(everywhere / "Jenkinsfile", {"asked": situation})
    [stage] = [stage for stage in told["asked"] if stage["name"] == "Template sync"]
    [_clean, step] = stage["steps"]
    shell, path = step["sh"].split()
    assert shell == "sh"
    return (everywhere / path).read_text()


def test_by_hand_without_the_variable_one_line_says_what_is_missing(
    sync: Sync, everywhere: Path, jenkins_script: str
) -> None:
    scripts = {
        "github": next(step["run"] for step in github_steps(everywhere) if "run" in step),
        "gitlab": gitlab_script(everywhere),
        "azure": azure_script(everywhere),
        "jenkins": jenkins_script,
    }
    for provider, script in scripts.items():
        done = sync.attempt(script, SCAFFOLD="")

        expected = f"error: SCAFFOLD is not set; docs/{provider}.md says what it is\n"
        assert (done.returncode, done.stdout) == (1, expected)
        assert "`SCAFFOLD` says where" in (everywhere / f"docs/{provider}.md").read_text()
    assert sync.branches() == ["main"]


def test_each_week_without_the_variable_nothing_runs(everywhere: Path) -> None:
    upgrade, publish = (step for step in github_steps(everywhere) if "run" in step)

    assert upgrade["if"] == "env.SCAFFOLD != '' || github.event_name != 'schedule'"
    assert publish["if"] == "steps.upgrade.outputs.behind == 'true'"


def test_one_pull_request_is_opened_and_then_updated(sync: Sync, everywhere: Path) -> None:
    sync.github(everywhere)

    assert "gh pr create --head template-sync --title Upgrade the template from v0.1.0" in sync.told
    assert "Another first target" in sync.told
    assert sync.branches() == ["main", "template-sync"]
    assert "List what there is" in sync.run(f"git -C {sync.remote} show template-sync:Makefile")

    sync.pull_request.write_text("OPEN\n")
    sync.fresh()
    sync.github(everywhere)

    assert "gh pr edit template-sync" in sync.told
    assert "gh pr create" not in sync.told


def test_conflicts_are_in_the_text_and_on_the_branch(sync: Sync, everywhere: Path) -> None:
    sync.edit("Makefile", "## List the targets", "## Show our targets")

    sync.github(everywhere)

    body = sync.told
    assert "## To decide" in body
    assert "- `Makefile`" in body
    assert "<<<<<<<" in sync.run(f"git -C {sync.remote} show template-sync:Makefile")
    assert "<<<<<<<" not in sync.run(f"git -C {sync.remote} show main:Makefile")


def test_a_branch_that_people_work_on_is_left_alone(sync: Sync, everywhere: Path) -> None:
    sync.github(everywhere)
    sync.fresh()
    sync.run("git switch --quiet template-sync && git commit --quiet --allow-empty --message mine")
    sync.run("git push --quiet origin template-sync && git switch --quiet main")
    before = sync.run(f"git -C {sync.remote} rev-parse template-sync")
    sync.fresh()

    said = sync.github(everywhere)

    assert "Somebody works on the branch" in said
    assert sync.run(f"git -C {sync.remote} rev-parse template-sync") == before


WORK = "git switch --quiet template-sync && git commit --quiet --allow-empty --message mine"


@pytest.fixture(params=["github", "gitlab", "azure", "jenkins"])
def run_again(
    request: pytest.FixtureRequest,
    sync: Sync,
    everywhere: Path,
    jenkins_script: str,
) -> Callable[[], str]:
    """Return what runs a provider's job in the workspace as the last run left it."""
    address = "https://gitlab.example.com/team/project.git"
    variables = {
        "SYNC_TOKEN": "secret",
        "CI_DEFAULT_BRANCH": "main",
        "CI_REPOSITORY_URL": address.replace("//", "//token@"),
    }

    def run() -> str:
        sync.calls.write_text("")
        if request.param == "github":
            return sync.github(everywhere)
        if request.param == "jenkins":
            sync.run(f"git remote set-url origin {address}")
            return sync.run(jenkins_script, shell="sh", **variables)
        script = {"gitlab": gitlab_script, "azure": azure_script}[request.param](everywhere)
        return sync.run(script, **variables)

    return run


def test_where_the_workspace_stays_peoples_work_on_the_branch_does_too(
    sync: Sync, run_again: Callable[[], str]
) -> None:
    run_again()
    theirs = sync.elsewhere(f"{WORK} && git push --quiet && git rev-parse HEAD")
    sync.stay()

    said = run_again()

    assert "Somebody works on the branch" in said
    assert sync.told == ""
    assert sync.run(f"git -C {sync.remote} rev-parse template-sync") == theirs


def test_where_the_workspace_stays_a_merge_ends_it(
    sync: Sync, run_again: Callable[[], str]
) -> None:
    run_again()
    sync.elsewhere(
        f"{WORK} && git switch --quiet main && git merge --quiet --squash template-sync"
        " && git commit --quiet --message 'new template'"
        " && git push --quiet origin main :template-sync"
    )
    sync.stay()

    run_again()

    assert sync.told == ""
    assert sync.branches() == ["main"]


def test_what_people_push_while_it_runs_stays(sync: Sync, everywhere: Path) -> None:
    sync.github(everywhere)
    sync.stay()
    upgrade, publish = (step["run"] for step in github_steps(everywhere) if "run" in step)
    seen = sync.run(f"git -C {sync.remote} rev-parse template-sync").strip()
    sync.run(upgrade)
    theirs = sync.elsewhere(f"{WORK} && git push --quiet && git rev-parse HEAD")

    done = sync.attempt(publish, TITLE="Upgrade", SEEN=seen)

    assert done.returncode != 0
    assert "stale info" in done.stdout
    assert sync.run(f"git -C {sync.remote} rev-parse template-sync") == theirs


def test_what_is_up_to_date_gets_no_pull_request(sync: Sync, everywhere: Path) -> None:
    sync.run(f"uvx --from {sync.environment['SCAFFOLD']} scaffold upgrade --commit")
    sync.run("git push --quiet origin main")

    sync.github(everywhere)

    assert sync.told == ""
    assert sync.branches() == ["main"]


def test_gitlab_opens_a_merge_request_by_pushing(sync: Sync, everywhere: Path) -> None:
    sync.calls.write_text("")

    sync.run(
        gitlab_script(everywhere),
        CI_DEFAULT_BRANCH="main",
        SYNC_TOKEN="secret",
        CI_REPOSITORY_URL="https://token@gitlab.example.com/team/project.git",
    )

    assert sync.branches() == ["main", "template-sync"]
    for option in ("merge_request.create", "merge_request.target=main", "merge_request.title=Up"):
        assert option in sync.told
    assert "merge_request.description=Template: scaffold" in sync.told


def test_azure_opens_one_pull_request_and_then_updates_it(sync: Sync, everywhere: Path) -> None:
    sync.calls.write_text("")

    sync.run(azure_script(everywhere))

    assert sync.branches() == ["main", "template-sync"]
    assert "az repos pr create --source-branch template-sync --target-branch main" in sync.told
    assert "--title Upgrade the template from v0.1.0" in sync.told

    sync.calls.write_text("")
    sync.pull_request.write_text("17\n")
    sync.fresh()
    sync.run(azure_script(everywhere))

    assert "az repos pr update --id 17" in sync.told
    assert "pr create" not in sync.told


class Pulls:
    """Pull requests as GitHub's interface lists, opens and changes them."""

    def __init__(self) -> None:
        self.opened: list[dict[str, str]] = []
        self.asked: list[tuple[str, str, str]] = []

    def answer(self, method: str, path: str, token: str, content: bytes) -> Any:
        self.asked.append((method, path, token))
        if method == "POST":
            self.opened.append(json.loads(content))
        if method == "PATCH":
            self.opened[int(path.rpartition("/")[2]) - 1] = json.loads(content)
        return [{"number": number} for number, _ in enumerate(self.opened, 1)]


@pytest.fixture
def pulls() -> Iterator[tuple[Pulls, str]]:
    known = Pulls()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"] or 0))
            token = self.headers["Authorization"]
            body = json.dumps(known.answer(self.command, self.path, token, content)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield known, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    "origin", ["https://github.com/team/project.git", "git@github.com:team/project"]
)
def test_jenkins_opens_one_pull_request_and_then_updates_it(
    sync: Sync, jenkins_script: str, pulls: tuple[Pulls, str], origin: str
) -> None:
    known, address = pulls
    sync.edit("Makefile", "## List the targets", "## Show our targets")
    for _ in range(2):
        sync.run(f"git remote set-url origin {origin}")
        sync.run(jenkins_script, shell="sh", SYNC_TOKEN="secret", GITHUB_API_URL=address)
        sync.fresh()

    [request] = known.opened
    assert request["title"].startswith("Upgrade the template from v0.1.0")
    assert (request["head"], request["base"]) == ("template-sync", "main")
    assert "- `Makefile`" in request["body"].partition("## To decide")[2]
    listed = "/repos/team/project/pulls?state=open&head=team:template-sync"
    assert [asked[:2] for asked in known.asked] == [
        *(("GET", listed), ("POST", "/repos/team/project/pulls")),
        *(("GET", listed), ("PATCH", "/repos/team/project/pulls/1")),
    ]
    assert {token for _, _, token in known.asked} == {"Bearer secret"}
    assert sync.branches() == ["main", "template-sync"]


def test_jenkins_opens_a_merge_request_by_pushing_to_gitlab(
    sync: Sync, jenkins_script: str
) -> None:
    sync.calls.write_text("")
    sync.run("git remote set-url origin https://gitlab.example.com/team/project.git")

    sync.run(jenkins_script, shell="sh", SYNC_TOKEN="secret")

    assert sync.branches() == ["main", "template-sync"]
    for option in ("merge_request.create", "merge_request.target=main", "merge_request.title=Up"):
        assert option in sync.told

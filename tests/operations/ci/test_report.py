"""The report on a change as each provider's job writes it: one comment, which later pushes bring up to date.

The interfaces are answered by a server on this machine, and so is `gh`, with which GitHub's job asks.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from jenkinsfile import stages
from ruamel.yaml import YAML

TITLE = "## The model of this change, beside that of `main`"
OURS, THEIRS = 7, 8
NAMES = {OURS: "github-actions[bot]", THEIRS: "somebody"}
TOKEN = "secret"


class Comments:
    """The comments on a change, as GitHub, GitLab and Azure list, add and change them."""

    def __init__(self, *known: tuple[int, str]) -> None:
        self.authors = [author for author, _ in known]
        self.bodies = [body for _, body in known]
        self.asked: list[str] = []

    def answer(self, method: str, path: str, body: str) -> Any:
        self.asked.append(f"{method} {path}")
        path = path.partition("?")[0]
        if path.endswith("/user"):
            return {"id": OURS}
        if path.endswith("/connectionData"):
            return {"authenticatedUser": {"id": str(OURS)}}
        if method == "POST":
            self.bodies.append(body)
            self.authors.append(OURS)
        elif method != "GET":
            number = re.search(r"/threads/(\d+)/comments/1$|/(\d+)$", path)
            assert number, path
            self.bodies[int(number[1] or number[2]) - 1] = body
        known = [*enumerate(zip(self.authors, self.bodies, strict=True), 1)]
        if path.endswith("/threads"):
            return {
                "value": [
                    {"id": n, "comments": [{"id": 1, "author": {"id": str(a)}, "content": text}]}
                    for n, (a, text) in known
                ]
            }
        whose = "author" if path.endswith("/notes") else "user"
        return [
            {"id": n, whose: {"id": author, "login": NAMES[author]}, "body": text}
            for n, (author, text) in known
        ]


@pytest.fixture
def comments() -> Comments:
    return Comments((THEIRS, TITLE), (OURS, "Something else"))


def body_of(kind: str, content: str) -> str:
    """Return the text of a comment in a request: in a form, or in one of the shapes of JSON."""
    if field := re.search(r'name="body"\r\n\r\n(.*?)\r\n--', content, re.DOTALL):
        return field[1]
    if not content:
        return ""
    assert kind == "application/json"
    told = json.loads(content)
    if "comments" in told:
        assert told["status"] == "closed"
        [told] = told["comments"]
    text: str = told.get("body") or told["content"]
    return text


@pytest.fixture
def server(comments: Comments) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            known = {self.headers["PRIVATE-TOKEN"], self.headers["Authorization"]}
            told: Any = {}
            if known & {TOKEN, f"Bearer {TOKEN}"}:
                text = body_of(self.headers["Content-Type"], content)
                told = comments.answer(self.command, self.path, text)
            body = json.dumps(told).encode()
            self.send_response(200 if told else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


Comment = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(params=["github", "gitlab", "azure", "jenkins on github", "jenkins on gitlab"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def comment(everywhere: Path, tmp_path: Path, server: str, provider: str) -> Comment:
    """Return what does with a report what the step of a provider does."""
    step, host = {
        "github": (github_step, "github.com"),
        "gitlab": (gitlab_step, "example.com"),
        "azure": (azure_step, "example.com"),
        "jenkins on github": (jenkins_step, "github.com"),
        "jenkins on gitlab": (jenkins_step, "gitlab.example.com"),
    }[provider]
    command, variables, secret = step(everywhere, server)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    origin = f"git@{host}:a-team/project.git"
    subprocess.run(["git", "remote", "add", "origin", origin], check=True, cwd=tmp_path)

    def run(report: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
        (tmp_path / "reports").mkdir(exist_ok=True)
        (tmp_path / "reports/change.md").write_text(report)
        return subprocess.run(
            command,
            check=False,
            cwd=tmp_path,
            env={**os.environ, **variables, secret: token},
            capture_output=True,
            text=True,
        )

    return run


def github_step(project: Path, server: str) -> tuple[list[str], dict[str, str], str]:
    workflow = YAML(typ="safe").load((project / ".github/workflows/ci.yml").read_text())
    [step] = [
        step
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step["name"] == "Comment the report on the change"
    ]
    assert step["env"] == {
        "ISSUES": "repos/${{ github.repository }}/issues",
        "GH_TOKEN": "${{ github.token }}",
        "NUMBER": "${{ github.event.pull_request.number }}",
    }
    variables = {"ISSUES": "repos/a-team/project/issues", "NUMBER": "2", "GITHUB_API_URL": server}
    gh = f'gh() {{ "{sys.executable}" "{Path(__file__).with_name("gh.py")}" "$@"; }}'
    return ["bash", "-ec", f"{gh}\n{step['run']}"], variables, "GH_TOKEN"


def gitlab_step(project: Path, server: str) -> tuple[list[str], dict[str, str], str]:
    text = (project / ".gitlab-ci.yml").read_text().replace("!reference ", "")
    [script] = YAML(typ="safe").load(text)[".comment"]["script"]
    variables = {"REPORT": "reports/change.md", "CI_PROJECT_ID": "1", "CI_API_V4_URL": server}
    return ["bash", "-ec", script], {**variables, "CI_MERGE_REQUEST_IID": "2"}, "REPORT_TOKEN"


def azure_step(project: Path, server: str) -> tuple[list[str], dict[str, str], str]:
    step = azure_comment(project)
    assert step["env"] == {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}
    variables = {
        "SYSTEM_COLLECTIONURI": f"{server}/team/",
        "SYSTEM_TEAMPROJECTID": "0a",
        "BUILD_REPOSITORY_ID": "0b",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "2",
    }
    return script_of(project, step["bash"]), variables, "SYSTEM_ACCESSTOKEN"


def azure_comment(project: Path) -> dict[str, Any]:
    pipeline = YAML(typ="safe").load((project / "azure-pipelines.yml").read_text())
    [step] = [
        step
        for stage in pipeline["stages"]
        for job in stage["jobs"]
        if job.get("job") == "report"
        for step in job["steps"]
        if "comment" in step.get("bash", "")
    ]
    found: dict[str, Any] = step
    return found


def jenkins_step(project: Path, server: str) -> tuple[list[str], dict[str, str], str]:
    steps = jenkins_report(project, CHANGE_ID="2")
    told = next(number for number, step in enumerate(steps) if "secrets" in step)
    assert steps[told]["secrets"] == ["REPORT_TOKEN"]
    variables = {"CHANGE_ID": "2", "GITHUB_API_URL": server, "GITLAB_API_URL": f"{server}/api/v4"}
    return script_of(project, steps[told + 1]["sh"]), variables, "REPORT_TOKEN"


@cache
def jenkins_report(project: Path, **variables: str) -> list[dict[str, Any]]:
    told = stages(project / "Jenkinsfile", {"change": {"env": variables}})
    [steps] = [each["steps"] for each in told["change"] if each["name"] == "Metrics against main"]
    found: list[dict[str, Any]] = steps
    return found


def script_of(project: Path, command: str) -> list[str]:
    shell, path, report = command.split()
    return [shell, str(project / path), report]


def test_a_report_is_one_comment_that_is_brought_up_to_date(
    comment: Comment, comments: Comments, provider: str
) -> None:
    for metric in ("0.71", "0.72", "0.73"):
        done = comment(f"{TITLE}\n\n| auc | {metric} |\n| “name”, $HOME \\n | 100 % |\n")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), provider

    newest = f"{TITLE}\n\n| auc | 0.73 |\n| “name”, $HOME \\n | 100 % |\n"
    assert comments.bodies == [TITLE, "Something else", newest]


def test_a_comment_that_came_later_is_left_alone(comment: Comment, comments: Comments) -> None:
    comment(f"{TITLE}\n\n0.71")
    comments.authors.append(OURS)
    comments.bodies.append("The coverage of this change")

    comment(f"{TITLE}\n\n0.72")

    assert comments.bodies[2:] == [f"{TITLE}\n\n0.72", "The coverage of this change"]


WHERE = {
    "github": "/repos/a-team/project/issues/2/comments",
    "gitlab": "/projects/1/merge_requests/2/notes",
    "azure": "/team/0a/_apis/git/repositories/0b/pullRequests/2/threads?api-version=7.1",
    "jenkins on github": "/repos/a-team/project/issues/2/comments",
    "jenkins on gitlab": "/api/v4/projects/a-team%2Fproject/merge_requests/2/notes",
}


def test_it_is_asked_for_where_the_interface_has_it(
    comment: Comment, comments: Comments, provider: str
) -> None:
    comment(TITLE)

    assert comments.asked[-1] == f"POST {WHERE[provider]}"


def test_what_may_not_comment_says_so_and_leaves_all_as_it_was(
    comment: Comment, comments: Comments, provider: str
) -> None:
    done = comment(TITLE, token="wrong")

    assert done.returncode != 0
    assert "401" in done.stderr, provider
    assert comments.bodies == [TITLE, "Something else"]


@pytest.mark.parametrize("provider", ["gitlab", "jenkins on github"], indirect=True)
def test_without_a_token_nothing_is_said(comment: Comment, comments: Comments) -> None:
    assert comment(TITLE, token="").returncode == 0
    assert comments.asked == []


def test_a_fork_does_not_see_the_token(everywhere: Path) -> None:
    theirs = jenkins_report(everywhere, CHANGE_ID="2", CHANGE_FORK="somebody")

    assert not [step for step in theirs if "secrets" in step or "comment" in step.get("sh", "")]
    azure = azure_comment(everywhere)
    assert "ne(variables['System.PullRequest.IsFork'], 'True')" in azure["condition"]
    assert azure["continueOnError"] == "true"


def test_where_nothing_reports_there_is_no_script_for_it(alone: Path) -> None:
    names = {path.name for path in alone.rglob("*") if path.is_file()}

    assert {"azure-pipelines.yml", "Jenkinsfile"} <= names
    assert "comment.sh" not in names
    assert "comment(" not in (alone / "Jenkinsfile").read_text()


@pytest.mark.parametrize("provider", ["azure", "github", "gitlab", "jenkins"])
def test_each_page_says_what_is_shown_of_the_report(everywhere: Path, provider: str) -> None:
    assert "- **Report**: " in (everywhere / f"docs/{provider}.md").read_text()

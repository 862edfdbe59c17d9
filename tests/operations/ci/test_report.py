"""The report on a change, as GitLab's job writes it: one note, which later pushes bring up to date."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from ruamel.yaml import YAML

TITLE = "## The model of this change, beside that of `main`"
OURS, THEIRS = {"id": 7}, {"id": 8}


class Notes:
    """The notes of a merge request as GitLab's interface lists, adds and changes them."""

    def __init__(self, *known: tuple[dict[str, int], str]) -> None:
        self.bodies = [body for _, body in known]
        self.authors = [author for author, _ in known]

    def answer(self, method: str, path: str, body: str) -> Any:
        if path == "/user":
            return OURS
        if method == "POST":
            self.bodies.append(body)
            self.authors.append(OURS)
        if method == "PUT":
            self.bodies[int(path.rpartition("/")[2]) - 1] = body
        notes = zip(self.authors, self.bodies, strict=True)
        return [
            {"id": number, "author": author, "body": body}
            for number, (author, body) in enumerate(notes, 1)
        ]


@pytest.fixture
def notes() -> Notes:
    return Notes((THEIRS, TITLE), (OURS, "Something else"))


@pytest.fixture
def gitlab(notes: Notes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            field = re.search(r'name="body"\r\n\r\n(.*?)\r\n--', content, re.DOTALL)
            told = notes.answer(self.command, self.path, field[1] if field else "")
            body = json.dumps(told).encode()
            self.send_response(200 if self.headers["PRIVATE-TOKEN"] == "secret" else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        do_GET = do_POST = do_PUT = answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def comment(project: Path, folder: Path, report: str, **variables: str) -> None:
    text = (project / ".gitlab-ci.yml").read_text().replace("!reference ", "")
    [script] = YAML(typ="safe").load(text)[".comment"]["script"]
    (folder / "change.md").write_text(report)
    environment = {**os.environ, "REPORT": "change.md", "CI_PROJECT_ID": "1", **variables}
    environment["CI_MERGE_REQUEST_IID"] = "2"
    subprocess.run(["bash", "-ec", script], check=True, cwd=folder, env=environment)


def test_gitlab_writes_one_note_and_then_brings_it_up_to_date(
    everywhere: Path, tmp_path: Path, gitlab: str, notes: Notes
) -> None:
    for metric in ("0.71", "0.72", "0.73"):
        report = f"{TITLE}\n\n| auc | {metric} |\n"
        comment(everywhere, tmp_path, report, CI_API_V4_URL=gitlab, REPORT_TOKEN="secret")

    assert notes.bodies == [TITLE, "Something else", f"{TITLE}\n\n| auc | 0.73 |\n"]


def test_gitlab_says_nothing_without_a_token(
    everywhere: Path, tmp_path: Path, gitlab: str, notes: Notes
) -> None:
    comment(everywhere, tmp_path, TITLE, CI_API_V4_URL=gitlab, REPORT_TOKEN="")

    assert notes.bodies == [TITLE, "Something else"]


@pytest.mark.parametrize("provider", ["azure", "github", "gitlab", "jenkins"])
def test_each_page_says_what_is_shown_of_the_report(everywhere: Path, provider: str) -> None:
    assert "- **Report**: " in (everywhere / f"docs/{provider}.md").read_text()

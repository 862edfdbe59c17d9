"""A template behind an address: git's own https and ssh, to this machine."""

from __future__ import annotations

import http.server
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from story import LINES, Project, Template, git, scaffold


class Backend(http.server.BaseHTTPRequestHandler):
    """Answers as a git host does: each request is one run of `git http-backend`."""

    root: Path
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        asked = {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=False,
            env={**os.environ, **asked},
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        rows = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(rows.pop("Status", "200").split()[0]))
        for name, value in rows.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the address of a host that serves the repositories of `tmp_path`, with a certificate that git knows."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    ]
    named = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key)]
    command = ["openssl", *words, *named, "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    handler = type("Handler", (Backend,), {"root": tmp_path})
    server = http.server.ThreadingHTTPServer(("localhost", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of this machine by an ssh that runs here what git sends to the other side."""
    program = tmp_path / "ssh"
    program.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    return f"ssh://git@example.org{tmp_path}"


@pytest.fixture(params=["https", "ssh"])
def address(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def started(address: str, at: Path, *arguments: str) -> Project:
    said = scaffold("new", "p", "--template", f"{address}/template", "--yes", *arguments, at=at)
    assert said.code == 0, said.err
    return Project(at / "p")


def test_project_starts_and_upgrades_from_an_address(address, template, tmp_path):
    made: Template = template({"a.txt": LINES})
    project = started(address, tmp_path)
    assert project.read("a.txt") == LINES
    made.release({"a.txt": "new\n"})

    said = project.upgrade()

    assert said.code == 0, said.err
    assert project.read("a.txt") == "new\n"
    assert f'source = "{address}/template"' in project.read("scaffold.toml")


@pytest.mark.parametrize("kind", ["tag", "branch", "commit"])
def test_project_starts_at_a_tag_a_branch_or_a_commit_of_an_address(
    address, template, tmp_path, kind
):
    made: Template = template({"a.txt": "one\n"})
    first = made.head
    git(made.path, "branch", "older")
    made.release({"a.txt": "two\n"})
    ref = {"tag": "v1.0.0", "branch": "older", "commit": first}[kind]

    project = started(address, tmp_path, "--ref", ref)

    assert project.read("a.txt") == "one\n"
    assert f'commit = "{first}"' in project.read("scaffold.lock")


def test_certificate_that_nobody_vouches_for_is_refused_in_one_line(
    https, template, tmp_path, monkeypatch
):
    template({"a.txt": "a\n"})
    monkeypatch.delenv("GIT_SSL_CAINFO")

    said = scaffold("new", "p", "--template", f"{https}/template", "--yes", at=tmp_path)

    assert said.code == 2
    assert "certificate" in said.err
    assert len(said.err.strip().splitlines()) <= 2
    assert not (tmp_path / "p").exists()


def test_address_without_a_repository_is_refused_in_one_line(address, tmp_path):
    said = scaffold("new", "p", "--template", f"{address}/nothing", "--yes", at=tmp_path)

    assert said.code == 2
    assert said.err.startswith("error: the template at ")
    assert not (tmp_path / "p").exists()

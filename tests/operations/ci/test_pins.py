"""The table of pins: what it says of a tag is what the action's repository, or the image's registry, says."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def pins(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("pins", root / "tools" / "pins.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["pins"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def host(pins: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let a folder stand for GitHub: one action with two releases, the newer annotated."""
    action = tmp_path / "team" / "action"
    for command in (
        ["init", "--quiet", str(action)],
        ["-C", str(action), "commit", "--quiet", "--allow-empty", "-m", "1"],
        ["-C", str(action), "tag", "v1.9.0"],
        ["-C", str(action), "commit", "--quiet", "--allow-empty", "-m", "2"],
        ["-C", str(action), "tag", "--annotate", "-m", "2", "v1.10.0"],
        ["-C", str(action), "tag", "v2"],
    ):
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        subprocess.run(["git", *identity, *command], check=True)
    monkeypatch.setattr(pins, "HOST", str(tmp_path))
    return tmp_path


def commit(host: Path, tag: str) -> str:
    command = ["git", "-C", str(host / "team" / "action"), "rev-parse", f"{tag}^{{commit}}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_tag_that_is_its_commit_is_no_problem(pins: ModuleType, host: Path) -> None:
    for tag in ("v1.9.0", "v1.10.0"):
        pin = pins.Action("team/action", tag, commit(host, tag))
        assert list(pins.problems([pin])) == []


@pytest.mark.usefixtures("host")
def test_tag_that_moved_is_named(pins: ModuleType) -> None:
    pin = pins.Action("team/action", "v1.9.0", "0" * 40)

    [problem] = pins.problems([pin])

    assert problem.startswith("team/action v1.9.0 is ")


def test_bump_takes_the_newest_full_release_and_its_commit(pins: ModuleType, host: Path) -> None:
    pin = pins.Action("team/action", "v1.9.0", commit(host, "v1.9.0"))

    assert pin.newest() == pins.Action("team/action", "v1.10.0", commit(host, "v1.10.0"))


INDEX = "application/vnd.oci.image.index.v1+json"


def push(registry: str, tag: str) -> str:
    """Put an index that differs from tag to tag into the registry and return its digest."""
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": {"tag": tag}}
    request = urllib.request.Request(
        f"http://{registry}/v2/team/python/manifests/{tag}",
        json.dumps(index).encode(),
        {"Content-Type": INDEX},
        method="PUT",
    )
    with urllib.request.urlopen(request) as answer:
        return str(answer.headers["Docker-Content-Digest"])


def test_image_is_checked_and_bumped_within_its_version(pins: ModuleType, registry: str) -> None:
    tags = ("3.12.9-slim", "3.12.14-slim", "3.12.14-slim-x", "3.12.15", "3.13.1-slim", "3.12-slim")
    digests = {tag: push(registry, tag) for tag in tags}
    pin = pins.Image("python3.12", f"{registry}/team/python", "3.12.9-slim", digests["3.12.9-slim"])

    assert list(pins.problems([pin])) == []
    assert pin.newest() == pins.Image(
        "python3.12", f"{registry}/team/python", "3.12.14-slim", digests["3.12.14-slim"]
    )


def test_image_whose_tag_moved_or_went_is_named(pins: ModuleType, registry: str) -> None:
    digest = push(registry, "1.0")
    name = f"{registry}/team/python"

    [moved, gone] = pins.problems(
        [pins.Image("a", name, "1.0", "sha256:" + "0" * 64), pins.Image("b", name, "2.0", digest)]
    )

    assert moved.startswith(f"{name} 1.0 is {digest}, the table says sha256:000")
    assert gone.startswith(f"{name} 2.0 is gone")


class Guarded(BaseHTTPRequestHandler):
    """A registry that wants a token, which it gives to anybody, as Docker Hub does."""

    def do_GET(self) -> None:
        if self.path.startswith("/token?service=here"):
            self._answer(200, {"token": "open"})
        elif self.headers["Authorization"] == "Bearer open":
            self._answer(200, {"tags": ["1.0", "1.1"]})
        else:
            self._answer(401, {})

    def _answer(self, status: int, body: object) -> None:
        self.send_response(status)
        realm = f"http://127.0.0.1:{self.server.server_address[1]}/token"
        self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="here"')
        self.send_header("Docker-Content-Digest", "sha256:1")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_token_is_fetched_where_the_registry_asks_for_one(pins: ModuleType) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        pin = pins.Image("image", f"127.0.0.1:{server.server_port}/team/image", "1.0", "sha256:0")

        assert pin.newest() == pins.Image("image", pin.name, "1.1", "sha256:1")
        server.shutdown()


def test_names_without_a_host_are_docker_hubs(pins: ModuleType) -> None:
    addresses = {
        "python": "https://registry-1.docker.io/v2/library/python",
        "prom/prometheus": "https://registry-1.docker.io/v2/prom/prometheus",
        "ghcr.io/astral-sh/uv": "https://ghcr.io/v2/astral-sh/uv",
    }

    assert {name: pins.Image("x", name, "1", "").address for name in addresses} == addresses


class Index(BaseHTTPRequestHandler):
    """PyPI, which has three releases of a tool: the middle one was taken back."""

    def do_GET(self) -> None:
        releases = {
            "1.0": [{"yanked": False}],
            "1.1": [{"yanked": True}],
            "1.2": [{"yanked": False}],
        }
        body = json.dumps({"info": {"version": "1.2"}, "releases": releases}).encode()
        self.send_response(200 if self.path == "/tool/json" else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_tool_is_checked_and_bumped(pins: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(pins, "PYPI", f"http://127.0.0.1:{server.server_port}")

        found = list(pins.problems([pins.Tool("tool", f"1.{minor}") for minor in range(4)]))

        assert found == [f"tool 1.{minor} is gone, the table says 1.{minor}" for minor in (1, 3)]
        assert pins.Tool("tool", "1.0").newest() == pins.Tool("tool", "1.2")
        server.shutdown()


def test_tool_of_an_image_has_its_version_and_follows_it(pins: ModuleType) -> None:
    digest = "sha256:" + "0" * 64
    row = 'images.ci.tag.split("-")[0]'
    table = (
        f'"ci": {{"name": "team/uv", "tag": "0.9.3-trixie", "digest": "{digest}"}}'
        f'\nset tools = {{\n  "uv": {row},\n}}'
    )

    [_, tool] = pins.read_pins(table)

    assert tool == pins.Tool("uv", "0.9.3", row)
    assert tool.newest() == tool


def test_every_place_has_the_same_uv(everywhere: Path) -> None:
    said = {
        ".github/workflows/ci.yml": r' version: "([\d.]+)"',
        ".gitlab-ci.yml": r"astral-sh/uv:([\d.]+)",
        "Jenkinsfile": r"astral-sh/uv:([\d.]+)",
        ".azure/setup.yml": r"uv==([\d.]+)",
        "Dockerfile": r"uv==([\d.]+)",
    }

    versions = {
        path: set(re.findall(word, (everywhere / path).read_text())) for path, word in said.items()
    }

    assert len(set.union(*versions.values())) == 1, versions
    assert all(versions.values())


@pytest.mark.parametrize("path", [".github/renovate.json", ".gitlab/renovate.json"])
def test_renovate_bumps_the_hooks_that_it_groups(everywhere: Path, path: str) -> None:
    settings = json.loads((everywhere / path).read_text())

    # Unlike the others, this manager is off unless a team says so.
    assert "pre-commit" in settings["packageRules"][0]["matchManagers"]
    assert settings["pre-commit"] == {"enabled": True}


def test_table_has_only_what_the_template_uses(pins: ModuleType, root: Path) -> None:
    places = (root / "template").rglob("*.jinja")
    used = "".join(path.read_text() for path in places)

    found = pins.read_pins(pins.TABLE.read_text())
    assert {type(pin) for pin in found} == {pins.Action, pins.Image, pins.Tool}
    for pin in found:
        if isinstance(pin, pins.Action):
            assert f'action("{pin.name}")' in used
        elif isinstance(pin, pins.Tool):
            assert f"tools.{pin.name}" in used or f'tools["{pin.name}"]' in used
        else:
            word = f'image("{pin.key}")'
            assert word in used or f'image("{pin.key.rstrip(".0123456789")}" ~' in used, word


def test_every_row_is_read(pins: ModuleType) -> None:
    table = pins.TABLE.read_text()

    assert all(pin.row in table for pin in pins.read_pins(table))
    tools = table.partition("set tools = {")[2].partition("\n}")[0].count('": ')
    assert len(pins.read_pins(table)) == table.count('"digest": ') + tools


def test_digests_stand_in_the_table_alone(pins: ModuleType, root: Path) -> None:
    digest = re.compile(r"sha256:[0-9a-f]{64}|@[0-9a-f]{40}\b")
    elsewhere = [
        path.relative_to(root).as_posix()
        for path in (root / "template").rglob("*")
        if path.is_file() and path.suffix != ".gz" and path != pins.TABLE
        if digest.search(path.read_text("utf-8", errors="ignore"))
    ]

    assert digest.search(pins.TABLE.read_text())
    assert elsewhere == []


def test_every_image_of_a_template_file_is_from_the_table(root: Path) -> None:
    named = re.compile(r"^\s*(?:- )?(?:image|FROM|newName)\b:? *(\S.*)$", re.MULTILINE)
    ours = re.compile(
        r"\{\{ image\(.*|base( AS .*)?|build( AS .*)?|service(-canary)?|training|monitor|python"
        r"|project-name\S*"
    )
    foreign = [
        f"{path.name}: {value}"
        for path in (root / "template" / "components").rglob("*")
        if path.is_file()
        and path.suffix in {".yml", ".yaml", ".jinja"}
        and "docs" not in path.parts
        for value in named.findall(path.read_text())
        if not ours.fullmatch(value.strip('"'))
    ]

    assert foreign == []

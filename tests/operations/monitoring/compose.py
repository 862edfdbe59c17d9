"""Read a Compose project as `docker compose` would, and run its services without containers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class UnsetError(ValueError):
    """A variable without a default is not set."""


@dataclass(frozen=True)
class Service:
    """A service: `environment` and `command` with all variables put in."""

    name: str
    environment: dict[str, str]
    command: list[str]
    health: list[str]
    volumes: list[str]
    build: dict[str, Any]
    image: str


def read(folder: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """Return the services of `folder` and of all that its compose.yaml includes.

    Raises:
        UnsetError: A variable that must be set is not.
    """
    top = yaml.safe_load((folder / "compose.yaml").read_text("utf-8"))
    found: dict[str, Service] = {}
    for part in top["include"]:
        # Paths in the parts are relative to the project.
        assert part["project_directory"] == "."
        text = put_in((folder / part["path"]).read_text("utf-8"), variables)
        for name, service in yaml.safe_load(text)["services"].items():
            assert name not in found
            found[name] = _service(name, service)
    return found


def put_in(text: str, variables: Mapping[str, str]) -> str:
    """Return `text` with `${NAME:-default}` and `${NAME:?message}` replaced."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if given := variables.get(name):
            return given
        if kind == "?":
            raise UnsetError(f"{name}: {rest}")
        return rest or ""

    return _VARIABLE.sub(value, text)


def names(text: str) -> set[str]:
    """Return the variables that `text` uses."""
    return {match[1] for match in _VARIABLE.finditer(text)}


def read_env(path: Path) -> dict[str, str]:
    """Return the variables of an env file; each stands below a line that says what it is."""
    found = {}
    lines = path.read_text("utf-8").splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            assert before.startswith("# "), f"{name} has no comment"
            found[name] = value
    return found


def image_command(dockerfile: Path) -> list[str]:
    """Return the command of the last stage."""
    *_, last = re.findall(r"^CMD (\[.*\])$", dockerfile.read_text("utf-8"), re.MULTILINE)
    command: list[str] = yaml.safe_load(last)
    return command


def image_environment(dockerfile: Path) -> dict[str, str]:
    """Return the variables that the last stage sets."""
    stage = dockerfile.read_text("utf-8").split("\nFROM ")[-1].replace("\\\n", "")
    lines = re.findall(r"^ENV (.*)$", stage, re.MULTILINE)
    return dict(word.split("=", 1) for line in lines for word in line.split())


def installed(folder: Path) -> list[str]:
    """Return what the image of `folder` installs by pip."""
    dockerfile = (folder / "Dockerfile").read_text("utf-8")
    assert "pip install --no-cache-dir --requirement requirements.txt" in dockerfile
    lines = (folder / "requirements.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _service(name: str, service: Mapping[str, Any]) -> Service:
    health = service.get("healthcheck", {}).get("test", [])
    assert not health or health[0] == "CMD"
    return Service(
        name=name,
        environment={key: str(value) for key, value in service.get("environment", {}).items()},
        command=list(service.get("command", [])),
        health=health[1:],
        volumes=service.get("volumes", []),
        build=service.get("build", {}),
        image=service.get("image", ""),
    )

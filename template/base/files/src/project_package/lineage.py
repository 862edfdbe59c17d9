"""Where a model comes from: code, data, parameters, environment, who and when."""

import configparser
import getpass
import hashlib
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from project_package.git import ask_git
from project_package.paths import Paths

UNKNOWN = "unknown"

# What decides how a model comes out; reports and locks that a run writes do not.
SOURCES = ("src", "params.yaml", "dvc.yaml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Lineage:
    """What is needed to make a model again.

    `git_dirty` says that sources differ from the commit. `data_hash` is DVC's hash of the raw data,
    `data_remote` the address where DVC keeps them, without a user or a password that it names.
    """

    git_commit: str
    git_dirty: bool
    data_hash: str
    data_remote: str
    environment_hash: str
    who: str
    when: str


def read_lineage(paths: Paths) -> Lineage:
    """Return the lineage of a model that is made now from `paths`."""
    commit = ask_git(paths.root, "rev-parse", "HEAD")
    return Lineage(
        git_commit=commit or UNKNOWN,
        git_dirty=not commit or bool(ask_git(paths.root, "status", "--porcelain", "--", *SOURCES)),
        data_hash=file_hash(paths.raw),
        data_remote=_data_remote(paths.root),
        environment_hash=file_hash(paths.root / "uv.lock"),
        who=_who(paths.root),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def file_hash(path: Path) -> str:
    """Return the MD5 of a file, as dvc.lock has it, or "unknown" where there is none."""
    if not path.exists():
        return UNKNOWN
    with path.open("rb") as file:
        # An address of content, not a protection.
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _data_remote(root: Path) -> str:
    config = configparser.ConfigParser(interpolation=None)
    config.read([root / ".dvc" / "config", root / ".dvc" / "config.local"])
    name = config.get("core", "remote", fallback="")
    address = config.get(f"'remote \"{name}\"'", "url", fallback="")
    if not address:
        return "none"
    if "://" in address:
        # Everybody who may see a model sees this.
        return re.sub("://[^/]*@", "://", address)
    # DVC means a path from where its configuration lies; people read it from the root.
    return os.path.normpath(Path(".dvc") / address)


def _who(root: Path) -> str:
    # Continuous integration says who started it; elsewhere git knows its user.
    for variable in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID", "BUILD_REQUESTEDFOR"):
        if name := os.environ.get(variable):
            return name
    return ask_git(root, "config", "user.name") or _login()


def _login() -> str:
    try:
        return getpass.getuser()
    except OSError:  # a container's user may have no name
        return UNKNOWN

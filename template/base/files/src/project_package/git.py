"""The only place that starts git."""

import subprocess
from pathlib import Path

from project_package.errors import PipelineError


def run_git(root: Path, *arguments: str) -> str:
    """Return what git says in the folder `root`.

    Raises:
        PipelineError: It fails, or is not installed.
    """
    try:
        done = subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise PipelineError("git is not installed") from error
    if done.returncode:
        raise PipelineError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def ask_git(root: Path, *arguments: str) -> str:
    """Return what git says in the folder `root`, "" where it has no answer."""
    try:
        return run_git(root, *arguments)
    except PipelineError:
        return ""

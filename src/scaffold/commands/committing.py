"""Commit what was applied, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from scaffold import apply
from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.project import Checkout


def refuse_staged(checkout: Checkout) -> None:
    """Refuse to commit where a person has put something into the index.

    Raises:
        ScaffoldError: They have.
    """
    if checkout.git("diff", "--cached", "--quiet", expect=(0, 1)).returncode == 1:
        raise ScaffoldError(
            "the index has changes of yours, which --commit would commit too",
            hint="commit or unstage them first",
            code="staged-changes",
        )


def commit_applied(checkout: Checkout, message: str) -> str:
    """Commit the index, close the operation, and return the new commit's id."""
    identified(checkout.git)("commit", "-q", "--no-verify", "-m", message)
    apply.continue_(checkout.git)
    return checkout.git("rev-parse", "HEAD").text


def identified(git: Git) -> Git:
    """Return a git that can commit: as the user, or as scaffold where git does not know who that is (in CI)."""
    listed = git("config", "--get-regexp", r"^user\.(name|email)$", expect=(0, 1)).text
    own = {"user.name": "scaffold", "user.email": "scaffold@localhost"}
    missing = [f"{name}={value}" for name, value in own.items() if f"{name} " not in listed]
    return replace(git, config=(*git.config, *missing))

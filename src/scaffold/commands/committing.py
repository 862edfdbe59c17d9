"""Commit what was applied, and nothing else."""

from __future__ import annotations

from scaffold import apply
from scaffold.errors import ScaffoldError
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
    checkout.git("commit", "-q", "--no-verify", "-m", message)
    apply.continue_(checkout.git)
    return checkout.git("rev-parse", "HEAD").text

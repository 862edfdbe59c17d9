"""Commit what was applied, and nothing else."""

from __future__ import annotations

from scaffold import apply
from scaffold.errors import ScaffoldError
from scaffold.git import Git, GitError
from scaffold.project import Checkout
from scaffold.trust.text import escape
from scaffold.values import replace


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


def commit_or_undo(checkout: Checkout, message: str) -> str:
    """Commit the index and return the new commit's id; where that fails, undo the change that was to be committed.

    Raises:
        ScaffoldError: git cannot commit; everything is as before.
    """
    try:
        return commit_applied(checkout, message)[0]
    except BaseException as error:
        try:
            apply.abort(checkout.git)
        except (ScaffoldError, OSError):
            if checkout.git("rev-parse", "HEAD").text == checkout.head:
                raise _not_committed(error) from error
        raise


def commit_applied(checkout: Checkout, message: str) -> tuple[str, tuple[str, ...]]:
    """Commit the index, close the operation, and return the new commit's id and the paths that were decided.

    Raises:
        ScaffoldError: Conflicts are left, or git cannot commit; the operation stays open.
    """
    decided = apply.continue_(checkout.git, lambda: _commit(identified(checkout.git), message))
    return checkout.git("rev-parse", "HEAD").text, decided


def _commit(git: Git, message: str) -> None:
    try:
        git("commit", "-q", "--no-verify", "-m", message)
    except GitError as error:
        if "failed to sign" in error.stderr or "failed to write commit object" in error.stderr:
            raise _not_signed(error) from error
        raise error.retold("git could not commit") from error


def _not_signed(error: GitError) -> ScaffoldError:
    return ScaffoldError(
        f"git could not sign the commit: {escape(error.stderr.strip().splitlines()[0])}",
        hint="see why with `git commit --allow-empty -S`, or do without: git config commit.gpgSign false",
        code="not-signed",
    )


def _not_committed(error: BaseException) -> ScaffoldError:
    return ScaffoldError(
        f"the change is applied, but neither committed nor undone: {error}",
        hint="when that is mended: git commit, or take it back with scaffold upgrade --abort",
        code="not-committed",
    )


def identified(git: Git) -> Git:
    """Return a git that can commit: as the user, or as scaffold where git does not know who that is (in CI)."""
    listed = git("config", "--get-regexp", r"^user\.(name|email)$", expect=(0, 1)).text
    own = {"user.name": "scaffold", "user.email": "scaffold@localhost"}
    missing = [f"{name}={value}" for name, value in own.items() if f"{name} " not in listed]
    return replace(git, config=(*git.config, *missing))

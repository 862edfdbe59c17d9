"""The one way in which scaffold says no."""

from __future__ import annotations

TO_MEND = "it is the template's to mend; another version of it may do"
"""What to do about what no answer can help."""


class ScaffoldError(Exception):
    """A refusal that a person can act on; nothing was changed when it is raised.

    Args:
        message: What is wrong, in one line that names the thing and its value.
        hint: What to do about it, in one line; empty where the message says it all.
        code: A stable identifier for `--json`, in kebab case (`dirty-files`, `unknown-component`).
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", code: str = "refused") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

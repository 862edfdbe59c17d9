"""What must be told of a change beside its files."""

from __future__ import annotations

from scaffold.values import frozen


@frozen
class Note:
    """One thing that a person must be told.

    Args:
        code: What kind of thing, stable, in kebab case.
        subject: The answer, component or path that it is about.
        told: The sentence.
    """

    code: str
    subject: str
    told: str

    def to_json(self) -> dict[str, str]:
        """Return the note as plain data."""
        return {"code": self.code, "subject": self.subject, "message": self.told}

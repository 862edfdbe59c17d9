"""What a stage raises when it must stop, in words for the person who ran it."""


class PipelineError(Exception):
    """A stage cannot go on: what is wrong, and what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep `message` (what is wrong) and `hint` (what to do)."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def told(self) -> str:
        """The lines that a command ends with."""
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"error: {self.message}{hint}"

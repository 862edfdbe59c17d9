"""The only place of the proof that prints."""


def say(text: str) -> None:
    """Print `text` at once, since what comes next may take minutes."""
    print(text, flush=True)  # noqa: T201 - what these commands are for

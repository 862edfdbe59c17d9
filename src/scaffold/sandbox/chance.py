"""Clock and chance of a render: drawn from a seed that the lock keeps, so that a render repeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from datetime import datetime


def new_seed() -> str:
    """Return a seed: the time in UTC, which is the clock of every render with it, and 64 random bits."""
    import secrets  # noqa: PLC0415 - few renders draw anything, and these imports cost 10 ms
    from datetime import UTC, datetime  # noqa: PLC0415

    return f"{datetime.now(UTC).isoformat(timespec='seconds')} {secrets.token_hex(8)}"


class Chance:
    """The clock and the random numbers that a template sees.

    Args:
        seed: Of `new_seed`; with an empty one both are real.
    """

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._name = ""
        self._numbers: random.Random | None = None

    def restart(self, name: str) -> None:
        """Draw from `name`'s own numbers, so that what other files draw does not change its."""
        self._name = name
        self._numbers = None

    def choice(self, values: list[object]) -> object:
        """Return one of `values`."""
        return self._random.choice(values)

    def ascii_string(self, length: int, punctuation: bool = False) -> str:  # noqa: FBT001, FBT002
        """Return `length` letters, with ASCII punctuation among them if asked."""
        import string  # noqa: PLC0415

        corpus = string.ascii_letters + (string.punctuation if punctuation else "")
        return "".join(self._random.choice(corpus) for _ in range(length))

    def uuid4(self) -> str:
        """Return a random UUID."""
        import uuid  # noqa: PLC0415

        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def now(self, timezone: str, form: str, shift: Mapping[str, Any] | None = None) -> str:
        """Return the time in `timezone`, moved by `shift`, as `strftime` writes it in `form`."""
        moment = self._moment()
        if timezone.lower() == "utc" and not shift:
            return moment.strftime(form)
        import arrow  # noqa: PLC0415 - 80 ms, for the few templates that need other time zones

        # A seeded render is the same everywhere, so the machine's own time zone is not asked.
        zone = "utc" if self._seed and timezone == "local" else timezone
        return arrow.get(moment).to(zone).shift(**(shift or {})).strftime(form)

    @property
    def _random(self) -> random.Random:
        import random  # noqa: PLC0415

        if self._numbers is None:
            seeded = random.Random(f"{self._seed} {self._name}")  # noqa: S311 - has to repeat
            self._numbers = seeded if self._seed else random.SystemRandom()
        return self._numbers

    def _moment(self) -> datetime:
        from datetime import UTC, datetime  # noqa: PLC0415

        try:
            return datetime.fromisoformat(self._seed.partition(" ")[0]).astimezone(UTC)
        except ValueError:
            return datetime.now(UTC)

"""Texts of a few kilobytes that once took minutes: each is read, or refused, at once."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator

import pytest

from scaffold.errors import ScaffoldError
from scaffold.marks import has_marks
from scaffold.merge.settle.alignment import align
from scaffold.spec import read_spec
from scaffold.trust import strip_userinfo, toml
from scaffold.trust.text import as_message

SECONDS = 10
"""Long enough for a machine that is busy, and far from what the texts took."""
SPEC = '[template]\nsource = "{}"\nversion = "v1"\n\n[answers]\n'

TEXTS: dict[str, Callable[[], object]] = {
    "marks": lambda: has_marks(b"<<<<<<< x\n" * 5000 + b"=======\n" * 5000 + b"z\n" * 100),
    "letters": lambda: strip_userinfo("a" * 200_000),
    "addresses": lambda: strip_userinfo("a://b:c" * 20_000 + "@"),
    "ports": lambda: strip_userinfo("a://b:80/" * 20_000 + "@"),
    "brackets": lambda: as_message("[" * 100_000),
    "closers": lambda: as_message("fix " * 50_000 + "#" * 20_000),
    "long source": lambda: read_spec(SPEC.format("a" * 200_000)),
    "dotted key": lambda: refused(SPEC.format("x") + ".".join("a" * 20_000) + " = 1\n"),
    "dotted table": lambda: refused(f"[{'.'.join('a' * 5000)}]\n" + "b = 1\n" * 20_000),
    "long lines": lambda: align(numbers(1), numbers(2)),
    "spaced key": lambda: refused(" . ".join("a" * 20_000) + " = 1\n"),
}


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    def late(*_: object) -> None:
        raise AssertionError(f"it took more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_read_at_once(text: str) -> None:
    TEXTS[text]()


def test_keys_of_some_parts_are_read() -> None:
    assert toml.loads("[a.b.c]\nd.e = 1\n")["a"]["b"]["c"]["d"] == {"e": 1}
    assert toml.loads('a = "' + "One. Two. " * 50 + '"\n')


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "see https://me:secret@host/x and ssh://git@host/y",
            "see https://host/x and ssh://git@host/y",
        ),
        ("https://me:se/cret@host/x", "https://host/x"),
        ("1https://me:secret@host", "1https://host"),
        ("https://host:8443/a b@c", "https://host:8443/a b@c"),
        ("https://host/a,https://me:secret@host", "https://host/a,https://host"),
        ("git@host:path", "git@host:path"),
    ],
)
def test_passwords_are_taken_out_of_every_address(text: str, shown: str) -> None:
    assert strip_userinfo(text) == shown


def numbers(seed: int) -> tuple[bytes, ...]:
    """Return one line of a JSON file."""
    chance = random.Random(seed)
    return (b",".join(b"%d" % chance.randrange(50) for _ in range(20_000)),)


def refused(text: str) -> None:
    with pytest.raises(ScaffoldError, match="more than 200 parts"):
        read_spec(text)

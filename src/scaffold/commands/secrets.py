"""What a secret answer must not be seen in: everything that is printed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from scaffold.commands.report import Line, Report
from scaffold.errors import ScaffoldError
from scaffold.values import replace

MASK = "<secret>"
_SHORTEST = 4
"""Shorter ones are found everywhere, and keep nothing secret."""


def without_secrets(report: Report, secrets: Collection[str]) -> Report:
    """Return `report` with a mask in place of every secret in it."""
    hidden = _worth_hiding(secrets)
    if not hidden:
        return report
    lines = tuple(Line(_masked(line.text, hidden), line.style) for line in report.lines)
    return replace(
        report,
        data=_masked(report.data, hidden),
        lines=lines,
        patch=_masked(report.patch, hidden),
    )


@contextmanager
def masking(secrets: Collection[str]) -> Iterator[None]:
    """Mask the secrets in the refusals of what runs inside."""
    try:
        yield
    except ScaffoldError as error:
        hidden = _worth_hiding(secrets)
        if not hidden:
            raise
        message, hint = (_masked(text, hidden) for text in (error.message, error.hint))
        raise ScaffoldError(message, hint=hint, code=error.code) from None


def _worth_hiding(secrets: Collection[str]) -> list[str]:
    """Return the secrets, longest first: one may hold another."""
    return sorted((each for each in secrets if len(each) >= _SHORTEST), key=len, reverse=True)


def _masked(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
        return value
    if isinstance(value, bytes):
        text = value.decode("utf-8", "surrogateescape")
        return _masked(text, secrets).encode("utf-8", "surrogateescape")
    if isinstance(value, Mapping):
        return {_masked(key, secrets): _masked(each, secrets) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(each, secrets) for each in value]
    return value

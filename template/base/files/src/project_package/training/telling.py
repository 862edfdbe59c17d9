"""Decisions about a version in the words that people hear; `notify` tells them."""

from collections.abc import Mapping

from project_package.notify import Event

WORDS = {
    "promoted": "is the champion",
    "refused": "stays a challenger",
    "rolled_back": "is the champion again",
}


def decided(kind: str, model: str, version: str, facts: Mapping[str, str]) -> Event:
    """Return the event of a decision of that `kind` about `version`; `facts` are who, when, why."""
    return Event(kind, f"{model}: version {version} {WORDS[kind]}", facts)

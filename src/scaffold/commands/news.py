"""What a template's releases say of themselves: the messages of its tags, or of its commits."""

from __future__ import annotations

from pathlib import Path

from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.repositories import Repository, is_repository
from scaffold.spec import BUILTIN, Source
from scaffold.template import newest_first
from scaffold.trust import strip_userinfo
from scaffold.trust.addresses import exists, is_remote, local_path
from scaffold.values import frozen

_BUNDLE = Path(__file__).parents[1] / "history" / "template.bundle"
_MOST_COMMITS = 50
_LONGEST = 1_000_000
"""Of all that is told: a template's messages are as long as it likes."""


@frozen
class News:
    """What one version says of itself.

    Args:
        version: Its tag, or the start of its commit id.
        text: The message of its tag or commit, without trailers and signatures.
    """

    version: str
    text: str

    def to_json(self) -> dict[str, str]:
        """Return the news as plain data."""
        return {"version": self.version, "text": self.text}


def release_news(source: Source, before: str, after: str, *, offline: bool) -> tuple[News, ...]:
    """Return what came after the commit `before` up to the commit `after`, newest first.

    Nothing is fetched for it; what is not in the cache's copy is not told.
    """
    git = _copy(source, offline=offline)
    if git is None or before == after:
        return ()
    try:
        return _tagged(git, before, after) or _committed(git, before, after)
    except ScaffoldError:  # one of the two is not there any more: no news is no error
        return ()


def _copy(source: Source, *, offline: bool) -> Git | None:
    address = str(_BUNDLE) if source.address == BUILTIN else source.address
    if not is_remote(address):
        folder = local_path(address)
        if not exists(folder) or not is_repository(folder):
            return None
    copy = Repository.at(address, offline=offline).copy
    return Git(copy, git_dir=copy) if copy.is_dir() else None


def _tagged(git: Git, before: str, after: str) -> tuple[News, ...]:
    listed = git.bounded(
        "for-each-ref",
        "--sort=-version:refname",
        f"--merged={after}",
        f"--no-merged={before}",
        "--format=%(refname:strip=2)%00%(contents)%00",
        "refs/tags",
        most=_LONGEST,
    )
    fields = (listed or b"").decode("utf-8", "replace").split("\0")
    told = {
        name.strip(): _told(text) for name, text in zip(fields[::2], fields[1::2], strict=False)
    }
    return tuple(News(name, told[name]) for name in newest_first(told))


def _committed(git: Git, before: str, after: str) -> tuple[News, ...]:
    listed = git.bounded(
        "log",
        f"-{_MOST_COMMITS}",
        "--no-show-signature",  # which would start gpg, where a person has set it
        "--format=%h%x00%s",
        f"{before}..{after}",
        most=_LONGEST,
    )
    text = (listed or b"").decode("utf-8", "replace")
    rows = (line.partition("\0") for line in text.splitlines())
    return tuple(News(name, _told(text)) for name, _, text in rows)


def _told(text: str) -> str:
    return strip_userinfo(text.partition("-----BEGIN")[0].strip())

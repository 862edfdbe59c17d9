"""Which addresses a template may come from, and what of an address may be stored or shown."""

from __future__ import annotations

import re
from pathlib import Path

from scaffold.errors import ScaffoldError
from scaffold.trust.text import escape

_SCHEMES = ("https", "ssh", "file")
_SHORT = {"gh": "https://github.com/", "gl": "https://gitlab.com/", "bb": "https://bitbucket.org/"}
_SCP = re.compile(r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!//)[^\\]+")
# The second form is a password with a slash, which no tool takes, but which would be shown.
_USERINFO = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/?#\s]*@|[^/?#\s:@]+:(?!\d*(?:[/?#\s'\"]|$))[^\s@]*@)"
)


def check_address(address: str) -> str:
    """Return `address` in the form that git is given, if a template may come from it.

    Raises:
        ScaffoldError: It is neither https, ssh, file nor a path, or it could be taken for an option.
    """
    shown = escape(strip_userinfo(address))
    if not address or address.startswith("-") or any(character < " " for character in address):
        raise ScaffoldError(f"not the address of a template: {shown!r}", code="bad-address")
    prefix, _, rest = address.partition(":")
    if prefix in _SHORT and not rest.startswith("/"):
        return _SHORT[prefix] + rest
    if "::" in address.split("/", 1)[0]:
        raise _refused(shown)
    scheme, found, host = address.partition("://")
    if found:
        if scheme not in _SCHEMES or host.startswith("-"):
            raise _refused(shown)
        if scheme == "https" and "?" in host:  # git has no use for it, and tokens hide there
            raise ScaffoldError(
                f"templates do not come from an address with a query: {shown.partition('?')[0]}?…",
                hint="leave out what follows the ?; a token belongs in git's credential helper",
                code="bad-address",
            )
        return address
    return address if is_remote(address) and not exists(Path(address)) else _full(address)


def local_path(address: str) -> Path:
    """Return the path that `address` is, where it is one; a home that nobody has stays as it is written."""
    try:
        return Path(address).expanduser()
    except RuntimeError:
        return Path(address)


def exists(path: Path) -> bool:
    """Return whether there is something at `path`, whatever its name is."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, a NUL
        return False


def _full(address: str) -> str:
    """Return a path that git cannot take for the name of a host, as it would `my_host:path`."""
    path = str(local_path(address))
    return path if path.startswith(("/", "./", "../")) or ":" not in path else f"./{path}"


def check_ref(ref: str) -> str:
    """Return `ref` if it can name a tag, a branch or a commit.

    Raises:
        ScaffoldError: It could be taken for an option or for more than one name.
    """
    if re.search(r"^-|\.\.|[\x00-\x20\x7f~^:?*\[\\]|@\{|//|/$|\.$|\.lock$", ref):
        raise ScaffoldError(
            f"not a version of a template: {escape(ref)!r}",
            hint="name a tag, a branch or a commit",
            code="bad-ref",
        )
    return ref


def is_remote(address: str) -> bool:
    """Return whether reaching `address` needs a network."""
    scheme, found, _ = address.partition("://")
    return scheme in ("https", "ssh") if found else _SCP.fullmatch(address) is not None


def canonical(address: str) -> str:
    """Return the one spelling of `address` under which it is trusted: absolute, and without a password."""
    plain = strip_userinfo(address)
    if is_remote(plain) or "://" in plain:
        return plain.removesuffix("/").removesuffix(".git")
    return str(local_path(plain).resolve())


def strip_userinfo(text: str) -> str:
    """Return `text` with user names and passwords taken out of every address in it.

    `git@host:path`, where the user is part of how the host is reached and no secret, stays.
    """
    return _USERINFO.sub(_without_userinfo, text)


def _without_userinfo(match: re.Match[str]) -> str:
    # ssh://git@host needs its user, as long as there is no password in it.
    if match[1] == "ssh://" and ":" not in match[0].removeprefix("ssh://"):
        return match[0]
    return match[1]


def _refused(shown: str) -> ScaffoldError:
    return ScaffoldError(
        f"templates do not come from {shown}",
        hint="use https, ssh, file or a path",
        code="bad-address",
    )

"""Which addresses a template may come from, and what of an address may be stored or shown."""

from __future__ import annotations

import re
from pathlib import Path

from scaffold.errors import ScaffoldError
from scaffold.trust.text import escape

_SCHEMES = ("https", "ssh", "file")
_SHORT = {"gh": "https://github.com/", "gl": "https://gitlab.com/", "bb": "https://bitbucket.org/"}
_SHORTENED = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?")
_SCP = re.compile(r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!//)[^\\]+")
# After the `://`. The second form is a password with a slash, which no tool takes, but which would be shown.
_USERINFO = re.compile(r"[^/?#\s]*@|[^/?#\s:@]+:(?!\d*(?:[/?#\s'\"]|\Z))[^\s@]*@")
_LONGEST = 4096


def check_address(address: str) -> str:
    """Return `address` in the form that git is given, if a template may come from it.

    Raises:
        ScaffoldError: It is neither https, ssh, file nor a path, or it could be taken for an option.
    """
    shown = _shown(address)
    is_odd = address.startswith("-") or any(character < " " for character in address)
    if not address or is_odd or len(address) > _LONGEST:
        raise ScaffoldError(
            f"not the address of a template: {shown!r}",
            hint="give a folder, or an address with https, ssh or file",
            code="bad-address",
        )
    prefix, _, rest = address.partition(":")
    if prefix in _SHORT and _SHORTENED.fullmatch(rest):
        return _SHORT[prefix] + rest
    if prefix in _SHORT or "::" in address.split("/", 1)[0]:
        raise _refused(shown)
    scheme, found, host = address.partition("://")
    if _may_hide_a_password(address, host if found else ""):
        raise ScaffoldError(
            f"the address of a template is not plain: {shown}",
            hint="write no password into it, a blank in it as %20 and an @ in its path as %40",
            code="bad-address",
        )
    if found:
        if scheme not in _SCHEMES or host.startswith("-"):
            raise _refused(shown)
        if scheme == "https" and "?" in host:  # git has no use for it, and tokens hide there
            raise ScaffoldError(
                f"templates do not come from an address with a query: {shown}",
                hint="leave out what follows the ?; a token belongs in git's credential helper",
                code="bad-address",
            )
        return address
    return address if is_remote(address) and not exists(Path(address)) else _full(address)


def _may_hide_a_password(address: str, host: str) -> bool:
    """Return whether it is not plain where the host of an address begins, so that a password could be taken for it."""
    if not host:
        is_scheme = address.partition(":")[0].lower() in _SCHEMES
        return is_scheme or (is_remote(address) and "@" in address.partition(":")[2])
    if address.startswith("file://"):
        return False
    authority = re.split("[/?#]", host, maxsplit=1)[0]
    rest = host[len(authority) :]
    return not authority or " " in host or (":" in authority and "@" in rest)


def _shown(address: str) -> str:
    """Return what may be shown of an address that may be none: nothing before its last `@`, and no query."""
    scheme, found, _ = address.partition("://")
    plain, has_query, _ = address[:_LONGEST].partition("?")
    plain += "?…" if has_query else ""
    if "@" in plain and not plain.startswith("git@"):
        plain = f"{scheme + found if found else ''}…@{plain.rpartition('@')[2]}"
    return escape(plain)


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
    if "@" not in text or "://" not in text:
        return text
    return re.sub(r"\S+", lambda match: _without_userinfo(match[0]), text)


def _without_userinfo(word: str) -> str:
    kept, at, last = [], 0, word.rfind("@")
    while (found := word.find("://", at)) >= 0 and found < last:
        start = found + len("://")
        kept.append(word[at:start])
        match = _USERINFO.match(word, start)
        at = match.end() if match else start
        # ssh://git@host needs its user, as long as there is no password in it.
        if match and ":" not in match[0] and word[:start].endswith("ssh://"):
            kept.append(match[0])
    return "".join([*kept, word[at:]])


def _refused(shown: str) -> ScaffoldError:
    return ScaffoldError(
        f"templates do not come from {shown}",
        hint="use https, ssh, file or a path",
        code="bad-address",
    )

"""How a template's address is written down in a project."""

from __future__ import annotations

from scaffold.spec import BUILTIN
from scaffold.trust import strip_userinfo
from scaffold.trust.addresses import exists, is_remote, local_path


def stored_address(address: str) -> str:
    """Return `address` as a spec has it: without a password, and a folder in full."""
    if not address or address == BUILTIN or "://" in address or is_remote(address):
        return strip_userinfo(address)
    path = local_path(address)
    return str(path.resolve()) if exists(path) else address

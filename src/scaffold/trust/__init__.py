"""A template is data: where it may write, what it may cost, where it may come from, and which may run code."""

from scaffold.trust.addresses import check_address, check_ref, strip_userinfo
from scaffold.trust.limits import Limits, confined
from scaffold.trust.paths import check_path, check_tree, notable, refuse_links
from scaffold.trust.text import escape

__all__ = [
    "Limits",
    "check_address",
    "check_path",
    "check_ref",
    "check_tree",
    "confined",
    "escape",
    "notable",
    "refuse_links",
    "strip_userinfo",
]

"""SHA-1, SHA-256 and BLAKE2 of Python itself: `hashlib` loads OpenSSL, which costs a third of a start of Python.

As in the standard library's `random`, the modules are an implementation's own: where they are missing, it is `hashlib`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import blake2b, sha1, sha256
else:
    try:
        from _blake2 import blake2b
        from _sha1 import sha1

        try:
            from _sha2 import sha256  # Python 3.12 and newer
        except ImportError:
            from _sha256 import sha256
    except ImportError:
        from hashlib import blake2b, sha1, sha256

__all__ = ["DIGESTS", "blake2b", "sha1", "sha256"]

DIGESTS = {"sha1": sha1, "sha256": sha256}
"""git's object formats -> their digest."""

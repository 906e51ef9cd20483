"""Identifiers in the gateway's styles."""

from __future__ import annotations

import hashlib
import secrets
import time

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid() -> str:
    """A new ULID: 26 characters, sortable by time."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def request_id() -> str:
    """A new request id, `req_<ULID>`."""
    return f"req_{ulid()}"


def digest(*parts: object) -> str:
    """A stable hex digest of the parts; the source of everything that must be the same for the same seed."""
    text = "\x1f".join(map(str, parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

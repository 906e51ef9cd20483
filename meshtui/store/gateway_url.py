"""The address of a gateway: how it may be written, and to which it may be sent in the clear."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_LOOPBACK = r"localhost|127(\.\d{1,3}){3}|::1"


class UnusableURL(ValueError):
    """The text says what is wrong with a base URL and what to write instead, without a full stop."""


class InsecureURL(UnusableURL):
    """The address is plain http to another machine, and the user has not allowed that."""


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself."""
    return re.fullmatch(_LOOPBACK, host.lower()) is not None


def normalise_base_url(text: str, *, allow_http: bool = False) -> str:
    """Return a base URL without a trailing slash and without one trailing `/v1` (contract, section 1).

    Raises InsecureURL for plain http to another machine unless `allow_http`; UnusableURL for what is no http or https
    address, and for an address that carries a name, a password, a query or a fragment.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnusableURL("this is no address; write it like https://api.example.com") from None
    if parts.scheme not in ("http", "https") or not host or not text.isascii() or re.search(r"[\s\\]", text):
        raise UnusableURL("it must be an http or https address, like https://api.example.com")
    if parts.username is not None or parts.password is not None:
        raise UnusableURL("it must not hold a name or password; save the key instead")
    if parts.query or parts.fragment:
        raise UnusableURL("it must end with the path, without ? or #")
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise InsecureURL(
            "plain http would send the key readable to everyone on the way; use https,"
            " or set allow_http = true in the profile"
        )
    path = parts.path.rstrip("/")
    if path.endswith("/v1"):
        path = path[:-3].rstrip("/")
    shown_host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown_host}{'' if port is None else f':{port}'}{path}"

"""Where a gateway is, and who may be told the key: reading base URLs and environment. Imports no HTTP library."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from meshtui.client.errors import MeshAPIError
from meshtui.core.mesh import BASE_URL_VARIABLE, KEY_VARIABLES, MESH_GATEWAY

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A gateway's root: everything before `/v1`."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @property
    def netloc(self) -> str:
        """Host, and the port where it is not the usual one, as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def tried(self) -> str:
        """Host and port, as messages name what was tried."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Whether the gateway runs on this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def url(self, path: str) -> str:
        """Return the URL of a path that begins with `/v1`."""
        return f"{self.scheme}://{self.netloc}{self.prefix}{path}"

    def same_origin(self, url: str) -> bool:
        """Whether `url` leads to the same scheme, host and port."""
        parts = urlsplit(url)
        try:
            port = parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return False
        return (parts.scheme, parts.hostname, port) == (self.scheme, self.host, self.port)

    def __str__(self) -> str:
        return self.url("")


def read_address(base_url: str, *, allow_http: bool = False) -> Address:
    """Read a base URL, with or without `/v1`. Plain http is for this machine only, unless `allow_http`."""
    text = base_url.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _bad(f"The base URL {shown(text)!r} cannot be read") from None
    if parts.scheme not in _PORTS or not host:
        raise _bad(f"The base URL {shown(text)!r} must begin with https:// (or http:// on this machine) and a host")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise _bad("The base URL may hold no user name, password, query or fragment")
    prefix = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    address = Address(parts.scheme, host, port or _PORTS[parts.scheme], prefix)
    if not address.secure and not address.is_loopback and not allow_http:
        raise MeshAPIError(
            f"The key would travel unencrypted to {address.tried}: use https, or allow http for this gateway",
            error_code="insecure_url",
            param="base_url",
        )
    return address


def shown(url: str) -> str:
    """Return a URL as it may be shown: without user name, password, query and fragment."""
    return url.split("?")[0].split("#")[0].rpartition("@")[2][:200] if "@" in url else url.split("?")[0][:200]


def _bad(message: str) -> MeshAPIError:
    return MeshAPIError(message, error_code="invalid_request", param="base_url")


def read_key(token: str) -> str:
    """Return the key without surrounding blanks; refuse one that cannot stand in a header, without showing it."""
    key = token.strip()
    if not all("!" <= character <= "~" for character in key):
        raise MeshAPIError(
            "The key holds blanks or characters that no key has; copy it again", error_code="invalid_key"
        )
    return key


def key_from(environment: Mapping[str, str] | None = None) -> str:
    """Return the key that the environment names, first of MESHAPI_API_KEY, MESH_API_KEY, MESHAPI_TOKEN, or ""."""
    values = os.environ if environment is None else environment
    return next((values[name].strip() for name in KEY_VARIABLES if values.get(name, "").strip()), "")


def base_url_from(environment: Mapping[str, str] | None = None) -> str:
    """Return the base URL that MESHAPI_BASE_URL names, or the gateway's own."""
    values = os.environ if environment is None else environment
    return values.get(BASE_URL_VARIABLE, "").strip() or MESH_GATEWAY

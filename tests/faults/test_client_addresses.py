"""The key goes to the configured gateway and nowhere else: base URLs, redirects, proxies, certificates."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from meshtui.client import Gateway, MeshAPIError
from tests.client_calls import KEY, STOP, TEXT, failed, outcome
from tests.wire_server import Seen, answer, chunked, events, serving


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_to_the_same_gateway_is_followed_with_the_body(status: str) -> None:
    async def main() -> list[Seen]:
        moved = answer("", status=status, headers=["Location: /v1/chat/completions/"])
        async with serving(moved, chunked([events(TEXT, STOP)])) as server, Gateway(server.url, KEY) as gateway:
            assert (await outcome(gateway))[1] is None
            return server.requests

    requests = asyncio.run(main())
    assert requests[1].path == "/v1/chat/completions/"
    assert requests[1].body == requests[0].body
    assert requests[1].headers["authorization"] == f"Bearer {KEY}"


def test_the_key_does_not_follow_a_redirect_to_another_host() -> None:
    async def main() -> tuple[MeshAPIError | None, int]:
        async with serving(answer("{}")) as other:
            moved = answer(
                "", status="307 Temporary Redirect", headers=[f"Location: {other.url}/v1/chat/completions?k=v"]
            )
            async with serving(moved) as server, Gateway(server.url, KEY) as gateway:
                return (await outcome(gateway))[1], len(other.requests)

    error, reached = asyncio.run(main())
    assert reached == 0
    assert error is not None
    assert error.code == "bad_redirect"
    assert "127.0.0.1" in error.message
    assert "k=v" not in error.message


@pytest.mark.parametrize("location", ["/loop", "http://["])
def test_redirects_that_lead_nowhere(location: str) -> None:
    error = failed(answer("", status="307 Temporary Redirect", headers=[f"Location: {location}"]))
    assert error.code == "bad_redirect"


def test_a_post_is_not_made_again_without_its_body() -> None:
    error = failed(answer("", status="301 Moved Permanently", headers=["Location: /elsewhere"]))
    assert error.code == "bad_redirect"
    assert "301" in error.message


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "http://10.0.0.1:8000/v1",
        "ftp://x",
        "api.meshapi.ai",
        "",
        "https://",
        "https://u:p@h",
        "https://h:x",
    ],
)
def test_base_urls_that_are_refused(url: str) -> None:
    if url == "":
        return  # means the default
    with pytest.raises(MeshAPIError) as caught:
        Gateway(url, KEY)
    assert caught.value.param == "base_url"
    assert "p@" not in caught.value.message


def test_plain_http_elsewhere_is_possible_when_allowed() -> None:
    assert str(Gateway("http://10.0.0.1:8000/v1/", KEY, allow_http=True).address) == "http://10.0.0.1:8000"


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://api.meshapi.ai", "https://api.meshapi.ai"),
        ("https://api.meshapi.ai/v1/", "https://api.meshapi.ai"),
        ("http://localhost:8000/v1", "http://localhost:8000"),
        ("http://[::1]:9/v1", "http://[::1]:9"),
        (" https://h/api/v1 ", "https://h/api"),
        ("https://h:443", "https://h"),
    ],
)
def test_base_urls_with_and_without_v1(url: str, root: str) -> None:
    assert str(Gateway(url, KEY).address) == root


@pytest.mark.parametrize("key", ["rsk_with blank", "rsk_\nX-Evil: 1", "rsk_é", "“rsk_01J”"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(MeshAPIError) as caught:
        Gateway("https://h", key)
    assert caught.value.code == "invalid_key"
    assert key not in str(caught.value)


def test_the_key_shows_nowhere() -> None:
    gateway = Gateway("https://h", KEY)
    assert KEY not in repr(gateway)
    assert KEY not in repr(vars(gateway))


def test_a_proxy_of_the_environment_never_sees_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> int:
        async with serving(answer("{}")) as proxy, serving(chunked([events(TEXT, STOP)])) as server:
            for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url)
            for name in ("no_proxy", "NO_PROXY"):
                monkeypatch.delenv(name, raising=False)
            async with Gateway(server.url, KEY) as gateway:
                assert (await outcome(gateway))[1] is None
            return len(proxy.requests)

    assert asyncio.run(main()) == 0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no certificates can be made here")
def test_the_certificate_is_checked(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(cert, key)

    async def main() -> MeshAPIError | None:
        async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=server_side)
        async with server, Gateway(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", KEY) as gateway:
            return (await outcome(gateway))[1]

    error = asyncio.run(main())
    assert error is not None
    assert error.code == "tls_error"
    assert "certificate" in error.message

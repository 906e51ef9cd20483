"""Whatever goes wrong between here and a gateway is one exception that says what was tried, and never the key."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from meshtui.client import Gateway, MeshAPIError, Retries, Timeouts, problem_from
from meshtui.core.problem import ProblemKind
from meshtui.core.turn import Delta, Finished, Opened, TextDelta, UsageDelta
from tests.wire_server import Seen, answer, chunked, events, serving

KEY = "rsk_01JDEMO000000000000000000"
TEXT = '{"id":"c1","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}'
STOP = '{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'


async def outcome(gateway: Gateway, **options: Any) -> tuple[list[Delta], MeshAPIError | None]:
    """Return the deltas of one turn, and what ended it."""
    deltas: list[Delta] = []
    try:
        async for delta in gateway.stream({"model": "m", "messages": []}, **options):
            deltas += [delta]
    except MeshAPIError as error:
        assert KEY not in "".join(traceback.format_exception(error))
        return deltas, error
    return deltas, None


def of_answer(
    raw: bytes | Callable[[Seen, asyncio.StreamWriter], Awaitable[None]], **options: Any
) -> tuple[list[Delta], MeshAPIError | None]:
    async def main() -> tuple[list[Delta], MeshAPIError | None]:
        async with serving(raw) as server, Gateway(server.url, KEY, **options) as gateway:
            return await outcome(gateway)

    return asyncio.run(main())


def failed(raw: bytes | Callable[[Seen, asyncio.StreamWriter], Awaitable[None]], **options: Any) -> MeshAPIError:
    error = of_answer(raw, **options)[1]
    assert error is not None
    return error


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nobody_listens() -> None:
    port = free_port()

    async def main() -> MeshAPIError | None:
        async with Gateway(f"http://127.0.0.1:{port}", KEY) as gateway:
            return (await outcome(gateway))[1]

    error = asyncio.run(main())
    assert error is not None
    assert (error.code, error.status) == ("connect_error", 0)
    assert f"127.0.0.1:{port}" in error.message
    assert "refused" in error.message.lower()
    assert problem_from(error).kind is ProblemKind.NETWORK
    assert problem_from(error).exit_code == 6


def test_no_such_host() -> None:
    async def main() -> MeshAPIError | None:
        async with Gateway("https://nowhere.invalid", KEY) as gateway:
            return (await outcome(gateway))[1]

    error = asyncio.run(main())
    assert error is not None
    assert error.code == "connect_error"
    assert "nowhere.invalid:443" in error.message


def test_tls_to_a_server_without_tls() -> None:
    async def main() -> MeshAPIError | None:
        async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer("what?", status="400 Bad Request"))
            await writer.drain()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server, Gateway(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", KEY) as gateway:
            return (await outcome(gateway))[1]

    error = asyncio.run(main())
    assert error is not None
    assert error.code == "tls_error"
    assert "http://" in error.message
    assert problem_from(error).kind is ProblemKind.TLS


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "protocol_error"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nshort", "stream_cut"),
    ],
)
def test_no_http(raw: bytes, code: str) -> None:
    async def respond(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    assert failed(respond).code == code


def test_the_connection_closes_without_an_answer() -> None:
    async def respond(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.close()

    error = failed(respond)
    assert error.code == "protocol_error"
    assert "without an answer" in error.message


def test_a_cut_inside_a_chunk_keeps_what_came() -> None:
    async def respond(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(chunked([events(TEXT, done=False)], end=False, headers=["X-Request-Id: req_1"]) + b"1f\r\ndata: {")
        await writer.drain()
        writer.close()

    deltas, error = of_answer(respond)
    assert TextDelta("Hello") in deltas
    assert error is not None
    assert (error.code, error.request_id) == ("stream_cut", "req_1")


def test_a_clean_end_without_finish_or_done_is_a_cut() -> None:
    deltas, error = of_answer(chunked([events(TEXT, done=False)]))
    assert deltas[-1] == TextDelta("Hello")
    assert error is not None
    assert error.code == "stream_cut"


@pytest.mark.parametrize("tail", [events(STOP, done=False), events(), b"data: [DONE]", b"data: " + STOP.encode()])
def test_a_finish_reason_or_done_alone_is_a_whole_reply(tail: bytes) -> None:
    deltas, error = of_answer(chunked([events(TEXT, done=False), tail]))
    assert error is None
    assert TextDelta("Hello") in deltas


def test_a_finish_without_any_text_is_left_to_the_session() -> None:
    deltas, error = of_answer(chunked([events(STOP)]))
    assert error is None
    assert deltas[-1] == Finished("stop")


def test_a_cut_after_the_finish_is_no_failure() -> None:
    deltas, error = of_answer(chunked([events(TEXT, STOP, done=False)], end=False))
    assert error is None
    assert Finished("stop") in deltas


def test_silence_after_the_finish_is_waited_for_only_shortly() -> None:
    raw = chunked([events(TEXT, STOP, done=False)], end=False).replace(b"Connection: close\r\n", b"")
    deltas, error = of_answer(raw, timeouts=Timeouts(idle=30, after_finish=0.05))
    assert error is None
    assert Finished("stop") in deltas


@pytest.mark.parametrize("body", [b"", b"\n\n", b": keep-alive\n\n", b"data: [DONE]\n\n", b"\xef\xbb\xbf"])
def test_nothing_is_an_empty_reply(body: bytes) -> None:
    error = failed(chunked([body]))
    assert error.code == "empty_reply"
    assert problem_from(error).kind is ProblemKind.EMPTY


def test_unreadable_events_alone_are_shown() -> None:
    error = failed(chunked([b"data: what?\n\n"]))
    assert error.code == "empty_reply"
    assert "what?" in error.message


def test_silence_is_an_idle_timeout_before_and_after_the_head() -> None:
    async def never(_: Seen, writer: asyncio.StreamWriter) -> None:
        await writer.drain()

    async def pausing(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(chunked([events(TEXT, done=False)], end=False).replace(b"Connection: close\r\n", b""))
        await writer.drain()

    limits = Timeouts(idle=0.05)
    assert failed(never, timeouts=limits).code == "idle_timeout"
    deltas, error = of_answer(pausing, timeouts=limits)
    assert TextDelta("Hello") in deltas
    assert error is not None
    assert error.code == "idle_timeout"
    assert "0.05 s" in error.message
    assert problem_from(error).kind is ProblemKind.TIMEOUT


def test_the_total_limit_ends_a_stream_that_never_rests() -> None:
    async def endless(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(chunked([], end=False))
        while True:
            data = events(TEXT, done=False)
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()

    deltas, error = of_answer(endless, timeouts=Timeouts(total=0.2))
    assert len(deltas) > 10
    assert error is not None
    assert error.code == "total_timeout"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (answer("<html><title>Welcome to nginx!</title></html>", content_type="text/html"), "Welcome to nginx!"),
        (
            answer("<html><title>Welcome to nginx!</title></html>", content_type="text/event-stream"),
            "Welcome to nginx!",
        ),
        (answer("It works!\n", content_type="text/plain"), "It works!"),
        (answer("{not json", content_type="application/json"), "{not json"),
        (answer('{"hello": "world"}'), "hello"),
        (answer("[1, 2]"), "1, 2"),
    ],
)
def test_something_else_answers(raw: bytes, message: str) -> None:
    error = failed(raw)
    assert error.code == "not_a_gateway"
    assert message in error.message
    assert problem_from(error).kind is ProblemKind.NOT_A_GATEWAY


def test_a_json_error_where_a_stream_was_promised() -> None:
    raw = answer('{"error":{"code":"upstream_error","message":"It broke"}}', headers=["X-Request-Id: req_1"])
    error = failed(raw)
    assert (error.code, error.status, error.message, error.request_id) == ("upstream_error", 200, "It broke", "req_1")


def test_a_whole_completion_where_a_stream_was_promised() -> None:
    body = '{"id":"c1","choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}],"usage":{"total_tokens":3}}'
    deltas, error = of_answer(answer(body))
    assert error is None
    assert deltas[-3:] == [TextDelta("Hello"), Finished("stop"), UsageDelta({"total_tokens": 3}, None)]


def test_in_band_error_after_text_and_beside_it() -> None:
    broken = '"error":{"code":"upstream_error","message":"x"},"request_id":"req_1"'
    last = '{"choices":[{"index":0,"delta":{"content":"!"}}],' + broken + "}"
    deltas, error = of_answer(chunked([events(TEXT, last)]))
    assert deltas[-1] == TextDelta("!")
    assert error is not None
    assert (error.code, error.request_id, error.in_band) == ("upstream_error", "req_1", True)


def test_a_refusal_comes_before_any_delta_and_tells_what_the_gateway_said() -> None:
    body = '{"error":{"code":"rate_limit_exceeded","message":"RPM limit reached.","retry_after_seconds":7}}'
    deltas, error = of_answer(answer(body, status="429 Too Many Requests", headers=["Retry-After: 9"]))
    assert deltas == []
    assert error is not None
    assert (error.status, error.retry_after_seconds) == (429, 9)


def test_a_stream_is_sent_once_even_when_it_may_be_retried() -> None:
    async def main() -> int:
        async with serving(answer("{}", status="503 Service Unavailable")) as server:
            async with Gateway(server.url, KEY) as gateway:
                await outcome(gateway)
            return len(server.requests)

    assert asyncio.run(main()) == 1


def test_the_head_is_told_first_and_cookies_are_not_kept() -> None:
    raw = chunked(
        [events(TEXT, STOP)],
        headers=[
            "X-Request-Id: req_1",
            "X-Cache: HIT",
            "X-RateLimit-Remaining: 3",
            "Set-Cookie: a=b",
            "X-Mesh-Version: 2026-09",
        ],
    )
    opened = of_answer(raw)[0][0]
    assert isinstance(opened, Opened)
    assert (opened.status, opened.request_id) == (200, "req_1")
    assert opened.headers["x-cache"] == "HIT"
    assert opened.headers["x-ratelimit-remaining"] == "3"
    assert "set-cookie" not in opened.headers


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


def test_a_request_that_is_no_json_is_refused_here() -> None:
    async def main() -> MeshAPIError | None:
        async with serving(answer("{}")) as server, Gateway(server.url, KEY) as gateway:
            with pytest.raises(MeshAPIError) as caught:
                async for _ in gateway.stream({"messages": [], "temperature": float("nan")}):
                    pass
            return caught.value

    error = asyncio.run(main())
    assert error is not None
    assert error.code == "invalid_request"


def test_a_lone_surrogate_in_the_prompt_does_not_stop_the_request() -> None:
    async def main() -> bytes:
        async with serving(chunked([events(TEXT, STOP)])) as server, Gateway(server.url, KEY) as gateway:
            async for _ in gateway.stream({"messages": [{"role": "user", "content": "a\ud83d"}]}):
                pass
            return server.requests[0].body

    assert "a\ufffd".encode() in asyncio.run(main())


def test_stopping_closes_the_connection_at_once() -> None:
    async def main() -> None:
        gone = asyncio.Event()

        async def endless(_: Seen, writer: asyncio.StreamWriter) -> None:
            writer.write(chunked([events(TEXT, done=False)], end=False))
            await writer.drain()
            try:
                while True:
                    await asyncio.sleep(0.001)
                    writer.write(b"c\r\n: waiting..\n\r\n")
                    await writer.drain()
            except ConnectionError:
                gone.set()

        async with serving(endless) as server, Gateway(server.url, KEY) as gateway:
            deltas = gateway.stream({"messages": []})
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    break
            await deltas.aclose()
            async with asyncio.timeout(5):
                await gone.wait()

    asyncio.run(main())


def test_cancelling_ends_a_turn_that_waits() -> None:
    async def main() -> None:
        async def never(_: Seen, writer: asyncio.StreamWriter) -> None:
            await writer.drain()

        async with serving(never) as server, Gateway(server.url, KEY) as gateway:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await outcome(gateway)

    asyncio.run(main())


def waits_of(*answers: bytes, retries: Retries | None = None) -> tuple[list[float], Any, int]:
    """Return how long was waited between the tries of one call, what came of it, and how many tries there were."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def main() -> tuple[Any, int]:
        async with serving(*answers) as server:
            gateway = Gateway(server.url, KEY, sleep=sleep, retries=retries or Retries(chance=lambda: 0.0))
            async with gateway:
                try:
                    result: Any = (await gateway.request("POST", "/v1/x", body={}))[0]
                except MeshAPIError as error:
                    result = error
                return result, len(server.requests)

    result, tries = asyncio.run(main())
    return waits, result, tries


OK = answer('{"ok": true}')


def refusal(status: str, code: str = "", *headers: str) -> bytes:
    return answer(f'{{"error":{{"code":"{code}","message":"x"}}}}' if code else "", status=status, headers=headers)


@pytest.mark.parametrize("status", ["429 X", "502 X", "503 X", "504 X", "408 X", "529 X"])
def test_passing_failures_are_tried_again_with_doubling_waits(status: str) -> None:
    waits, result, tries = waits_of(refusal(status), refusal(status), refusal(status), OK)
    assert (waits, result, tries) == ([0.5, 1.0, 2.0], {"ok": True}, 4)


def test_after_three_retries_the_last_error_is_raised() -> None:
    waits, result, tries = waits_of(refusal("503 X"))
    assert (len(waits), result.status, tries) == (3, 503, 4)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("402 X", "spend_limit_exceeded"),
        ("429 X", "spend_limit_exceeded"),
        ("429 X", "insufficient_quota"),
        ("500 X", "provider_job_failed"),
        ("502 X", "all_models_failed"),
        ("500 X", "upstream_error"),
        ("400 X", "bad_request"),
        ("401 X", "unauthorized"),
        ("404 X", "model_not_found"),
        ("422 X", "validation_error"),
    ],
)
def test_what_would_fail_again_is_not_tried_again(status: str, code: str) -> None:
    assert waits_of(refusal(status, code), OK)[2] == 1


def test_a_gateway_bug_is_tried_again_once() -> None:
    assert waits_of(refusal("500 X", "internal_error"))[2] == 2


def test_retry_after_is_honoured_in_full_and_jitter_only_adds() -> None:
    waits, result, _ = waits_of(refusal("429 X", "", "Retry-After: 60"), OK, retries=Retries(chance=lambda: 1.0))
    assert result == {"ok": True}
    assert 60.0 <= waits[0] <= 61.0


def test_a_retry_after_beyond_ninety_seconds_is_given_up_at_once() -> None:
    waits, result, tries = waits_of(refusal("429 X", "", "Retry-After: 120"), OK)
    assert (waits, tries, result.retry_after_seconds) == ([], 1, 120)


def test_waits_are_capped_and_jitter_never_shortens() -> None:
    retries = Retries(count=10, chance=lambda: 0.0)
    busy = MeshAPIError("x", status=503, error_code="provider_not_available")
    assert [retries.wait(busy, tried) for tried in (1, 7, 10, 11)] == [0.5, 30.0, 30.0, None]
    most = Retries(count=10, chance=lambda: 1.0).wait(busy, 1)
    assert most is not None
    assert 0.5 < most <= 0.625


def test_a_refused_connection_is_tried_again() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def main() -> None:
        async with Gateway(f"http://127.0.0.1:{free_port()}", KEY, sleep=sleep) as gateway:
            with pytest.raises(MeshAPIError):
                await gateway.catalogue()

    asyncio.run(main())
    assert len(waits) == 3


@pytest.mark.parametrize(
    ("body", "ids", "dropped"),
    [
        ('[{"id":"a/b"},{"id":null},7,{"id":"c"}]', ["a/b", "c"], 2),
        ('{"object":"list","data":[{"id":"a"}],"models":[{"name":"a"}]}', ["a"], 0),
        ('{"models":[{"id":"a"}]}', ["a"], 0),
        ("{}", [], 0),
        ("", [], 0),
    ],
)
def test_catalogues_of_every_shape(body: str, ids: list[str], dropped: int) -> None:
    async def main() -> None:
        moved = answer("", status="307 Temporary Redirect", headers=["Location: /v1/models/"])
        async with serving(moved, answer(body)) as server, Gateway(server.url, KEY) as gateway:
            catalogue = await gateway.catalogue()
            assert [row["id"] for row in catalogue.rows] == ids
            assert catalogue.dropped == dropped
            assert catalogue.available

    asyncio.run(main())


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed"])
def test_a_gateway_without_a_catalogue(status: str) -> None:
    async def main() -> None:
        async with serving(answer("", status=status)) as server, Gateway(server.url, KEY) as gateway:
            assert not (await gateway.catalogue()).available

    asyncio.run(main())


def test_a_refused_key_fails_the_check() -> None:
    async def main() -> None:
        raw = answer('{"error":{"code":"unauthorized","message":"no"}}', status="401 Unauthorized")
        async with serving(raw) as server, Gateway(server.url, KEY) as gateway:
            with pytest.raises(MeshAPIError) as caught:
                await gateway.check()
            assert problem_from(caught.value).kind is ProblemKind.KEY_REFUSED

    asyncio.run(main())


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


def test_the_recorder_sees_everything_that_came_with_its_time() -> None:
    from meshtui.client import WireEvent

    async def main() -> list[WireEvent]:
        seen: list[WireEvent] = []
        raw = chunked([b": hi\n\nevent: x\ndata: nonsense\n\n", events(TEXT, STOP)], headers=["X-Request-Id: req_1"])
        async with serving(raw) as server, Gateway(server.url, KEY) as gateway:
            await outcome(gateway, on_event=seen.append)
        return seen

    seen = asyncio.run(main())
    assert [event.name for event in seen] == ["response", "x", "message", "message", "message"]
    assert '"x-request-id": "req_1"' in seen[0].data
    assert [event.data for event in seen[1:]] == ["nonsense", TEXT, STOP, "[DONE]"]
    assert [event.at for event in seen] == sorted(event.at for event in seen)
    assert seen[0].at >= 0

"""Whatever goes wrong between here and a gateway is one exception that says what was tried, and never the key."""

from __future__ import annotations

import asyncio

import pytest

from meshtui.client import Gateway, MeshAPIError, Timeouts, problem_from
from meshtui.core.problem import ProblemKind
from meshtui.core.turn import Finished, Opened, TextDelta, UsageDelta
from tests.client_calls import KEY, STOP, TEXT, failed, free_port, of_answer, outcome
from tests.wire_server import Seen, answer, chunked, events, serving


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
            writer.close()

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
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nshort", "stream_interrupted"),
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
    assert (error.code, error.request_id) == ("stream_interrupted", "req_1")


def test_a_clean_end_without_finish_or_done_is_a_cut() -> None:
    deltas, error = of_answer(chunked([events(TEXT, done=False)]))
    assert deltas[-1] == TextDelta("Hello")
    assert error is not None
    assert error.code == "stream_interrupted"


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

    deltas, error = of_answer(endless, timeouts=Timeouts(total=1.0))
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


@pytest.mark.parametrize("body", ['{"choices":[{"message":{"content":"Hel', '{"choices":[', '{"id":"c1",'])
def test_a_whole_reply_that_breaks_off_is_a_cut(body: str) -> None:
    assert failed(answer(body)).code == "stream_interrupted"


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
            async with asyncio.timeout(60):
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

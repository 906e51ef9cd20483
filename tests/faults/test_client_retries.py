"""When a call that does not stream is made again, and the catalogue that comes of one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from meshtui.client import Gateway, MeshAPIError, Retries, problem_from
from meshtui.core.problem import ProblemKind
from tests.client_calls import KEY, free_port
from tests.wire_server import answer, serving


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
    ("body", "ids"),
    [
        ('[{"id":"a/b"},{"id":null},7,{"id":"c"}]', ["a/b", "c"]),
        ('{"object":"list","data":[{"id":"a"}],"models":[{"name":"a"}]}', ["a"]),
        ('{"models":[{"id":"a"}]}', ["a"]),
        ("{}", []),
        ("", []),
    ],
)
def test_catalogues_of_every_shape(body: str, ids: list[str]) -> None:
    async def main() -> None:
        moved = answer("", status="307 Temporary Redirect", headers=["Location: /v1/models/"])
        async with serving(moved, answer(body)) as server, Gateway(server.url, KEY) as gateway:
            assert [row["id"] for row in await gateway.catalogue()] == ids

    asyncio.run(main())


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed"])
def test_a_gateway_without_a_catalogue(status: str) -> None:
    async def main() -> None:
        async with serving(answer("", status=status)) as server, Gateway(server.url, KEY) as gateway:
            assert await gateway.catalogue() == []

    asyncio.run(main())


def test_a_refused_key_is_no_empty_catalogue() -> None:
    async def main() -> None:
        raw = answer('{"error":{"code":"unauthorized","message":"no"}}', status="401 Unauthorized")
        async with serving(raw) as server, Gateway(server.url, KEY) as gateway:
            with pytest.raises(MeshAPIError) as caught:
                await gateway.catalogue()
            assert problem_from(caught.value).kind is ProblemKind.KEY_REFUSED

    asyncio.run(main())

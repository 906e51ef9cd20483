"""Limits and money through the sandbox, with a clock of the test's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from meshtui.sandbox import Settings
from tests.sandbox_caller import Caller, calling

# 2026-03-14 12:00:40 UTC: 20 s to the end of the minute, 43,160 s to the end of the day.
NOON = 1_773_489_640.0


class Clock:
    """Time that only the test moves."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def limits(caller: Caller) -> dict[str, Any]:
    rows: dict[str, Any] = caller.http.get("/v1/usage/rate-limits").json()["key"]
    return rows


def test_requests_per_minute_end_with_the_minute() -> None:
    clock = Clock()
    with calling(Settings(rpm=2, clock=clock)) as caller:
        assert [caller.post().status_code for _ in range(3)] == [200, 200, 429]
        response = caller.post()
        error = response.json()["error"]
        assert error["code"] == "rate_limit_exceeded" and "RPM" in error["message"]
        assert (response.headers["retry-after"], error["retry_after_seconds"]) == ("20", 20)
        assert limits(caller)["rpm"] == {
            "current": 2,
            "limit": 2,
            "pct": 100.0,
            "resets_in_seconds": 20,
            "is_default_limit": False,
        }
        clock.now += 19.5
        assert caller.post().headers["retry-after"] == "1"
        clock.now += 0.5
        assert caller.post().status_code == 200
        assert limits(caller)["rpm"]["resets_in_seconds"] == 60


def test_requests_per_day_end_at_midnight_utc() -> None:
    clock = Clock()
    with calling(Settings(rpm=None, rpd=1, clock=clock)) as caller:
        caller.post()
        response = caller.post()
        assert "RPD" in response.json()["error"]["message"]
        assert response.headers["retry-after"] == "43160"
        clock.now += 43_160
        assert caller.post().status_code == 200


def test_tokens_per_minute_count_prompt_and_reply_once_a_limit_is_set() -> None:
    clock = Clock()
    with calling(Settings(rpm=None, tpm=600, clock=clock)) as caller:
        usage = caller.reply("sandbox/long-500")["usage"]
        assert limits(caller)["tpm"]["current"] == usage["total_tokens"]
        status, error = caller.refused("sandbox/haiku", "word " * 150)
        assert status == 429 and "TPM" in error["message"]
        assert caller.post("sandbox/haiku", "short").status_code == 200
        clock.now += 20
        assert caller.post("sandbox/haiku", "word " * 150).status_code == 200
    with calling() as caller:
        assert limits(caller)["tpm"]["limit"] is None


def test_free_models_and_comparisons_count_and_invalid_requests_do_not() -> None:
    with calling(Settings(rpm=10, clock=Clock())) as caller:
        caller.post("sandbox/fast")
        caller.post(temperature=9)
        body = {"models": ["sandbox/fast", "sandbox/haiku"], "messages": [{"role": "user", "content": "x"}]}
        assert caller.http.post("/v1/chat/compare", json=body).status_code == 200
        caller.http.get("/v1/models")
        assert limits(caller)["rpm"]["current"] == 2


def test_each_key_has_its_own_windows() -> None:
    with calling(Settings(rpm=1, clock=Clock())) as caller, Caller(caller.box, "rsk_another_key") as other:
        assert [caller.post().status_code, caller.post().status_code, other.post().status_code] == [200, 429, 200]


def test_the_cap_is_soft_one_request_crosses_it_and_the_next_is_refused() -> None:
    with calling(Settings(rpm=None, spend_cap=Decimal("0.05"))) as caller:
        assert caller.post("sandbox/expensive").status_code == 200
        status, error = caller.refused("sandbox/expensive")
        assert (status, error["code"]) == (402, "spend_limit_exceeded") and "of $0.05" in error["message"]
        assert caller.refused("sandbox/fast")[0] == 402
        assert caller.stream("sandbox/haiku").response.status_code == 402


def test_the_balance_may_go_below_zero_and_then_stops_paid_models_only() -> None:
    with calling(Settings(rpm=None, balance=Decimal("0.01"))) as caller:
        assert caller.stream("sandbox/expensive").done
        row = caller.http.get("/v1/balance").json()
        assert Decimal(row["balance_usd"]) < 0 and row["available_usd"] == "0.00000000"
        assert caller.refused("openai/gpt-4o")[0] == 402
        assert caller.post("sandbox/fast").status_code == 200
        body = {"models": ["openai/gpt-4o", "sandbox/fast"], "messages": [{"role": "user", "content": "x"}]}
        assert caller.http.post("/v1/chat/compare", json=body).status_code == 402


def test_keys_that_behave() -> None:
    with calling(Settings(rpm=None, clock=Clock())) as caller:
        for key, model, code in (
            ("rsk_broke000", "openai/gpt-4o", "spend_limit_exceeded"),
            ("rsk_capped00", "sandbox/fast", "spend_limit_exceeded"),
            ("rsk_restricted", "anthropic/claude-haiku-4.5", "model_excluded"),
        ):
            with Caller(caller.box, key) as other:
                assert other.refused(model)[1]["code"] == code
        with Caller(caller.box, "rsk_limited0") as other:
            assert [other.post().status_code for _ in range(3)] == [200, 200, 429]
        with Caller(caller.box, "rsk_restricted") as other:
            assert other.post("openai/gpt-4o").status_code == 200
            assert other.refused("auto", weight_profile="quality_first")[1]["code"] == "model_excluded"


def test_checks_come_in_the_gateways_order() -> None:
    """Body, rate limit, spend, access, template, balance, lookup: whatever is mended, the next one speaks."""
    with calling(Settings(rpm=1, clock=Clock())) as caller, Caller(caller.box, "rsk_restricted_broke") as limited:
        limited.post("sandbox/fast")
        assert limited.refused("no/such", temperature=9)[0] == 422
        assert limited.refused("no/such")[0] == 429
    settings = Settings(rpm=None, spend_cap=Decimal("0.0001"), balance=Decimal(0))
    with calling(settings, key="rsk_restricted") as caller:
        assert caller.refused("google/gemini-2.5-pro", template="nope")[1]["code"] == "model_excluded"
        assert caller.refused("no/such", template="nope")[1]["message"].startswith("Template")
        assert caller.refused("no/such")[1]["code"] == "spend_limit_exceeded"
        caller.box.state.account("rsk_restricted").balance = Decimal(1)
        assert caller.refused("no/such")[1]["code"] == "model_not_found"
        caller.box.state.account("rsk_restricted").spent = Decimal(1)
        assert "Spend limit" in caller.refused("google/gemini-2.5-pro")[1]["message"]

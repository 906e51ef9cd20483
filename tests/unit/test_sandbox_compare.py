"""Comparisons through the sandbox, whole and streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from meshtui.sandbox import Settings
from tests.sandbox_caller import Caller, Streamed, calling

MODELS = ["openai/gpt-4o-mini", "sandbox/haiku", "sandbox/markdown"]


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with calling(Settings(rpm=None, compare_timeout=0.1)) as caller:
        yield caller


def body(models: list[str], **fields: Any) -> dict[str, Any]:
    return {"models": models, "messages": [{"role": "user", "content": "Which is best?"}], **fields}


def compared(caller: Caller, models: list[str] = MODELS, **fields: Any) -> dict[str, Any]:
    response = caller.http.post("/v1/chat/compare", json=body(models, **fields))
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()
    return {**result, "header": response.headers["x-request-id"]}


def streamed(caller: Caller, models: list[str] = MODELS, **fields: Any) -> Streamed:
    request = body(models, stream=True, **fields)
    with caller.http.stream("POST", "/v1/chat/compare", json=request) as response:
        return Streamed(response, b"".join(response.iter_raw()))


def test_a_comparison_has_every_models_answer_and_a_verdict(caller: Caller) -> None:
    result = compared(caller, [*MODELS, "sandbox/haiku"])
    assert result["comparison_id"].startswith("cmp_") and result["object"] == "compare.completion"
    assert result["models"] == [row["model"] for row in result["results"]] == MODELS
    for row in result["results"]:
        assert row["error"] is None and row["request_id"] == f"{result['header']}::{row['model']}"
        assert row["response_body"]["choices"][0]["message"]["content"] == row["content"]
        assert row["usage"]["completion_tokens"] > 0 and isinstance(row["latency_ms"], int)
    assert result["comparison_model"] == "openai/gpt-4o-mini" and "## Comparison" in result["comparison"]
    assert result["comparison_usage"]["completion_tokens"] > 0
    assert (result["partial"], result["skip_comparison"], result["comparison_fallback_used"]) == (False, False, False)


def test_a_model_says_the_same_in_a_comparison_as_alone(caller: Caller) -> None:
    alone = caller.text("openai/gpt-4o-mini", "Which is best?")
    assert compared(caller)["results"][0]["content"] == alone


def test_one_failure_does_not_fail_the_call(caller: Caller) -> None:
    models = [
        "sandbox/haiku",
        "no/such",
        "sandbox/fault-504",
        "sandbox/fault-hang",
        "sandbox/fault-cut",
        "sandbox/fast",
    ]
    result = compared(caller, models)
    codes = [row["error_code"] for row in result["results"]]
    assert codes == [None, "model_not_found", "gateway_timeout", "gateway_timeout", "upstream_error", None]
    assert result["partial"] is True and result["comparison"]
    assert all(row["content"] is None and isinstance(row["error"], str) for row in result["results"][1:5])


def test_there_is_no_judge_for_one_answer_or_when_it_is_skipped(caller: Caller) -> None:
    assert compared(caller, ["sandbox/haiku", "no/such"])["comparison"] is None
    skipped = compared(caller, skip_comparison=True)
    assert (skipped["comparison"], skipped["comparison_model"], skipped["skip_comparison"]) == (None, None, True)


def test_a_judge_that_cannot_be_had_is_replaced(caller: Caller) -> None:
    for judge in ("no/such", "sandbox/fault-503"):
        result = compared(caller, comparison_model=judge)
        assert result["comparison_fallback_used"] is True and result["comparison_model"] == "openai/gpt-4o-mini"


def test_all_failed_is_a_502_in_its_odd_shape(caller: Caller) -> None:
    response = caller.http.post("/v1/chat/compare", json=body(["no/such", "sandbox/fault-cut"]))
    error = response.json()["detail"]["error"]
    assert (response.status_code, error["code"]) == (502, "all_models_failed")
    assert [row["model"] for row in error["details"]] == ["no/such", "sandbox/fault-cut"]


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({"models": []}, ["body", "models"]),
        ({"models": ["a/b"] * 11}, ["body", "models"]),
        ({"temperature": 3}, ["body", "temperature"]),
        ({"model_overrides": [{"model": "a", "max_tokens": 0}]}, ["body", "model_overrides", 0, "max_tokens"]),
        ({"messages": None}, ["body", "messages"]),
    ],
)
def test_a_bad_comparison_is_a_422(caller: Caller, fields: dict[str, Any], loc: list[str | int]) -> None:
    response = caller.http.post("/v1/chat/compare", json={**body(MODELS), **fields})
    assert response.status_code == 422
    assert loc in [row["loc"] for row in response.json()["error"]["details"]]


def test_overrides_and_templates_reach_the_models(caller: Caller) -> None:
    caller.http.post("/v1/templates", json={"name": "t", "system": "Be {{tone}}.", "params": {"temperature": 0.4}})
    overrides = [{"model": "sandbox/echo", "system_prompt": "You only.", "temperature": 1.5}]
    result = compared(
        caller,
        ["sandbox/echo", "sandbox/haiku"],
        model_overrides=overrides,
        template="t",
        variables={"tone": "kind"},
        skip_comparison=True,
    )
    echo = result["results"][0]["content"]
    assert echo.index("You only.") < echo.index("Be kind.") < echo.index("Which is best?")
    assert '"temperature": 1.5' in echo


def test_a_comparison_is_billed_by_model_and_judge(caller: Caller) -> None:
    result = compared(caller)
    rows = caller.http.post("/v1/usage/events", json={"org_id": "", "limit": 4}).json()["events"]
    names = [f"{result['header']}::{name}" for name in [*MODELS, "comparison"]]
    assert [row["request_id"] for row in reversed(rows)] == names


def test_the_events_of_a_judged_stream(caller: Caller) -> None:
    got = streamed(caller, [*MODELS, "no/such"])
    names = [name for name, _ in got.events]
    assert names[0] == "meta" and names[-1] == "done" and not got.done
    assert names.count("model_chunk") == 4 and names.count("model_done") == 1
    assert names.index("model_done") < names.index("comparison_chunk")
    meta, ending = got.events[0][1], got.events[-1][1]
    assert meta["models"] == [*MODELS, "no/such"] and meta["skip_comparison"] is False
    assert ending["comparison_id"] == meta["comparison_id"] and ending["partial"] is True
    chunks = {data["model"]: data for name, data in got.events if name == "model_chunk"}
    assert chunks["sandbox/haiku"]["delta"].count("\n") == 2
    assert chunks["no/such"]["error_code"] == "model_not_found" and isinstance(chunks["no/such"]["error"], str)
    results = next(data for name, data in got.events if name == "model_done")["results"]
    assert [row["model"] for row in results] == [*MODELS, "no/such"]
    verdict = [data for name, data in got.events if name == "comparison_chunk"]
    assert "## Comparison" in "".join(data["delta"] for data in verdict)
    assert verdict[-1]["finish_reason"] == "stop"


def test_the_events_of_a_stream_without_a_judge_interleave_the_models(caller: Caller) -> None:
    got = streamed(caller, ["sandbox/markdown", "openai/gpt-4o", "sandbox/fault-stall"], skip_comparison=True)
    names = {name for name, _ in got.events}
    assert names == {"meta", "model_chunk", "model_stream_done", "done"}
    assert got.events[0][1]["comparison_model"] is None and got.events[-1][1]["skip_comparison"] is True
    chunks = [data for name, data in got.events if name == "model_chunk"]
    assert len({data["model"] for data in chunks[:6]}) == 3
    text = "".join(data["delta"] for data in chunks if data["model"] == "openai/gpt-4o")
    assert text == caller.text("openai/gpt-4o", "Which is best?")
    endings = {data["model"]: data for name, data in got.events if name == "model_stream_done"}
    assert endings["openai/gpt-4o"]["finish_reason"] == "stop" and endings["openai/gpt-4o"]["usage"]
    stalled = endings["sandbox/fault-stall"]
    assert stalled["error"].startswith("Model timed out") and stalled["finish_reason"] is None


def test_a_judged_stream_in_which_all_failed_ends_with_an_error_object(caller: Caller) -> None:
    got = streamed(caller, ["no/such", "sandbox/fault-500"])
    assert got.events[-1][1]["error"]["code"] == "all_models_failed"


def test_done_after_the_last_event_by_switch() -> None:
    with calling(Settings(switches={"compare-done": "present"})) as caller:
        assert streamed(caller).done


def test_a_comparison_can_be_cut_like_any_stream() -> None:
    with calling(Settings(faults=("cut-clean",))) as caller:
        assert streamed(caller).events[-1][0] != "done"

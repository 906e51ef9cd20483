"""A turn: the fold over deltas, its one end, and problems as values."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.chat import ImagePart, TextPart
from meshtui.core.json.text import json_or
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import (
    ENDED,
    Delta,
    Finished,
    MediaDelta,
    Noise,
    Opened,
    ReasoningDelta,
    ReasoningDetails,
    ReplyMeta,
    TextDelta,
    ToolFragment,
    Turn,
    TurnState,
    UsageDelta,
)


def turn(*deltas: Delta) -> Turn:
    """A turn that was sent, with some deltas a second apart."""
    made = Turn("t1", {"model": "m", "messages": []})
    made.sent()
    for second, delta in enumerate(deltas, 1):
        made.apply(delta, float(second))
    return made


def test_the_states_on_the_way() -> None:
    made = Turn("t1", {"messages": []})
    states = [made.state]
    made.sent()
    states.append(made.state)
    assert states == [TurnState.QUEUED, TurnState.WAITING] and made.model == ""
    made.apply(Opened(200, "req_1", {"x-cache": "HIT"}), 0.1)
    made.apply(ReplyMeta("c1", "served"), 0.2)
    made.apply(UsageDelta({"prompt_tokens": 1}), 0.2)
    states.append(made.state)
    assert made.first_at is None and not made.has_output
    made.apply(TextDelta("a"), 0.5)
    made.apply(TextDelta("b"), 0.9)
    states.append(made.state)
    assert made.first_at == 0.5 and made.last_at == 0.9
    made.sent()
    states.append(made.state)
    assert states[2:] == [TurnState.WAITING, TurnState.STREAMING, TurnState.STREAMING]


@pytest.mark.parametrize("first", sorted(ENDED))
@pytest.mark.parametrize("second", sorted(ENDED))
def test_a_turn_ends_once(first: TurnState, second: TurnState) -> None:
    made = turn(TextDelta("kept"))
    problem = Problem(ProblemKind.NETWORK, "x", "y") if first is TurnState.FAILED else None
    assert made.end(first, 3.0, 100.0, problem)
    assert not made.end(second, 9.0, 999.0, Problem(ProblemKind.BUG, "late", ""))
    assert (made.state, made.total, made.ended_at, made.problem) == (first, 3.0, 100.0, problem)
    assert made.ended and str(made.content) == "kept"


def test_a_turn_can_end_before_it_was_sent() -> None:
    made = Turn("t1", {})
    assert made.end(TurnState.STOPPED, 0.0, 1.0) and made.reply().is_empty


@pytest.mark.parametrize(("known", "said", "expected"), [("a", None, "a"), (None, "b", "b"), ("a", "b", "b")])
def test_turn_and_problem_share_the_request_id(known: str | None, said: str | None, expected: str) -> None:
    made = turn(Opened(200, known))
    problem = Problem(ProblemKind.STREAM_ERROR, "x", "y", request_id=said)
    made.end(TurnState.FAILED, 1.0, 1.0, problem)
    assert problem.request_id == expected
    assert made.request_id == (known or said)


def test_the_reply_holds_all_that_arrived() -> None:
    made = turn(
        ReasoningDelta("think"),
        TextDelta("Look: "),
        MediaDelta(ImagePart("data:image/png;base64,AA")),
        TextDelta("a picture"),
        ToolFragment(0, "c1", "f", "{}"),
        ReasoningDetails(({"a": 1},)),
        ReasoningDetails(({"b": 2},)),
    )
    reply = made.reply()
    assert reply.content == (TextPart("Look: a picture"), ImagePart("data:image/png;base64,AA"))
    assert reply.reasoning == "think" and reply.reasoning_details == ({"a": 1}, {"b": 2})
    assert [call.name for call in reply.tool_calls] == ["f"]
    assert made.reasoning_total == 1.0, "from the first thought to the first word"
    assert turn(ToolFragment(0, "c1", "f", "{}")).reply().content is None


def test_the_last_word_wins_and_nothing_said_is_taken_back() -> None:
    made = turn(
        UsageDelta({"prompt_tokens": 1}, Decimal("0.1")),
        UsageDelta({"prompt_tokens": 2}),
        UsageDelta(None, Decimal("0.2")),
        ReplyMeta("c1", "m1", {"x": 1}),
        ReplyMeta(None, None, {"y": 2}),
        ReplyMeta("", "m2"),
        Finished("stop"),
        Finished("tool_calls"),
        Opened(200, "req_1", {"a": "b"}),
        Opened(200, None, {"a": "c"}),
    )
    assert made.usage == {"prompt_tokens": 2} and made.cost == Decimal("0.2")
    assert (made.reply_id, made.served_model, made.meta) == ("c1", "m2", {"x": 1, "y": 2})
    assert made.finish_reason == "tool_calls" and made.request_id == "req_1" and made.headers == {"a": "c"}


def test_noise_is_counted_with_one_short_sample() -> None:
    made = turn(Noise("bad_json", "x" * 9999), Noise("bad_json", "second"), Noise("unknown_event"))
    assert made.noise == {"bad_json": 2, "unknown_event": 1}
    assert made.samples["bad_json"] == "x" * 500


deltas = st.lists(
    st.one_of(
        st.builds(TextDelta, st.text()),
        st.builds(ReasoningDelta, st.text()),
        st.builds(ToolFragment, st.none() | st.integers(0, 2), st.none(), st.just("f"), st.text()),
        st.builds(Finished, st.text()),
        st.builds(Noise, st.text(max_size=2)),
    )
)


@given(deltas)
def test_the_fold_loses_no_text(stream: list[Any]) -> None:
    made = turn(*stream)
    assert str(made.content) == "".join(d.text for d in stream if isinstance(d, TextDelta))
    assert str(made.reasoning) == "".join(d.text for d in stream if isinstance(d, ReasoningDelta))
    assert sum(made.noise.values()) == sum(isinstance(d, Noise) for d in stream)


def test_a_request_can_be_read_when_it_is_asked_for() -> None:
    reads = []

    def read() -> dict[str, Any]:
        reads.append(1)
        return {"model": "m", "messages": [1]}

    made = Turn("t1", read, model="m")
    assert made.model == "m" and not reads
    assert made.request["messages"] == [1] and made.request["model"] == "m" and len(reads) == 1
    made.release_request(lambda: {"messages": [2]})
    assert made.request["messages"] == [2]


# What `meshtui run --json` prints (design, section 5)


def test_the_result_of_a_good_turn() -> None:
    made = turn(
        Opened(200, "req_1"),
        TextDelta("Four."),
        ToolFragment(0, "c1", "f", '{"a": 1}'),
        ToolFragment(1, "c2", "g", '{"a'),
        UsageDelta({"prompt_tokens": 12}, Decimal("0.00000810")),
        Finished("stop"),
    )
    made.end(TurnState.DONE, 6.5, 1.0)
    result, unknown = json.loads(json.dumps(made.result())), {"state": "unknown_tool", "faults": []}
    assert list(result) == [
        "message", "finish_reason", "model", "request_id", "usage", "cost_usd", "timing", "interrupted", "error",
    ]  # fmt: skip
    assert result["message"]["tool_calls"] == [
        {"id": "c1", "name": "f", "arguments": '{"a": 1}', "parsed": {"a": 1}, "verdict": unknown},
        {"id": "c2", "name": "g", "arguments": '{"a', "parsed": None, "verdict": unknown},
    ]
    assert result["cost_usd"] == "0.00000810" and result["timing"] == {"ttft_ms": 2000, "total_ms": 6500}
    assert result["interrupted"] is False and result["error"] is None and result["model"] == "m"


def test_the_result_of_a_cut_turn_keeps_the_partial_message() -> None:
    made = turn(Opened(200, "req_1"), TextDelta("Fo"))
    made.end(TurnState.FAILED, 2.0, 1.0, Problem(ProblemKind.STREAM_CUT, "stream_interrupted", ""))
    result = made.result()
    assert result["message"]["content"] == "Fo" and result["interrupted"] is True
    assert result["error"] == {
        "code": "stream_interrupted",
        "status": None,
        "message": "The answer was cut off",
        "retry_after_seconds": None,
        "request_id": "req_1",
        "param": None,
        "details": None,
    }
    refused = turn()
    refused.end(TurnState.FAILED, 2.0, 1.0, Problem(ProblemKind.KEY_REFUSED, "unauthorized", "no", 401))
    assert refused.result()["interrupted"] is False
    stopped = turn()
    stopped.end(TurnState.STOPPED, 2.0, 1.0)
    assert stopped.result()["interrupted"] is True


def test_arguments_nested_too_deeply_are_no_crash() -> None:
    assert json_or("[" * 100_000) is None and json_or('{"a": NaN}') is None and json_or("") is None


# Problems


def test_free_models_are_advised_where_the_balance_is_empty_and_not_where_a_cap_is_reached() -> None:
    balance = Problem(ProblemKind.SPEND, "spend_limit_exceeded", "Balance is exhausted. Top up.")
    cap = Problem(ProblemKind.SPEND, "spend_limit_exceeded", "Spend limit of this key reached: $10.00 of $10.00.")
    assert "free models" in balance.advice and "cap" not in balance.advice
    assert "free models" not in cap.advice and "Raise the cap" in cap.advice


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_every_kind_has_words_and_an_exit_code(kind: ProblemKind) -> None:
    problem = Problem(kind, "code", "the gateway's words")
    assert problem.headline and problem.advice.endswith(".")
    assert problem.exit_code in (1, 3, 4, 5, 6, 7, 8)
    assert "the gateway's words" in str(problem)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("key_refused", 3), ("forbidden", 3), ("rate_limit", 4), ("spend", 5), ("stream_cut", 6), ("network", 6),
     ("model_not_found", 7), ("not_found", 7), ("invalid", 8), ("context", 8), ("bug", 1)],
)  # fmt: skip
def test_exit_codes_are_those_that_scripts_rely_on(kind: str, code: int) -> None:
    assert Problem(ProblemKind(kind), "x", "").exit_code == code


@pytest.mark.parametrize(
    "problem",
    [
        Problem(ProblemKind.BUG, "internal", ""),
        Problem(ProblemKind.RATE_LIMIT, "rate_limit_exceeded", "m", 429, retry_after_seconds=0.0, limit="rpm"),
        Problem(
            ProblemKind.INVALID,
            "validation_error",
            "m",
            422,
            "messages",
            [{"loc": ["body", 0], "msg": "Field required", "type": "missing"}],
            {"provider": "x", "status": 400, "message": "y"},
            None,
            "req_1",
            None,
            {"provider_code": "bad_response"},
        ),
    ],
)
def test_a_problem_comes_back_from_json(problem: Problem) -> None:
    assert Problem.from_json(json.loads(json.dumps(problem.to_json()))) == problem


def test_a_problem_of_another_version_can_still_be_read() -> None:
    problem = Problem.from_json({"kind": "unheard_of", "new_member": 1})
    assert problem.kind is ProblemKind.GATEWAY and problem.code == "unknown" and problem.message == ""


def test_a_bug_holds_no_key() -> None:
    problem = Problem.bug(RuntimeError("Authorization: Bearer rsk_01JDEMO000000000000000000 " + "x" * 9999))
    assert "01JDEMO" not in problem.message and problem.message.startswith("RuntimeError: ")
    assert len(problem.message) < 600


def test_which_problems_may_go_away_by_themselves() -> None:
    assert Problem(ProblemKind.PROVIDER, "upstream_error", "").retryable
    assert not Problem(ProblemKind.PROVIDER, "provider_job_failed", "").retryable
    for kind in (ProblemKind.SPEND, ProblemKind.KEY_REFUSED, ProblemKind.INVALID, ProblemKind.MODEL_NOT_FOUND):
        assert not Problem(kind, "x", "").retryable

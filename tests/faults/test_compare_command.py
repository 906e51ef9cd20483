"""`meshtui compare` as a script sees it: table, JSON, narration, exit codes, over a real socket."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from meshtui.cli import run_command
from meshtui.sandbox import Sandbox

KEY = "rsk_01JDEMO0000000000000009F2A"


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHAPI_BASE_URL", f"{box.url}/v1")
    monkeypatch.setenv("MESHAPI_API_KEY", KEY)
    monkeypatch.setenv("MESHTUI_RETRIES", "0")


def results_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    code = run_command(["compare", *arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out)["results"], err


def test_json_has_one_object_per_lane_of_the_shape_of_run(capsys: pytest.CaptureFixture[str]) -> None:
    code, results, err = results_of(capsys, "hello", "-m", "sandbox/haiku", "-m", "sandbox/echo")
    assert code == 0 and [one["lane"] for one in results] == ["sandbox/haiku", "sandbox/echo"]
    assert sorted(one["order"] for one in results) == [1, 2]
    assert run_command(["run", "hello", "-m", "sandbox/echo", "--json"]) == 0
    single = json.loads(capsys.readouterr().out)
    assert set(single) < set(results[1]) and results[1]["message"] == single["message"]
    assert "sandbox/haiku: done" in err and "sandbox/echo: done" in err


def test_the_table_says_what_each_lane_took_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["compare", "hello", "-m", "openai/gpt-4o-mini", "-m", "sandbox/fault-cut"]) == 0
    head, good, cut = capsys.readouterr().out.splitlines()
    assert head.split() == ["lane", "order", "first", "total", "tok/s", "tokens", "cost", "finish"]
    assert good.split()[:3] == ["openai/gpt-4o-mini", "done", "1"] and "~$" in good and good.endswith("stop")
    assert cut.split()[:3] == ["sandbox/fault-cut", "failed", "-"] and cut.endswith("stream_interrupted")


@pytest.mark.parametrize(
    ("models", "code"),
    [
        (("sandbox/fault-cut", "sandbox/haiku"), 0),
        (("sandbox/haiku", "sandbox/fault-402"), 5),
        (("sandbox/fault-429-bare", "sandbox/haiku"), 4),
        (("sandbox/haiku", "sandbox/fault-401"), 3),
        (("sandbox/fault-404", "sandbox/fault-429-bare"), 4),
        (("sandbox/fault-404", "sandbox/fault-cut"), 7),
    ],
)
def test_a_refusal_counts_else_one_answer_is_enough_else_the_first_failure(
    capsys: pytest.CaptureFixture[str], models: tuple[str, str], code: int
) -> None:
    assert results_of(capsys, "hello", "-m", models[0], "-m", models[1])[0] == code


def test_a_failed_lane_has_its_error_and_what_arrived(capsys: pytest.CaptureFixture[str]) -> None:
    _, results, err = results_of(capsys, "hello", "-m", "sandbox/fault-cut", "-m", "sandbox/haiku")
    assert results[0]["error"]["code"] == "stream_interrupted" and results[0]["message"]["content"]
    assert results[0]["interrupted"] and results[0]["order"] is None and "sandbox/fault-cut: The answer was cut" in err


def test_samples_values_and_slots_vary_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path, box: Sandbox) -> None:
    _, results, _ = results_of(capsys, "hi", "-m", "sandbox/haiku", "--samples", "3")
    assert [one["lane"] for one in results] == [f"sandbox/haiku #{number}" for number in (1, 2, 3)]
    _, results, _ = results_of(
        capsys, "hi", "-m", "sandbox/haiku", "--vary", "temperature=0", "--vary", "temperature=1"
    )
    assert [one["lane"] for one in results] == ["temperature 0", "temperature 1"]
    assert sorted(request["body"]["temperature"] for request in box.requests[-2:]) == [0, 1]
    folder = tmp_path / "home" / "templates"
    folder.mkdir(parents=True)
    (folder / "greet.toml").write_text('name = "greet"\nsystem = "Be {{tone}}."\n')
    tones = ["--vary-var", "tone=kind", "--vary-var", "tone=stern"]
    code, results, _ = results_of(capsys, "hi", "-m", "sandbox/echo", "-t", "greet", *tones)
    assert code == 0 and [one["lane"] for one in results] == ["tone=kind", "tone=stern"]
    systems = {request["body"]["messages"][0]["content"] for request in box.requests[-2:]}
    assert systems == {"Be kind.", "Be stern."}


def test_the_prompt_is_read_once_from_stdin(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from a pipe\n")))
    code, results, _ = results_of(capsys, "-", "-m", "sandbox/echo", "--vary", "seed=1", "--vary", "seed=2")
    assert code == 0 and all("from a pipe" in one["message"]["content"] for one in results)


def test_the_judge_speaks_after_the_table_and_its_price_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    two = ["-m", "sandbox/haiku", "-m", "sandbox/echo", "--judge", "openai/gpt-4o-mini"]
    assert run_command(["compare", "hello", *two]) == 0
    out, err = capsys.readouterr()
    assert "── verdict of openai/gpt-4o-mini ──" in out and "## Comparison" in out
    assert "3 in all" in err and "openai/gpt-4o-mini reads about" in err
    code = run_command(["compare", "hello", *two, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == 0 and told["judge"]["model"] == "openai/gpt-4o-mini" and told["judge"]["error"] is None
    assert [one["error"] for one in told["results"]] == [None, None]
    assert run_command(["compare", "hello", "-m", "sandbox/haiku", "--samples", "2", "--judge", "x/y"]) == 2
    assert "different models" in capsys.readouterr().err


@pytest.mark.parametrize("more", [("-m", "sandbox/haiku"), ("-m", "sandbox/haiku", "-m", "sandbox/haiku"), ()])
def test_one_lane_alone_is_refused(capsys: pytest.CaptureFixture[str], more: tuple[str, ...]) -> None:
    assert run_command(["compare", "hello", *more]) == 2
    assert "nothing to compare" in capsys.readouterr().err

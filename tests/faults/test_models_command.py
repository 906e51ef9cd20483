"""`meshtui models` and `meshtui config check` as a script sees them, against the sandbox over a real socket."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meshtui.cli import run_command
from meshtui.cli.check import sentences
from meshtui.core.problem import Problem, ProblemKind
from meshtui.sandbox import Sandbox, Settings
from tests.client_calls import free_port

KEY = "rsk_01JDEMO0000000000000009F2A"


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHAPI_BASE_URL", box.url)
    monkeypatch.setenv("MESHAPI_API_KEY", KEY)


def rows_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert run_command(["models", *arguments, "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_json_has_the_rows_as_the_gateway_sent_them(capsys: pytest.CaptureFixture[str], box: Sandbox) -> None:
    rows = rows_of(capsys)
    assert len(rows) == len(box.state.catalogue.models)
    assert next(row for row in rows if row["id"] == "openai/gpt-4o-mini")["pricing"]["prompt_usd_per_1m"]


@pytest.mark.parametrize(
    ("flag", "fits"),
    [
        ("--free", lambda row: row["is_free"]),
        ("--tools", lambda row: row["supports_tools"]),
        ("--vision", lambda row: "image" in row["input_modalities"]),
        ("--reasoning", lambda row: row["supports_thinking"]),
        ("--structured-output", lambda row: row["supports_structured_output"]),
        ("--audio", lambda row: "audio" in row["input_modalities"] + row["output_modalities"]),
        ("--provider=openai", lambda row: row["provider"] == "openai"),
        ("--context=200k", lambda row: (row["context_length"] or row["context_window"] or 0) >= 200_000),
        ("--max-price=0.5", lambda row: Decimal(row["pricing"]["completion_usd_per_1m"] or 99) <= Decimal("0.5")),
    ],
)
def test_each_filter_leaves_what_fits_and_only_that(capsys: pytest.CaptureFixture[str], flag: str, fits: Any) -> None:
    everything, found = rows_of(capsys), rows_of(capsys, flag)
    assert found and all(fits(row) for row in found)
    if flag != "--max-price=0.5":
        assert len(found) == sum(1 for row in everything if fits(row))


def test_a_query_and_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert rows_of(capsys, "gpt4o", "mini")[0]["id"] == "openai/gpt-4o-mini"
    by_context = rows_of(capsys, "--sort", "context")
    assert by_context[0]["context_length"] >= 1_000_000 and by_context[-1]["context_length"] is None


def test_lines_hold_id_context_price_and_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["models", "openai/gpt-4o-mini", "--tools"]) == 0
    out, err = capsys.readouterr()
    first = out.splitlines()[0].split()
    assert first == ["openai/gpt-4o-mini", "128k", "$0.15/$0.60", "tools,", "vision,", "structured", "output"]
    assert "models · tools; prices in US dollars" in err
    assert run_command(["models", "mistral-small-eu"]) == 0
    assert "unknown" in capsys.readouterr().out and "$0" not in capsys.readouterr().out


def test_foreign_text_reaches_a_script_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["models", "llama-3.3-70b"]) == 0
    assert "meta-llama/llama-3.3-70b-instruct" in capsys.readouterr().out


def test_one_model_is_shown_or_the_near_ones_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["models", "show", "openai/gpt-4o"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "GPT-4o"
    assert run_command(["models", "show", "auto"]) == 0
    assert "chooses" in json.loads(capsys.readouterr().out)["description"]
    assert run_command(["models", "show", "openai/gpt-4o-minni"]) == 7
    assert run_command(["models", "show"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "no model 'openai/gpt-4o-minni'" in err


@pytest.mark.parametrize("option", [("--context", "big"), ("--max-price", "cheap"), ("--sort", "colour")])
def test_a_bad_option_is_one_sentence(capsys: pytest.CaptureFixture[str], option: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command(["models", *option])
    assert ended.value.code == 2 and option[1] in capsys.readouterr().err


def test_the_shape_of_other_servers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(Settings(switches={"models-shape": "openai"})) as other:
        monkeypatch.setenv("MESHAPI_BASE_URL", other.url)
        assert run_command(["models", "gpt-4o-mini"]) == 0
        out, err = capsys.readouterr()
        assert out.splitlines()[0].split()[:3] == ["openai/gpt-4o-mini", "?", "unknown"]
        assert "auto" not in out and f"of {len(other.state.catalogue.models)} models" in err


# config check


def checked(capsys: pytest.CaptureFixture[str], fault: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Check a gateway with a fault; return the exit code and what was said, without address and time."""
    with Sandbox(Settings(rpm=None, faults=(fault,), switches={"fault-scope": "all"})) as spoilt:
        monkeypatch.setenv("MESHAPI_BASE_URL", spoilt.url)
        code = run_command(["config", "check"])
        out, err = capsys.readouterr()
    assert (out == "") == (code != 0)
    return code, (out + err).strip()


FAULTS = {
    "400": (8, "refuses the question for its models as invalid (400 bad_request"),
    "400-version": (8, "does not serve the contract version"),
    "401": (3, "refuses the key (401 unauthorized: Invalid API key;"),
    "402": (5, "its spend cap or balance is used up (402"),
    "403": (3, "does not let it do this (403 forbidden: This key is suspended;"),
    "404": (6, "no API gateway (404"),
    "413": (6 + 2, "refuses even this small request as too large (413"),
    "422": (8, "as invalid (422"),
    "429-rpm": (4, "its limit of requests per minute is reached"),
    "429-rpd": (4, "its limit of requests per day is reached"),
    "429-tpm": (4, "its limit of tokens per minute is reached"),
    "429-bare": (4, "It did not say for how long"),
    "upstream-429": (4, "a provider behind it is overloaded"),
    "500": (6, "a failure of its own (500"),
    "502": (6, "something behind it fails (502"),
    "503": (6, "something behind it fails (503"),
    "504": (6, "something behind it did not in time (504"),
    "html-502": (6, "502 Bad Gateway"),
    "redirect": (6, "sends requests on to another one, where the key must not follow"),
    "ok-html": (6, "no API gateway (200"),
    "cut": (6, "its answer breaks off"),
    "drop": (6, "hangs up without an answer"),
    "empty": (6, "says nothing"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_code_and_its_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    code, said = checked(capsys, fault, monkeypatch)
    assert (code, FAULTS[fault][1] in said) == (FAULTS[fault][0], True), said
    assert said.startswith("meshtui: http://127.0.0.1:") and said.count("\n") == 0
    assert KEY not in said


def test_no_two_faults_are_told_alike(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        checked(capsys, fault, monkeypatch)[1].partition(": ")[2].split(";")[0]
        for fault in FAULTS
        if fault != "429-bare"
    }
    assert len(told) == len(FAULTS) - 1


@pytest.mark.parametrize("fault", ["hang", "stall", "keepalive-after-done"])
def test_a_gateway_that_does_not_answer_is_not_waited_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr("meshtui.cli.check.PATIENCE", 0.4)
    code, said = checked(capsys, fault, monkeypatch)
    assert code == 6 and "did not answer in time" in said


@pytest.mark.parametrize("fault", ["crlf", "hostile", "pause", "null-fields"])
def test_what_does_not_concern_a_list_is_no_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    code, said = checked(capsys, fault, monkeypatch)
    assert code == 0 and "takes the key rsk_…9F2A, offers" in said


def test_nothing_at_the_address(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHAPI_BASE_URL", f"http://127.0.0.1:{free_port()}")
    assert run_command(["config", "check"]) == 6
    assert "cannot be reached" in capsys.readouterr().err


def test_check_as_json(capsys: pytest.CaptureFixture[str], box: Sandbox) -> None:
    assert run_command(["config", "check", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["ok"] and result["error"] is None and result["models"] == len(box.state.catalogue.models)
    assert result["key"] == "rsk_…9F2A" and result["took_ms"] >= 0
    with Sandbox(Settings(keys=("rsk_01JDEMO0000000000000001A1A",))) as choosy:
        assert run_command(["config", "check", "--json", "--base-url", choosy.url]) == 3
    result = json.loads(capsys.readouterr().out)
    assert not result["ok"] and result["error"]["status"] == 401 and result["error"]["what"]


def test_a_refused_key_names_where_it_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox(Settings(keys=("rsk_01JDEMO0000000000000001A1A",))) as choosy:
        assert run_command(["config", "check", "--base-url", choosy.url]) == 3
    assert "The key rsk_…9F2A came from: environment MESHAPI_API_KEY." in capsys.readouterr().err


def test_every_kind_of_problem_has_words_for_a_check() -> None:
    left_out = {ProblemKind.MODEL_NOT_FOUND, ProblemKind.NOT_FOUND, ProblemKind.STREAM_ERROR, ProblemKind.BUG}
    for kind in set(ProblemKind) - left_out:
        what, advice = sentences(Problem(kind, "x", "y"))
        assert "the" in what or "something" in what
        assert advice.endswith(".") and "attached" not in advice and "Shorten" not in advice


def test_what_is_passed_over_in_the_config_file_and_a_theme_that_cannot_be_worn_are_told(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    (home / "themes").mkdir(parents=True)
    (home / "themes" / "mine.toml").write_text("[colors]\nprimary = 3\n")
    for theme, words in (("mine", "mine.toml, line 2"), ("mesh-drak", "did you mean 'mesh-dark'?"), ("nord", "")):
        (home / "config.toml").write_text(
            f'[profiles.default]\nbaseurl = "https://example.test"\n[ui]\ntheme = "{theme}"\n'
        )
        assert run_command(["config", "check", "--json"]) == 0
        out, err = capsys.readouterr()
        told = json.loads(out)["notices"]
        assert "line 2: `profiles.default.baseurl`" in told[0] and "did you mean 'base_url'?" in told[0]
        assert len(told) == (2 if words else 1) and words in told[-1]
        assert err.count("\n") == len(told)


@pytest.mark.parametrize(
    ("source", "address", "words"),
    [
        ('api_key_env = "WORK_KEY"', None, "set WORK_KEY, as profile default says"),
        ('api_key_command = ["pass"]', "http://localhost:9", "goes to http://127.0.0.1:9 alone; set MESHAPI_API_KEY"),
        ("", None, "set MESHAPI_API_KEY, or start meshtui once"),
        ("", None, "a server that wants none has needs_key = false in its profile"),
    ],
)
def test_where_a_key_may_come_from_is_told(
    capsys: pytest.CaptureFixture[str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    address: str | None,
    words: str,
) -> None:
    monkeypatch.delenv("MESHAPI_API_KEY")
    monkeypatch.delenv("MESHAPI_BASE_URL")
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(f'[profiles.default]\nbase_url = "http://127.0.0.1:9"\n{source}\n')
    assert run_command(["config", "check", *(["--base-url", address] if address else [])]) == 3
    assert words in capsys.readouterr().err

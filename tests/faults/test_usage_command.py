"""`meshtui usage` and the user's own budget, as a script sees them."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meshtui.cli import run_command
from meshtui.cli.usage import COLUMNS, since_from
from meshtui.sandbox import Sandbox, Settings

KEY = "rsk_01JDEMO0000000000000009F2A"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=100_000)) as box:
        monkeypatch.setenv("MESHAPI_BASE_URL", f"{box.url}/v1")
        monkeypatch.setenv("MESHAPI_API_KEY", KEY)
        monkeypatch.setenv("MESHTUI_RETRIES", "0")
        yield box


def usage_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run_command(["usage", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def ledger(box: Sandbox) -> Decimal:
    return sum((Decimal(row["cost_usd"]) for row in box.state.account(KEY).events), Decimal(0))


def test_what_was_run_is_summed_and_a_bill_makes_it_exact(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    begun = f"{datetime.now():%Y-%m-%d}"
    for model in ("openai/gpt-4o-mini", "openai/gpt-4o-mini", "openai/gpt-4o"):
        assert run_command(["run", "hello", "-m", model, "--session-id", "s1"]) == 0
    capsys.readouterr()
    found = usage_of(capsys, "--by", "model")
    assert found["total"]["turns"] == 3 and found["total"]["cost_usd"] is None and found["total"]["unknown_turns"] == 3
    found = usage_of(capsys, "--by", "model", "--reconcile")
    assert Decimal(found["total"]["cost_usd"]) == ledger(box) and found["total"]["unknown_turns"] == 0
    assert [(row["model"], row["turns"]) for row in found["rows"]] == [("openai/gpt-4o", 1), ("openai/gpt-4o-mini", 2)]
    assert usage_of(capsys, "--by", "session")["rows"][0]["session"] == "s1"
    assert usage_of(capsys, "--by", "profile")["rows"][0]["profile"] == "default"
    assert usage_of(capsys, "--by", "day")["rows"][0]["day"] in (begun, f"{datetime.now():%Y-%m-%d}")
    assert usage_of(capsys, "--since", "2099-01-01")["total"]["turns"] == 0


def test_csv_has_a_heading_and_a_row_for_each_group(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "hello", "-m", "sandbox/fast", "--session-id", "=1+1"]) == 0
    capsys.readouterr()
    assert run_command(["usage", "--csv", "--by", "session"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[0] == ["session", *COLUMNS] and rows[1][:2] == ["'=1+1", "1"] and len(rows) == 2


def test_the_table_calls_an_unknown_price_unknown(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["usage"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[:2] == ["total", "0"]
    assert run_command(["run", "hello", "-m", "openai/gpt-4o"]) == 0
    assert run_command(["usage"]) == 0
    out, err = capsys.readouterr()
    assert "unknown" in out.splitlines()[-1] and "$0" not in out and "turns of unknown price: 1" in err


def test_with_the_catalogue_at_hand_a_run_is_estimated(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    budget(box, day="100")
    assert run_command(["run", "hello", "-m", "openai/gpt-4o"]) == 0
    capsys.readouterr()
    assert run_command(["usage"]) == 0
    assert "~$" in capsys.readouterr().out


def budget(box: Sandbox, **amounts: str) -> None:
    file = Path(os.environ["MESHTUI_HOME"]) / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("[budget]\n" + "".join(f"{name} = {amount}\n" for name, amount in amounts.items()))


def test_a_spent_budget_refuses_before_anything_is_sent(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    budget(box, day="0.002")
    codes = []
    for _ in range(30):
        codes.append(run_command(["run", "hello", "-m", "openai/gpt-4o"]))
        if codes[-1]:
            break
    out, err = capsys.readouterr()
    sent = [row for row in box.requests if row["path"] == "/v1/chat/completions"]
    assert codes[-1] == 5 and 1 < len(codes) < 30 and len(sent) == len(codes) - 1
    assert "Your own budget of $0.002 for today is reached" in err and "Nothing was sent" in err
    assert ledger(box) < Decimal("0.003")


@pytest.mark.parametrize("text", ["soon", "2026-13-40", "7 parsecs", "", "99999999999d", "-1d"])
def test_a_time_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command(["usage", f"--since={text}"])
    assert ended.value.code == 2 and "is no time" in capsys.readouterr().err


def test_times_are_read_in_every_form() -> None:
    now = datetime(2026, 11, 20, 12, 30)
    for text, expected in (
        ("today", datetime(2026, 11, 20)),
        ("yesterday", datetime(2026, 11, 19)),
        ("7d", datetime(2026, 11, 13, 12, 30)),
        ("90min", datetime(2026, 11, 20, 11, 0)),
        ("2026-11-01", datetime(2026, 11, 1)),
        ("2026-11-01T09:30", datetime(2026, 11, 1, 9, 30)),
    ):
        assert since_from(text, now) == expected.timestamp()
    with pytest.raises(argparse.ArgumentTypeError):
        since_from("x", now)

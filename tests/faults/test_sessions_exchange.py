"""`meshtui sessions export` and `import` as a script sees them: stdout, stderr, files, exit codes."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pexpect
import pytest

from meshtui.cli import run_command
from meshtui.cli.conversation_markdown import code_block, inline_code
from meshtui.core.attachments import from_blob
from meshtui.core.chat import Message, TextPart
from meshtui.core.turn import TextDelta, Turn, TurnState
from meshtui.sandbox import Sandbox
from meshtui.store.history import Store
from tests.hostile import cases, text_of

KEY = "rsk_01JDEMO0000000000000009F2A"
OTHER_KEY = "rsk_01JDEMO0000000000000007B3C"
PICTURE = b"\x89PNG\r\n\x1a\nnot really"


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHAPI_BASE_URL", f"{box.url}/v1")
    monkeypatch.setenv("MESHAPI_API_KEY", KEY)
    monkeypatch.setenv("MESHTUI_RETRIES", "0")


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> str:
    """The id of a conversation in the history, one of two."""
    assert run_command(["run", "Name a fruit", "-m", "sandbox/echo", "-s", "Be brief."]) == 0
    assert run_command(["run", "Name a colour", "-m", "sandbox/haiku"]) == 0
    capfd.readouterr()
    assert run_command(["sessions", "search", "fruit", "--json"]) == 0
    return str(json.loads(capfd.readouterr().out)[0]["id"])


def printed(capfd: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Run `meshtui sessions`; return what it prints."""
    capfd.readouterr()
    assert run_command(["sessions", *arguments]) == code
    return capfd.readouterr().out


def refusal(capfd: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    """Run `meshtui sessions`, which refuses; return its one sentence."""
    capfd.readouterr()
    assert run_command(["sessions", *arguments]) == code
    out, err = capfd.readouterr()
    assert out in ("", "[]\n") and err.count("\n") == 1 and err.startswith("meshtui: ")
    return err.removeprefix("meshtui: ").strip()


def begun(home: Path, text: str, reply: str, path: Path | None = None, conversation: str = "C1") -> None:
    """Put a conversation of one turn into a history; with a file attached where one is named."""
    with Store.open(home / "data" / "history.db", time.time) as store:
        content: Any = text
        if path is not None:
            data = path.read_bytes()
            content = (TextPart(text), from_blob(path.name, store.put_blob(data, path.suffix), len(data)).part)
        message = Message("user", content)
        turn = Turn(f"t{conversation}", {"model": "m", "messages": [message.to_wire()]}, profile="default")
        store.begin(turn, conversation, [(f"u{conversation}", message)], f"a{conversation}")
        turn.apply(TextDelta(reply), 0.1)
        turn.end(TurnState.DONE, 0.2, time.time())
        store.finish(turn)


def test_everything_goes_from_one_home_to_another_and_back_the_same(
    said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = printed(capfd, "export")
    value = json.loads(whole)
    assert (value["format"], value["version"], value["files"]) == ("meshtui-sessions", 1, {})
    assert [one["title"] for one in value["conversations"]] == ["Name a fruit", "Name a colour"]
    (tmp_path / "all.json").write_text(whole)
    other = ("--home", str(tmp_path / "other"))
    rows = json.loads(printed(capfd, "import", str(tmp_path / "all.json"), "--json", *other))
    assert [(row["taken"], row["messages"]) for row in rows] == [("new", 2), ("new", 2)]
    assert printed(capfd, "export", *other) == whole
    rows = json.loads(printed(capfd, "import", str(tmp_path / "all.json"), "--json", *other))
    assert [(row["taken"], row["messages"]) for row in rows] == [("same", 0), ("same", 0)]
    assert printed(capfd, "export", *other) == whole
    assert printed(capfd, "show", said, *other) == printed(capfd, "show", said)


def test_the_chosen_ones_are_exported_by_the_beginning_of_their_ids(
    said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    value = json.loads(printed(capfd, "export", said[:20].lower(), said))
    assert [one["id"] for one in value["conversations"]] == [said]
    assert "there is no conversation 'nope'" in refusal(capfd, "export", "nope", code=7)
    assert "there is no conversation ''" in refusal(capfd, "export", "", code=7)
    assert "begins the id of several" in refusal(capfd, "export", "0")
    assert "one id" in refusal(capfd, "show")


def test_an_empty_history_is_an_empty_document(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = printed(capfd, "export")
    assert json.loads(out)["conversations"] == []
    (tmp_path / "none.json").write_text(out)
    assert "no conversation in it" in refusal(capfd, "import", str(tmp_path / "none.json"), code=0)


def test_an_import_reads_stdin(
    said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "all.json").write_text(printed(capfd, "export"))
    with (tmp_path / "all.json").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert run_command(["sessions", "import", "-", "--home", str(tmp_path / "other")]) == 0
    told = capfd.readouterr().err.splitlines()
    assert len(told) == 2 and all("stdin: " in line and "2 messages taken in" in line for line in told)


def test_attached_files_go_along(home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cat.png").write_bytes(PICTURE)
    begun(home, "What is this?", "A cat.", tmp_path / "cat.png")
    whole = printed(capfd, "export")
    ((hash, file),) = json.loads(whole)["files"].items()
    assert (file["suffix"], file["media_type"]) == (".png", "image/png")
    (tmp_path / "all.json").write_text(whole)
    other = ("--home", str(tmp_path / "other"))
    assert run_command(["sessions", "import", str(tmp_path / "all.json"), *other]) == 0
    assert printed(capfd, "export", *other) == whole
    (kept,) = (tmp_path / "other" / "data" / "blobs").rglob("*.png")
    assert (kept.name, kept.read_bytes()) == (f"{hash}.png", PICTURE)

    kept.unlink()
    capfd.readouterr()
    assert run_command(["sessions", "export", *other]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["files"] == {hash: {"missing": True}}
    assert "1 attached file is no longer there" in err
    (tmp_path / "lacking.json").write_text(out)
    assert run_command(["sessions", "import", str(tmp_path / "lacking.json"), "--home", str(tmp_path / "third")]) == 0


def test_no_key_that_is_known_here_is_exported(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(home, f"mine is {KEY}, hers {OTHER_KEY}, theirs team-secret-of-work", "Keep them.")
    credentials = home / "credentials.toml"
    credentials.write_text(f'[hers]\napi_key = "{OTHER_KEY}"\nbase_url = "https://api.example.test"\n')
    credentials.chmod(0o600)
    (home / "config.toml").write_text('[profiles.work]\napi_key_env = "WORK_KEY"\n')
    monkeypatch.setenv("WORK_KEY", "team-secret-of-work")
    for form in ("json", "markdown"):
        out = printed(capfd, "export", "--as", form)
        assert not any(key in out for key in (KEY, OTHER_KEY, "team-secret"))
        assert "mine is rsk_…9F2A, hers rsk_…7B3C" in out


def test_nothing_is_exported_where_the_keys_to_leave_out_cannot_be_read(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    begun(home, "hi", "Hello.")
    credentials = home / "credentials.toml"
    credentials.write_text(f'[hers]\napi_key = "{OTHER_KEY}"\n')
    credentials.chmod(0o644)
    assert "chmod 600" in refusal(capfd, "export")


# Files that are not what they should be


def test_a_bad_file_is_one_sentence_and_nothing_comes_in(
    said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good, bad, other = tmp_path / "good.json", tmp_path / "bad.json", ("--home", str(tmp_path / "other"))
    good.write_text(printed(capfd, "export"))
    value = json.loads(good.read_text())
    value["conversations"][1]["nodes"][1]["message"]["role"] = "robot"
    for text, words in (
        (json.dumps(value), "conversations[1].nodes[1].message.role must be system, user, assistant or tool"),
        ('{"format": ', "line 1, column 12"),
        ("[" * 100_000, "nested too deeply"),
        ('{"messages": [], "messages": []}', "'messages' stands twice"),
        ("[]", "this is a list"),
        ("", "line 1, column 1"),
    ):
        bad.write_text(text)
        told = refusal(capfd, "import", str(good), str(bad), *other)
        assert told.startswith(str(bad)) and words in told
    bad.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in refusal(capfd, "import", str(bad), *other)
    assert "no such file" in refusal(capfd, "import", str(tmp_path / "gone.json"), *other)
    assert "takes files" in refusal(capfd, "import", *other)
    assert "read once" in refusal(capfd, "import", "-", "-", *other)
    assert "leave out --json" in refusal(capfd, "export", "--as", "markdown", "--json")
    assert json.loads(printed(capfd, "list", "--json", *other)) == []


def test_more_than_can_be_read_at_once_is_refused_before_it_is_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meshtui.cli.sessions_import.MOST_BYTES", 1000)
    (tmp_path / "small.json").write_text(" " * 600)
    (tmp_path / "large.json").write_text(" " * 2000)
    told = refusal(capfd, "import", str(tmp_path / "large.json"))
    assert "large.json has 2.0 KiB" in told and "by their ids" in told
    with (tmp_path / "large.json").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert "stdin has more than the 1000 B" in refusal(capfd, "import", "-")


def test_the_messages_of_a_request_come_in_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    messages = [{"role": "user", "content": "Name a fruit"}, {"role": "assistant", "content": "A pear."}]
    (tmp_path / "chat.json").write_text(json.dumps({"model": "gpt-4o", "messages": messages}))
    for words in ("2 messages taken in", "is here already"):
        capfd.readouterr()
        assert run_command(["sessions", "import", str(tmp_path / "chat.json")]) == 0
        assert words in capfd.readouterr().err
    (row,) = json.loads(printed(capfd, "list", "--json"))
    assert (row["title"], row["model"], row["turns"]) == ("Name a fruit", "gpt-4o", 1)
    assert "── assistant · gpt-4o · done\nA pear." in printed(capfd, "show", row["id"])
    assert run_command(["usage", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["total"]["turns"] == 0, "nobody knows what it cost, nor that it did"
    (tmp_path / "again.json").write_text(whole := printed(capfd, "export"))
    other = ("--home", str(tmp_path / "other"))
    assert run_command(["sessions", "import", str(tmp_path / "again.json"), *other]) == 0
    assert printed(capfd, "export", *other) == whole


# For a reader


def test_markdown_has_roles_texts_and_what_answers_took(
    said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = printed(capfd, "export", said, "--as", "markdown")
    assert out.startswith("# Name a fruit\n\n")
    heads = [line for line in out.splitlines() if line.startswith("## ")]
    assert heads[:3] == ["## system", "## user", "## assistant"]
    assert "\n## system\n\nBe brief.\n\n## user\n\nName a fruit\n" in out
    footer = next(line for line in out.splitlines() if line.startswith("— `sandbox/echo` · "))
    assert " tokens · " in footer and footer.endswith(" s")
    both = printed(capfd, "export", "--as", "markdown")
    assert out in both and both.count("\n\n---\n\n# ") == 1


def test_markdown_shows_calls_results_and_problems(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "weather.json"
    tool.write_text(json.dumps({"name": "weather", "parameters": {"type": "object", "properties": {}}}))
    (tmp_path / "rules.json").write_text(json.dumps({"weather": {"sky": "```clear```"}}))
    rules = ("--respond", str(tmp_path / "rules.json"))
    assert run_command(["run", "Weather?", "-m", "sandbox/tools", "--tools", str(tool), *rules]) == 0
    assert run_command(["run", "hi", "-m", "sandbox/fault-500"]) == 6
    out = printed(capfd, "export", "--as", "markdown")
    assert "\nCalls `weather`:\n\n```json\n{}\n```\n" in out
    assert '\n## tool `weather`\n\nrule 1\n\n````json\n{"sky": "```clear```"}\n````\n' in out
    assert " · failed\n\n> The gateway failed: " in out


def test_a_price_that_is_estimated_is_marked(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    begun(home, "hi", "Hello.")
    with Store.open(home / "data" / "history.db", time.time) as store:
        with store._transaction() as execute:
            execute("UPDATE turn SET estimate = '0.0123'")
        assert "\n— `m` · ~$0.0123 · 0.2 s\n" in printed(capfd, "export", "--as", "markdown")
        with store._transaction() as execute:
            execute("UPDATE turn SET estimate = NULL")
    assert "\n— `m` · price unknown · 0.2 s\n" in printed(capfd, "export", "--as", "markdown")


@pytest.mark.parametrize("text", ["", "plain", "```\ncode\n```", "a ````` b", "~~~\n```", "ends\n", "`", "``x`"])
def test_no_text_ends_its_own_code_block(text: str) -> None:
    from markdown_it import MarkdownIt

    (block,) = MarkdownIt("commonmark").parse(code_block(text))
    assert block.type == "fence" and block.content == (text if text.endswith("\n") else f"{text}\n")
    if text and "\n" not in text:
        (code,) = MarkdownIt("commonmark").parse(f"— {inline_code(text)}")[1].children[1:]  # type: ignore[index]
        assert code.type == "code_inline" and code.content == text


# Hostile texts


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case["id"]))
def test_a_pipe_gets_the_text_exactly_and_json_without_control_characters(
    case: dict[str, Any], home: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = text_of(case)
    begun(home, text, text)
    assert run_command(["sessions", "export"]) == 0
    out = capfdbinary.readouterr().out
    assert not any(byte < 0x20 and byte != 0x0A or byte == 0x7F for byte in out)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert [node["message"]["content"] or "" for node in json.loads(out)["conversations"][0]["nodes"]] == [whole] * 2
    assert run_command(["sessions", "export", "--as", "markdown"]) == 0
    assert capfdbinary.readouterr().out.count(whole.encode()) >= 2


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_a_terminal_gets_nothing_that_acts_on_it(form: str, home: Path) -> None:
    for number, case in enumerate(cases()[:10]):
        begun(home, text_of(case), text_of(case), conversation=f"C{number}")
    command = ["-m", "meshtui", "--home", str(home), "sessions", "export", "--as", form]
    child = pexpect.spawn(sys.executable, command, env={**os.environ}, timeout=60)
    child.expect(pexpect.EOF)
    shown = child.before.replace(b"\r\n", b"\n")
    assert b"left" in shown and b"not red" in shown
    assert not any(byte < 0x20 and byte not in (0x09, 0x0A) or byte == 0x7F for byte in shown)
    assert b"\xc2\x9b" not in shown and "\u202e".encode() not in shown

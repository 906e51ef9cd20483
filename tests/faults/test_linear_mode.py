"""Linear mode by pipes, over a real socket: the jobs, what goes wrong, what is on disk."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from meshtui.cli import run_command
from meshtui.sandbox import Sandbox
from tests import hostile

KEY = "rsk_01JDEMO0000000000000009F2A"
Talk = Callable[..., str]

SUPPORT = '''
description = "Refunds"
system = """You are {{tone}} support
for {{company}}."""
[variables]
tone = "friendly"
[[messages]]
role = "user"
content = "Where is my refund?"
'''
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def talk(box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Talk:
    """Say lines, one after another, and return what was told; `code` is what the program must end with."""
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text('[profiles.default]\nmodel = "sandbox/haiku"\n')
    monkeypatch.setenv("MESHAPI_BASE_URL", f"{box.url}/v1")
    monkeypatch.setenv("MESHAPI_API_KEY", KEY)

    def say(*lines: str, code: int = 0, arguments: tuple[str, ...] = ("--linear",)) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        assert run_command([*arguments]) == code
        return capsys.readouterr().out

    return say


def put(home: Path, place: str, text: str) -> Path:
    path = home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def asked(box: Sandbox) -> list[dict[str, object]]:
    """Return the bodies of the chat requests that the sandbox saw."""
    return [row["body"] for row in box.requests if str(row.get("path", "")).endswith("/chat/completions")]


def test_a_message_is_answered_line_by_line_with_its_figures(talk: Talk, box: Sandbox) -> None:
    out = talk("Good morning", "/read", "/history")
    assert "> Good morning\nSent to sandbox/haiku; ctrl+c stops.\nAnswer of sandbox/haiku:\n" in out
    assert re.search(r"Done, \d+ tokens in, \d+ out, first word after [\d.]+ s, [\d.]+ s in all, cost ~?\$", out)
    assert "user:\nGood morning\nassistant, sandbox/haiku:\n" in out
    assert "\x1b" not in out and "\r" not in out


def test_a_backslash_goes_on_in_the_next_line(talk: Talk, box: Sandbox) -> None:
    talk("one\\", "two")
    assert asked(box)[-1]["messages"] == [{"role": "user", "content": "one\ntwo"}]


def test_j1_a_template_is_changed_run_and_compared_with_the_last_version(talk: Talk, box: Sandbox, home: Path) -> None:
    path = put(home, "templates/support.toml", SUPPORT)
    out = talk(
        "/templates refund",
        "1",
        "/run",
        "Acme",
        "/line 1 You are {{tone}} and short",
        "/set tone=kind",
        "/run",
        "/diff",
    )
    assert "1 support: Refunds; slots tone, company\nA number opens one.\n> 1\nTemplate support.\n" in out
    assert "1 system: You are {{tone}} support\n2 system: for {{company}}.\n3 user: Where is my refund?\n" in out
    assert "Value of company: Acme" in out and "Line 1 is now: You are {{tone}} and short" in out
    first, second = asked(box)[-2:]
    assert first["messages"][0]["content"] == "You are friendly support\nfor Acme."  # type: ignore[index]
    assert second["messages"][0]["content"] == "You are kind and short\nfor Acme."  # type: ignore[index]
    assert "/diff says how this differs from the last version's answer." in out
    told = out[out.index("The text, from the last version:") :]
    assert (
        "“support” became: and short" in told and "Slot tone was friendly, is kind." in told and "The answer:" in told
    )
    assert path.read_text() == SUPPORT
    out = talk("/template support", "/save", "/versions")
    assert "It has changes of yours that are not saved." in out and f"Saved: {path}." in out and "2 " in out
    assert "You are {{tone}} and short" in path.read_text()


def test_a_template_brings_its_model(talk: Talk, box: Sandbox, home: Path) -> None:
    put(home, "templates/support.toml", 'model = "openai/gpt-4o"\nsystem = "Be kind."\n')
    assert "Template support, for openai/gpt-4o.\n" in talk("/template support", "/run Hello")
    assert asked(box)[-1]["model"] == "openai/gpt-4o"


def test_a_file_that_was_changed_by_another_program_is_not_overwritten_unasked(talk: Talk, home: Path) -> None:
    path = put(home, "templates/support.toml", SUPPORT)
    talk("/template support", "/line 1 Mine")
    path.write_text(SUPPORT.replace("support\n", "service\n"))
    out = talk("/template support", "/template support", "/quit")
    assert "changed by another program since" in out
    assert "service" in path.read_text()


def test_j2_models_are_compared_and_one_is_kept(talk: Talk, box: Sandbox) -> None:
    out = talk(
        "/models sandbox/haiku",
        "/compare 1 openai/gpt-4o-mini sandbox/fault-cut",
        "Which one?",
        "/answers",
        "/keep 2",
        "Go on",
    )
    assert re.search(r"Answer 1, sandbox/haiku, \w+ to finish: first word after [\d.]+ s.*cost ~\$", out)
    assert "Answer 3, sandbox/fault-cut: " in out and "Problem: The answer was cut off" in out
    assert re.search(r"2 of 3 answers are whole; first was [12], .*; cheapest was [12], ", out)
    assert "3 sandbox/fault-cut: failed" in out
    assert "The conversation goes on from answer 2, openai/gpt-4o-mini" in out
    last = asked(box)[-1]
    assert last["model"] == "openai/gpt-4o-mini"
    assert [row["role"] for row in last["messages"]] == ["user", "assistant", "user"]  # type: ignore[attr-defined]


def test_two_answers_are_told_apart(talk: Talk) -> None:
    out = talk("/compare sandbox/haiku sandbox/markdown", "Which?", "/diff 1 2")
    assert "From 1, sandbox/haiku to 2, sandbox/markdown:" in out and "of the words are the same." in out


def test_j3_calls_are_read_checked_and_answered(talk: Talk, box: Sandbox, home: Path) -> None:
    put(home, "tools/get_weather.json", json.dumps(WEATHER))
    out = talk("/model sandbox/tools", "/tools get_weather", "call get_weather", '{"sky": "clear"}')
    assert "1 get_weather, on: The weather of a city" in out
    assert re.search(r'Call 1: get_weather with {"city": "\w+"}\nCall 1: The arguments fit the schema\.\n', out)
    assert 'Result of call 1, get_weather; empty leaves it open: {"sky": "clear"}' in out
    assert "clear" in out[out.rindex("Answer of sandbox/tools:") :]
    assert [row["role"] for row in asked(box)[-1]["messages"]] == ["user", "assistant", "tool"]  # type: ignore[attr-defined]


def test_arguments_are_changed_before_they_go_back(talk: Talk, box: Sandbox, home: Path) -> None:
    put(home, "tools/get_weather.json", json.dumps(WEATHER))
    out = talk(
        *("/model sandbox/tools", "/tools get_weather", "call get_weather", "", "/arguments 1 {}", "/go"),
        *('/arguments 1 {"city": "Rome"}', "/result 1 sunny", "/calls", "/go"),
    )
    assert "Call 1: The arguments do not fit the schema: $.city: required and missing." in out
    assert "There is no result yet for get_weather: answer or drop it." in out
    assert "Call 1 has the result sunny" in out
    sent = asked(box)[-1]["messages"]
    assert '{"city": "Rome"}' in json.dumps(sent[1]["tool_calls"]).replace('\\"', '"')  # type: ignore[index]


def test_results_and_another_try_are_held_by_the_budget_as_messages_are(talk: Talk, box: Sandbox, home: Path) -> None:
    put(home, "tools/get_weather.json", json.dumps(WEATHER))
    with (home / "config.toml").open("a") as file:
        file.write('[budget]\nconversation = "0.000001"\n')
    before = len(asked(box))
    out = talk(
        "/model sandbox/tools", "/tools get_weather", "call get_weather", "y", '{"sky": "clear"}', "n", "/retry", "n"
    )
    assert out.count("Send it all the same?") == 3 and out.count("Nothing was sent.") == 2
    assert len(asked(box)) == before + 1


def test_j4_a_problem_is_one_paragraph_with_choices(talk: Talk, box: Sandbox) -> None:
    before = len(asked(box))
    out = talk("/model sandbox/fault-429-rpm", "hey", "2", "3", "sandbox/haiku")
    assert re.search(
        r"\nProblem: Rate limit reached: [^\n]* Request id req_\w+\.\nWhat was typed is kept\.\n1 try again\n", out
    )
    assert re.search(r"\n2 wait \d+ s, then try again\n3 try another model\n", out)
    assert "ctrl+c stops waiting." in out and out.rstrip().splitlines()[-1].startswith("Done, ")
    models = [body["model"] for body in asked(box)[before:]]
    assert models == ["sandbox/fault-429-rpm", "sandbox/fault-429-rpm", "sandbox/haiku"]


def test_a_word_leaves_the_question_for_another_model(talk: Talk, box: Sandbox) -> None:
    before = len(asked(box))
    out = talk("/model sandbox/fault-429-rpm", "hey", "3", "/model sandbox/echo", "hello")
    assert "Model: sandbox/echo" in out
    assert [body["model"] for body in asked(box)[before:]] == ["sandbox/fault-429-rpm", "sandbox/echo"]


def test_quitting_leaves_at_a_question_too(talk: Talk, box: Sandbox, home: Path) -> None:
    before = len(asked(box))
    out = talk("/model sandbox/fault-401", "Hello", "2", "/quit", "not sent", code=3)
    assert "not sent" not in out and len(asked(box)) == before + 1
    put(home, "tools/get_weather.json", json.dumps(WEATHER))
    out = talk("/model sandbox/tools", "/tools get_weather", "call get_weather", "/quit", "not sent")
    assert "Result of call 1" in out and "not sent" not in out


def test_a_number_at_the_question_for_a_model_needs_a_list(talk: Talk, box: Sandbox) -> None:
    out = talk("/model 2", "/models haiku", "/model 1")
    assert "No list was shown yet that has numbers; /models shows one." in out
    assert "Model: sandbox/haiku" in out


def test_the_last_part_of_an_id_names_a_model(talk: Talk) -> None:
    assert "Model: sandbox/fault-cut," in talk("/model fault-cut")


def test_a_refused_key_offers_another_one_which_is_not_shown(talk: Talk, home: Path) -> None:
    out = talk("/model sandbox/fault-401", "hey", "3", KEY.replace("9F2A", "7B3C"), code=3)
    assert "Problem: The gateway refused the key" in out and "3 enter another key, then try again" in out
    assert "The key works and is kept." in out and "7B3C" not in out.replace("rsk_…7B3C", "")


def test_a_number_without_choices_is_a_message_and_a_wrong_one_with_choices_is_not(talk: Talk, box: Sandbox) -> None:
    before = len(asked(box))
    out = talk("/models haiku", "99", "42x", "7")
    assert "Type a number from 1 to" in out
    said = [body["messages"][-1]["content"] for body in asked(box)[before:]]  # type: ignore[index]
    assert said == ["42x", "7"]


def test_a_message_may_begin_with_a_slash(talk: Talk, box: Sandbox) -> None:
    before = len(asked(box))
    talk("//etc/hosts: what is it? See https://example.test//a")
    said = [body["messages"][-1]["content"] for body in asked(box)[before:]]  # type: ignore[index]
    assert said == ["/etc/hosts: what is it? See https://example.test//a"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/bogus", "There is no /bogus; /help lists the words."),
        ("/modle", "did you mean '/model'?"),
        ("/open 7", "no conversations yet"),
        ("/retry", "no answer here yet"),
        ("/template nothing", "There is no template nothing"),
        ("/run", "No template is open"),
        ("/set tone=x", "No template is open"),
        ("/compare", "2 to 8 different models"),
        ("/keep 1", "no comparison here"),
        ("/keep", "no comparison here"),
        ("/diff 1 2", "no comparison here"),
        ("/attach /nothing/there.png", "/nothing/there.png does not exist"),
        ("/result 1 x", "No tool calls wait here."),
        ("/tools", "There are no tools yet"),
        ("/profile nobody", "There is no profile nobody; there is default."),
        ("/help nothing", "There is no /nothing;"),
        ("/param temperature", "There is no parameter temperature"),
        ("/param =5", "/param takes NAME=VALUE, not '=5'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(talk: Talk, line: str, says: str) -> None:
    out = talk(line)
    told = out[out.index(f"> {line}\n") + len(line) + 3 :]
    assert says in told and told.count("\n") == 1, told


def test_every_word_is_explained(talk: Talk) -> None:
    out = talk("/help", "/help keep")
    assert "/compare MODEL MODEL …: " in out and out.count("/keep N: ") == 2


def test_parameters_are_sent(talk: Talk, box: Sandbox) -> None:
    out = talk("/param temperature=0.2", "hey", "/param temperature", "/param")
    assert "temperature = 0.2\n" in out and "No parameters are set." in out
    assert asked(box)[-1]["temperature"] == 0.2


def test_usage_is_told_in_sentences(talk: Talk) -> None:
    out = talk("hello", "/usage")
    assert "Last run: Done, " in out and "This conversation: 1 turn, " in out and "Today: 1 turn, " in out


def test_conversations_are_listed_and_opened_by_number(talk: Talk) -> None:
    out = talk("the first thing", "/new", "the second thing", "/conversations", "2", "/history")
    assert "1 the second thing, " in out and "2 the first thing, " in out
    assert out[out.index("Opened: the first thing, 2 messages.") :].count("the first thing") >= 2


def test_the_exit_code_of_a_script_is_that_of_its_last_turn(talk: Talk) -> None:
    talk("/model sandbox/fault-402", "hey", code=5)


@pytest.mark.parametrize("case", hostile.own_cases(), ids=lambda case: case["id"])
def test_foreign_text_reaches_the_terminal_as_text_only(talk: Talk, box: Sandbox, case: dict[str, object]) -> None:
    box.script(hostile.reply(case, {"content", "reasoning"}))
    out = talk("say it", "/thought", "/history")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", out)
    assert all(str(part).strip() in " ".join(out.split()) for part in case.get("must_stay_visible", ()))  # type: ignore[attr-defined]


def test_the_setting_asks_for_it(talk: Talk, home: Path) -> None:
    (home / "config.toml").write_text('[ui]\nlinear = true\n[profiles.default]\nmodel = "sandbox/haiku"\n')
    out = talk("/quit", arguments=())
    assert "The config file asks for linear mode" in out


def test_without_a_key_it_says_what_to_do(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MESHAPI_API_KEY")
    assert "/key takes one; `meshtui demo --linear` needs none." in talk("/quit")


def test_the_demo_needs_nothing(talk: Talk) -> None:
    out = talk("/model sandbox/haiku", "hello", arguments=("demo", "--linear"))
    assert "no answer comes from a real model" in out and "Done, " in out

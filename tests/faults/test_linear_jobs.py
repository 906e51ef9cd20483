"""Linear mode, what J1 and J2 need besides: sets of values, parameters, blind comparisons, votes, the judge."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox
from tests.faults.test_linear_mode import SUPPORT, Talk, asked, put, talk

__all__ = ["talk"]  # the fixture

SETS = '[angry]\ntone = "curt"\ncompany = "Acme"\n[nice]\ncompany = "Best & Sons"\n'


def last_system(box: Sandbox) -> str:
    """Return the system text that went out last."""
    return str(asked(box)[-1]["messages"][0]["content"])  # type: ignore[index]


def test_a_set_of_values_is_taken_by_number_or_name_and_run(talk: Talk, box: Sandbox, home: Path) -> None:
    put(home, "templates/support.toml", SUPPORT)
    put(home, "templates/support.values.toml", SETS)
    out = talk("/template support", "/values", "1", "/run", "/values")
    assert "1 angry: tone = curt, company = Acme\n2 nice: company = Best & Sons\nA number takes one, /run runs" in out
    assert "Values of angry.\nSlot tone is curt.\nSlot company is Acme.\n" in out
    assert "1 angry, in use: " in out and "2 nice: " in out
    assert last_system(box) == "You are curt support\nfor Acme."
    out = talk("/template support", "/values nice", "/run")
    assert "The slots have the values of angry.\n" in out
    assert "Slot tone is friendly, the default." in out
    assert last_system(box) == "You are friendly support\nfor Best & Sons."
    assert "There is no set nic; did you mean 'nice'?" in talk("/template support", "/values nic")


def test_sets_of_values_are_kept_and_deleted(talk: Talk, home: Path) -> None:
    put(home, "templates/support.toml", SUPPORT)
    sets = home / "templates" / "support.values.toml"
    out = talk("/template support", "/values", "/set company=Acme", "/values save plain", "/values save plain", "n")
    assert "This template has no sets of values yet; /values save NAME keeps" in out
    assert "Saved as plain: tone = friendly, company = Acme." in out
    assert "There is a set plain already. Replace it? y or n: n\nNothing was saved." in out
    assert 'company = "Acme"' in sets.read_text()
    out = talk("/template support", "/values delete plain", "y", "/values")
    assert "The set plain is deleted." in out and not sets.exists()
    assert "No template is open" in talk("/values")


def test_parameters_are_listed_told_apart_and_checked(talk: Talk, box: Sandbox, home: Path) -> None:
    put(home, "templates/support.toml", SUPPORT + "[params]\ntemperature = 1\ntop_p = 0.5\n")
    out = talk("/template support", "/set company=Acme", "/param", "/params temperature", "1", "0.2", "/run", "/param")
    assert "temperature = 1, as the template says; top_p = 0.5, as the template says\n" in out
    assert "1 temperature is 1, as the template says: number, 0 to 2. Higher is more varied" in out
    assert "temperature = 0.2; top_p = 0.5, as the template says\n" in out
    assert (asked(box)[-1]["temperature"], asked(box)[-1]["top_p"]) == (0.2, 0.5)
    out = talk("/param temperature=3", "/param temprature=1", "/params seed", "1", "many", "/params nothing")
    assert "The gateway will refuse temperature = 3: " in out
    assert "No parameter temprature is known here, it is sent all the same; did you mean 'temperature'?" in out
    assert "seed: a whole number is expected, such as 42. It stays as it was." in out
    assert "No parameter has that; /params alone lists all." in out
    out = talk("/param seed=4", "/params seed", "1", "", "/param")
    assert out.endswith("No parameters are set. /params lists what there is.\n")


def test_a_blind_comparison_tells_names_after_the_vote(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.shuffle", list.reverse)
    models = ("sandbox/haiku", "sandbox/echo", "sandbox/fault-cut")
    lines = ("/answers", "/vote 9", "/vote 1", "/diff 2 3", "/answers 1", "/vote 2", "/answers 1", "/votes")
    out = talk(f"/compare blind {' '.join(models)}", "Which one?", *lines)
    blind, _, told = out[out.index("Sent to 3 models") :].partition("Your vote goes to answer 2, sandbox/echo.\n")
    said = re.sub(r'"model": "sandbox/[\w-]+"|`sandbox/[\w-]+`', "", blind)  # the answers may say who they are
    assert not any(model in said for model in models), blind
    assert "cost" not in blind and "first word" not in blind and "Problem" not in blind
    assert blind.count("Answer 1 is not whole.\n") == 2 and "Answer 2:\n{" in blind and "Answer 3:\n" in blind
    assert "2 of 3 answers are whole. /vote N says which is best and tells the names" in blind
    assert "Names and figures are told after the vote" in blind and "from 1 to 3." in blind
    assert "A vote goes to an answer that is whole." in blind and "From 2 to 3:\n" in blind
    assert "1 sandbox/fault-cut: failed, " in told and "2 sandbox/echo: done, " in told
    assert "Problem: The answer was cut off" in told
    assert "1 sandbox/echo: rating 1016, won 1, lost 0, 1 of them blind\n" in told


def test_a_vote_with_names_and_what_cannot_be_voted_for(talk: Talk) -> None:
    assert "There is no comparison here; /compare begins one." in talk("/vote 1")
    assert "Nobody has voted yet" in talk("/votes")
    out = talk("/compare sandbox/haiku sandbox/fault-cut sandbox/echo", "Which?", "/vote 2", "/vote 3", "/votes")
    assert "A vote goes to an answer that is whole." in out and "Your vote goes to answer 3, sandbox/echo." in out
    assert "1 sandbox/echo: rating 1016, won 1, lost 0, 0 of them blind" in out
    out = talk("/compare blind sandbox/fault-cut sandbox/haiku", "Which?")
    assert "There are not two whole answers to vote between, so nothing is hidden." in out
    assert "Answer 2, sandbox/haiku" in out


def test_the_gateways_judge_tells_its_verdict(talk: Talk, box: Sandbox) -> None:
    out = talk("/compare sandbox/haiku sandbox/markdown", "Which?", "/judge", "n", "/judge", "y", "/keep 1")
    assert (
        "2 answers and the judge are billed, 3 in all" in out and "Ask the judge? y or n: n\nNothing was sent." in out
    )
    told = out[out.index("Ask the judge? y or n: y") :]
    assert "Answer 1, sandbox/haiku" in told and "Answer 2, sandbox/markdown" in told
    assert re.search(r"The judge, \S+ says:\n.+", told)
    assert any(str(row.get("path", "")).endswith("/compare") for row in box.requests)


def test_a_word_at_a_question_is_done_in_its_place(talk: Talk, box: Sandbox, home: Path) -> None:
    put(home, "templates/support.toml", SUPPORT)
    before = len(asked(box))
    out = talk("/template support", "/run", "/line 1 You are short", "/compare sandbox/haiku sandbox/echo", "/usage")
    assert "Line 1 is now: You are short\nThe template was not run." in out
    assert "Nothing was sent." in out and len(asked(box)) == before
    talk("/template support", "/run", "//srv/data")
    assert last_system(box).endswith("for /srv/data.")


def test_a_lone_key_is_never_sent(talk: Talk, box: Sandbox) -> None:
    before = len(asked(box))
    out = talk("rsk_01JDEMO000000000000000000")
    assert "This looks like an API key, so it was not sent. /key takes one" in out and len(asked(box)) == before
    out = talk("/compare sandbox/haiku sandbox/echo", "rsk_01JDEMO000000000000000000")
    assert "so it was not sent" in out and len(asked(box)) == before
    talk("What is rsk_01JDEMO000000000000000000 for?")
    assert len(asked(box)) == before + 1


def test_differences_say_where_they_are(talk: Talk) -> None:
    from meshtui.cli.linear.words import change_lines

    lines = list(change_lines("one two\n\nthree four\n\nend", "one too\n\nthree five\n\nend here"))
    assert lines[0] == "after “one”, “two” became: too"
    assert lines[1].startswith("after “three”, “four” became: five") and "beginning" not in "".join(lines)


def test_what_a_profile_cannot_pay_goes_through_another(talk: Talk, box: Sandbox, home: Path) -> None:
    (home / "config.toml").write_text(
        '[profiles.default]\nmodel = "sandbox/fault-402"\n'
        f'[profiles.spare]\nbase_url = "{box.url}"\napi_key_env = "MESHAPI_API_KEY"\n'
    )
    out = talk("hello", "4", "nobody", "/retry", "4", "spare", code=5)
    assert "4 send it through another profile\n" in out
    assert re.search(r"^spare: http://127\.0\.0\.1", out, re.MULTILINE) and "default, in use: " in out
    assert "There is no profile nobody; there are " in out
    assert "Profile: spare, " in out and out.count("Spend limit reached") == 3


def test_that_answers_are_still_waited_for_is_told_now_and_then(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshtui.cli.linear.narrator.SILENCES", (1.0, 30.0))
    out = talk(
        "/compare sandbox/fault-slow-first-token sandbox/haiku", "Which?", "/model sandbox/fault-slow-first-token", "hi"
    )
    assert out.count(" of 2 answers, 1 s.\n") == 1
    assert out.count("Still waiting, 1 s.\n") == 1 and out.count("Still waiting") == 2


@pytest.mark.parametrize("wanted", ["7", "nothing-fits", "claude"])
def test_nothing_is_asked_again_where_the_model_to_ask_is_not_found(talk: Talk, box: Sandbox, wanted: str) -> None:
    before = len(asked(box))
    out = talk("/model sandbox/haiku", "hi", f"/retry {wanted}")
    assert len(asked(box)) == before + 1, out
    told = {"7": "No list was shown yet", "nothing-fits": "No model fits nothing-fits.", "claude": "models fit claude:"}
    assert told[wanted] in out


def test_of_several_models_that_are_not_found_the_first_is_told(talk: Talk, box: Sandbox) -> None:
    before = len(asked(box))
    out = talk("/compare 1 3")
    assert out.count("No list was shown yet that has numbers; /models shows one.") == 1
    assert len(asked(box)) == before

"""The first minute and the profiles: a key is asked for, checked and kept; the demo's tour; switching gateways."""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from meshtui.cli.surroundings import Surroundings, for_demo, look_around
from meshtui.cli.workbench import application
from meshtui.sandbox import Sandbox, Settings
from meshtui.session import Session
from meshtui.ui.app import MeshApp
from meshtui.ui.screens.key_entry import KeyEntry
from meshtui.ui.screens.profile_list import ProfileList
from meshtui.ui.screens.question import Question
from meshtui.ui.screens.tour import STEPS, Step, Tour
from meshtui.ui.screens.workbench import Workbench
from meshtui.ui.widgets.top import TopLine
from tests.hands import Hands
from tests.screens import NARROW, WIDE, app_on, bench, lines_of, running, shown
from tests.workbench import KEY, OTHER_KEY, until

pytestmark = pytest.mark.anyio
SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x50"])


@pytest.fixture(scope="module")
def choosy() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=None, keys=(KEY,))) as box:
        yield box


def write_file(home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(text)


def files_with(text: str, folder: Path) -> list[Path]:
    """Return the files under a folder that hold a text."""
    files = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    return [file for file in files if text.encode() in file.read_bytes()]


def verdict(app: MeshApp) -> str:
    return str(app.screen.query_one("#verdict", Static).content)


def top(app: MeshApp) -> str:
    return lines_of(bench(app).query_one(TopLine))[0]


# The first run


@SIZES
async def test_without_a_key_the_first_screen_explains_and_takes_one(
    choosy: Sandbox, home: Path, size: tuple[int, int]
) -> None:
    app = app_on(home, choosy.url, key="")
    async with running(app, size) as pilot:
        await until(lambda: isinstance(app.screen, KeyEntry), "the first screen")
        await pilot.pause()
        picture = shown(app)
        assert "Welcome to meshtui" in picture and "Open the demo" in picture and choosy.url in picture
        await pilot.press("enter")
        assert "Paste the key first" in verdict(app)

        await pilot.press(*OTHER_KEY, "enter")
        assert OTHER_KEY not in shown(app)
        await until(lambda: "refused this key: Invalid API key." in verdict(app), "why it was refused")
        assert app.focused is app.screen.query_one(Input) and not (home / "credentials.toml").exists()

        await pilot.press(*KEY, "enter")
        await until(lambda: isinstance(app.screen, Workbench), "the workbench")
        await pilot.pause()
        assert "rsk_…9F2A" in top(app)
        turn = bench(app).session.say("hello")
        await bench(app).session.run(turn)
        assert turn.problem is None
    file = home / "credentials.toml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(file.read_text())["default"] == {"api_key": KEY, "base_url": choosy.url}
    assert files_with(KEY, home) == [file] and files_with(OTHER_KEY, home) == []


async def test_a_key_once_kept_is_not_asked_for_again(choosy: Sandbox, home: Path) -> None:
    app = app_on(home, choosy.url, key="")
    async with running(app) as pilot:
        await until(lambda: isinstance(app.screen, KeyEntry), "the first screen")
        await pilot.press(*KEY, "enter")
        await until(lambda: isinstance(app.screen, Workbench), "the workbench")
    again = app_on(home, choosy.url, key="")
    async with running(again) as pilot:
        await pilot.pause()
        assert isinstance(again.screen, Workbench) and "rsk_…9F2A" in top(again)


@pytest.mark.parametrize(
    ("fault", "words"), [("500-job", "The provider failed"), ("ok-html", "not an API gateway"), ("drop", "cannot be")]
)
async def test_a_key_that_cannot_be_checked_is_not_kept_and_the_reason_is_told(
    home: Path, fault: str, words: str
) -> None:
    with Sandbox(Settings(rpm=None, faults=(fault,), switches={"fault-scope": "all"})) as box:
        app = app_on(home, box.url, key="")
        async with running(app) as pilot:
            await until(lambda: isinstance(app.screen, KeyEntry), "the first screen")
            await pilot.press(*KEY, "enter")
            await until(lambda: words in verdict(app), words)
            assert isinstance(app.screen, KeyEntry) and not (home / "credentials.toml").exists()


@pytest.mark.parametrize("fault", ["429-rpd", "402"])
async def test_a_key_that_is_known_and_has_reached_a_limit_is_kept(home: Path, fault: str) -> None:
    with Sandbox(Settings(rpm=None, faults=(fault,), switches={"fault-scope": "all"})) as box:
        app = app_on(home, box.url, key="")
        async with running(app) as pilot:
            await until(lambda: isinstance(app.screen, KeyEntry), "the first screen")
            await pilot.press(*KEY, "enter")
            await until(lambda: isinstance(app.screen, Workbench), "the workbench")
            assert (home / "credentials.toml").exists() and "rsk_…9F2A" in top(app)


async def test_a_key_with_blanks_in_it_is_refused_without_being_shown(choosy: Sandbox, home: Path) -> None:
    app = app_on(home, choosy.url, key="")
    async with running(app) as pilot:
        await until(lambda: isinstance(app.screen, KeyEntry), "the first screen")
        app.screen.query_one(Input).value = "rsk_01J secret words"
        await pilot.press("enter")
        await until(lambda: "blanks" in verdict(app) or "blank" in verdict(app), "the reason")
        assert "secret" not in shown(app)


async def test_a_gateway_that_wants_no_key_is_used_without_one(home: Path) -> None:
    write_file(home, '[profiles.default]\nbase_url = "http://127.0.0.1:9"\nneeds_key = false\n')
    app = app_on(home, key="")
    async with running(app):
        assert isinstance(app.screen, Workbench) and "no key" in top(app)


async def test_a_gateway_that_does_want_a_key_says_so(choosy: Sandbox, home: Path) -> None:
    app = app_on(home, choosy.url, key="")
    async with running(app) as pilot:
        await until(lambda: isinstance(app.screen, KeyEntry), "the first screen")
        await pilot.click("#without")
        await until(lambda: "wants a key" in verdict(app), "the reason")


async def test_the_first_screen_leads_to_the_demo_and_can_be_left(choosy: Sandbox, home: Path) -> None:
    app = app_on(home, choosy.url, key="")
    async with running(app) as pilot:
        await until(lambda: isinstance(app.screen, KeyEntry), "the first screen")
        await pilot.click("#demo")
        await until(lambda: app.return_value == "demo", "the way into the demo")
    app = app_on(home, choosy.url, key="")
    async with running(app) as pilot:
        await until(lambda: isinstance(app.screen, KeyEntry), "the first screen")
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, Workbench), "the workbench")
        assert "no key" in top(app)


# The tour


def demo_on(home: Path, box: Sandbox) -> MeshApp:
    """Return the demo's application on a sandbox of the test's own."""
    here: Surroundings = for_demo(look_around(argparse.Namespace(home=str(home)), {}), box.url)

    def start() -> Session:
        return here.session(replace(here.target(), demo=True))

    return application(here, start)


async def test_the_demo_has_a_template_and_a_tool_to_try(home: Path) -> None:
    with Sandbox(Settings()) as box:
        app = demo_on(home, box)
        async with running(app, NARROW) as pilot:
            await pilot.press("f12")
            await until(lambda: "refund-bot" in shown(app), "the template")
            await pilot.press("escape", "alt+o")
            await until(lambda: "weather" in shown(app), "the tool")
    assert not (home / "templates").exists(), "the user's own folders stay as they are"


async def tour(app: MeshApp, pilot: Hands) -> Tour:
    """Open the tour as the empty conversation of the demo says."""
    await pilot.press("ctrl+g")
    await until(lambda: isinstance(app.screen, Tour), "the tour")
    await pilot.pause()
    assert isinstance(app.screen, Tour)
    return app.screen


@SIZES
async def test_the_tour_has_five_steps_and_can_be_skipped_at_each(home: Path, size: tuple[int, int]) -> None:
    with Sandbox(Settings()) as box:
        app = demo_on(home, box)
        async with running(app, size) as pilot:
            assert "DEMO" in top(app)
            await tour(app, pilot)
            for number, step in enumerate(STEPS, 1):
                head = f"{number} of 5 · {step.title}"
                await until(lambda head=head: head in shown(app), head)  # type: ignore[misc]
                await pilot.press("enter")
            await until(lambda: isinstance(app.screen, Workbench), "the workbench")
            await tour(app, pilot)
            await pilot.press("escape")
            await until(lambda: isinstance(app.screen, Workbench), "the workbench")


async def test_there_is_no_tour_outside_the_demo(choosy: Sandbox, home: Path) -> None:
    app = app_on(home, choosy.url)
    async with running(app) as pilot:
        await pilot.press("ctrl+g")
        await pilot.pause()
        assert isinstance(app.screen, Workbench)
        assert not any(command.title.startswith("Tour") for command in app.get_system_commands(app.screen))


async def test_a_step_is_tried_and_the_tour_taken_up_again_after_it(home: Path) -> None:
    with Sandbox(Settings()) as box:
        app = demo_on(home, box)
        async with running(app) as pilot:
            await tour(app, pilot)
            await pilot.press("right", "right", "left", "t")
            await until(lambda: isinstance(app.screen, Workbench), "the workbench")
            assert bench(app).prompt.value == STEPS[1].message
            assert bench(app).session.draft.model == STEPS[1].model
            assert (await tour(app, pilot)).place == 2


@pytest.mark.parametrize("step", [step for step in STEPS if step.message], ids=lambda step: step.title)
async def test_what_the_tour_offers_to_try_works(home: Path, step: Step) -> None:
    with Sandbox(Settings()) as box:
        app = demo_on(home, box)
        async with running(app) as pilot:
            await tour(app, pilot)
            for _ in range(STEPS.index(step)):
                await pilot.press("right")
            await pilot.press("t")
            await until(lambda: isinstance(app.screen, Workbench), "the workbench")
            await pilot.press("enter")
            turns = bench(app)
            await until(lambda: turns.last_turn is not None and turns.last_turn.ended, "the answer")
            turn = turns.last_turn
            assert turn is not None
            assert turn.problem is None or turn.problem.status == 429
            if step.tool:
                await until(lambda: turns.panel.has_focus_within and "rule 1" in shown(app), "what answers the call")
                await pilot.press("f5")
                await until(lambda: "degrees: 31" in shown(app), "the second answer")


async def test_the_demo_has_neither_profiles_nor_keys_of_the_user(home: Path) -> None:
    with Sandbox(Settings()) as box:
        app = demo_on(home, box)
        async with running(app) as pilot:
            bench(app).action_choose_profile()
            bench(app).action_enter_key()
            await pilot.pause()
            assert isinstance(app.screen, Workbench)


# Profiles

TWO = """default_profile = "one"
# a word of the user's
[profiles.one]
base_url = "{one}"
model = "sandbox/echo"
[profiles.two]
base_url = "{two}"
model = "sandbox/haiku"
[profiles.lan]
base_url = "http://box.invalid:9"
needs_key = false
[profiles.broken]
base_url = "{two}"
api_key_command = "false"
"""


def write_config(home: Path, one: str, two: str) -> None:
    write_file(home, TWO.format(one=one, two=two))


async def chosen(app: MeshApp, name: str, pilot: Hands) -> None:
    """Choose a profile from the list, by keys."""
    bench(app).action_choose_profile()
    await pilot.pause()
    assert isinstance(app.screen, ProfileList)
    names = [row.name for row in app.screen._rows]
    await pilot.press("home", *["down"] * names.index(name), "enter")
    await pilot.pause()


async def test_switching_changes_gateway_model_and_what_is_shown(home: Path) -> None:
    with Sandbox(Settings()) as one, Sandbox(Settings()) as two:
        write_config(home, one.url, two.url)
        app = app_on(home)
        async with running(app, WIDE) as pilot:
            assert "one · rsk_…9F2A · sandbox/echo" in top(app)
            await chosen(app, "two", pilot)
            await until(lambda: "two · rsk_…9F2A · sandbox/haiku" in top(app), "the other profile")
            await pilot.press(*"hi", "enter")
            await until(lambda: (turn := bench(app).last_turn) is not None and turn.ended, "the answer")
            asked = [[request["path"].endswith("/chat/completions") for request in box.requests] for box in (one, two)]
            assert not any(asked[0]) and any(asked[1])


async def test_a_conversation_goes_on_with_the_profile_it_was_last_used_with(home: Path) -> None:
    with Sandbox(Settings()) as one, Sandbox(Settings()) as two:
        write_config(home, one.url, two.url)
        app = app_on(home)
        async with running(app, WIDE) as pilot:
            await chosen(app, "two", pilot)
            await until(lambda: "two ·" in top(app), "the other profile")
            await pilot.press(*"hi", "enter")
            await until(lambda: (turn := bench(app).last_turn) is not None and turn.ended, "the answer")
            bench(app).action_new_conversation()
            await chosen(app, "one", pilot)
            await until(lambda: "one ·" in top(app), "the first profile")
            bench(app).action_list_conversations()
            await pilot.pause()
            await pilot.press("enter")
            await until(lambda: "two · rsk_…9F2A · sandbox/haiku" in top(app), "the conversation's own profile")


async def test_a_profile_that_cannot_be_used_leaves_the_one_that_works(home: Path) -> None:
    with Sandbox(Settings()) as one:
        write_config(home, one.url, one.url.replace("127.0.0.1", "localhost"))
        app = app_on(home)
        async with running(app, WIDE) as pilot:
            await chosen(app, "broken", pilot)
            await until(lambda: any("failed with exit code" in note.message for note in app._notifications), "why")
            assert "one ·" in top(app)


async def test_plain_http_to_another_machine_asks_once(home: Path) -> None:
    with Sandbox(Settings()) as one:
        write_config(home, one.url, one.url)
        app = app_on(home)
        async with running(app) as pilot:
            await chosen(app, "lan", pilot)
            await until(lambda: isinstance(app.screen, Question), "the question")
            await pilot.press("enter")  # the careful answer has the focus
            await pilot.pause()
            assert isinstance(app.screen, Workbench) and "one ·" in top(app)
            await chosen(app, "lan", pilot)
            await until(lambda: isinstance(app.screen, Question), "the question")
            await pilot.click("#yes")
            await until(lambda: "lan · no key" in top(app), "the other profile")
            text = (home / "config.toml").read_text()
            assert "# a word of the user's" in text and tomllib.loads(text)["profiles"]["lan"]["allow_http"] is True
            await chosen(app, "one", pilot)
            await until(lambda: "one ·" in top(app), "the first profile")
            await chosen(app, "lan", pilot)
            await until(lambda: "lan ·" in top(app), "no second question")


async def test_a_start_on_plain_http_asks_before_anything_is_sent(home: Path) -> None:
    app = app_on(home, "http://box.invalid:9")
    async with running(app) as pilot:
        await until(lambda: isinstance(app.screen, Question), "the question")
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, Workbench), "the workbench")
        await pilot.press(*"hi", "enter")
        await until(lambda: (turn := bench(app).last_turn) is not None and turn.ended, "the answer")
        turn = bench(app).last_turn
        assert turn is not None and turn.problem is not None and turn.problem.code == "insecure_url"


async def test_a_start_goes_on_with_the_last_conversations_profile_unless_one_is_named(home: Path) -> None:
    with Sandbox(Settings()) as one, Sandbox(Settings()) as two:
        write_config(home, one.url, two.url)
        app = app_on(home, profile="two")
        async with running(app) as pilot:
            await pilot.press(*"hi", "enter")
            await until(lambda: (turn := bench(app).last_turn) is not None and turn.ended, "the answer")
        app = app_on(home)
        async with running(app) as pilot:
            await until(lambda: "two ·" in top(app), "the conversation's own profile")
        app = app_on(home, profile="one")
        async with running(app) as pilot:
            await until(lambda: bench(app).session.cards, "the models")
            await pilot.pause()
            assert "one ·" in top(app)

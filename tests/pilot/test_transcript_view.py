"""The transcript in a running application: what it shows, where it scrolls, what it posts."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message

from meshtui.ui.widgets.transcript import Transcript
from meshtui.ui.widgets.transcript_values import Action, Attachment, Card, Entry, Fact, Label, ToolCall
from tests.hands import Hands
from tests.hostile import cases, text_of
from tests.workbench import until

ANSWER = """Some *text* with a [link](https://a.example/x).

```python
def work():
    return 1
```

- one
- two
"""
CARD = Card(
    "429 rate limit: 100 per min",
    (Fact("resets", "in 7 s"),),
    (Action("r", "retry", "retry"), Action("m", "model", "switch")),
    "req_01JDEMO",
)


class Host(App[None]):
    CSS = "Transcript { height: 100%; }"

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Transcript()

    @property
    def view(self) -> Transcript:
        return self.query_one(Transcript)

    def lines(self) -> list[str]:
        view = self.view
        region = Region(0, 0, view.size.width, view.size.height)
        return [strip.text.rstrip() for strip in view.render_lines(region)]

    def _take(self, message: Message) -> None:
        self.posted.append(message)

    on_transcript_action_chosen = on_transcript_cursor_moved = on_transcript_link_chosen = _take
    on_transcript_links_asked = on_transcript_copy_requested = on_transcript_find_changed = _take

    def last(self, kind: type[Any]) -> Any:
        return [message for message in self.posted if isinstance(message, kind)][-1]


@asynccontextmanager
async def running(app: Host, size: tuple[int, int]) -> AsyncIterator[Hands]:
    """Run an application until the block ends."""
    app.animation_level = "none"
    async with app.run_test(size=size):
        yield Hands(app)


def conversation(count: int) -> list[Entry]:
    return [
        Entry(f"{n}", "assistant" if n % 2 else "user", text=f"message {n}\n\nwith words to read " * 4)
        for n in range(count)
    ]


@pytest.mark.anyio
async def test_what_is_drawn_between_a_piece_of_text_and_its_layout_has_the_cursor() -> None:
    app = Host()
    async with running(app, (80, 20)) as pilot:
        app.view.show([Entry("a", "assistant", text="one\n\n```python\na = 1\n")])
        app.view.focus()
        await pilot.press("end", "k")
        assert app.view.current() == ("a = 1", "code")
        app.view.append_text("a", "b = 2\n")  # laid out at once
        app.view.append_text("a", "c = 3\n")  # laid out with what follows
        assert any(line.startswith("▌") and "b = 2" in line for line in app.lines())


@pytest.mark.anyio
async def test_everything_of_an_entry_is_shown() -> None:
    entry = Entry(
        "a",
        "assistant",
        (Label("gpt-4o-mini", "plain"), Label("done", "good")),
        text=ANSWER,
        reasoning="because of reasons",
        reasoning_label="4.1 s",
        tool_calls=(ToolCall("c", "get_refund", '{"id":"A{1}","id":[]}', Label("fits")),),
        attachments=(Attachment("/tmp/cat.png", "image/png", "120 kB"),),
        card=CARD,
        footer=(Label("942 → 318 tok"),),
    )
    app = Host()
    async with running(app, (80, 50)) as pilot:
        app.view.show([Entry("u", "user", text="**as** typed"), entry])
        await pilot.pause()
        shown = "\n".join(app.lines())
    for part in ("user", "**as** typed", "assistant  gpt-4o-mini · done", "Some text with a link.", "▎ python"):
        assert part in shown
    assert "▸ reasoning · 3 words · 4.1 s" in shown and "because" not in shown
    assert '"id": "A{1}"' in shown and '"id": []' in shown, "nothing of the arguments may vanish"
    assert "▣ image/png · 120 kB  /tmp/cat.png" in shown
    assert "┌─ 429 rate limit: 100 per min ─" in shown and "[r]etry  [m]odel" in shown
    assert "req_01JDEMO  [y] copy ─┘" in shown and "942 → 318 tok" in shown


@pytest.mark.anyio
async def test_it_stays_at_the_end_only_while_the_user_is_there() -> None:
    app = Host()
    async with running(app, (60, 20)) as pilot:
        app.view.show([*conversation(30), Entry("s", "assistant", text="begin ")])
        await pilot.pause()
        for number in range(40):
            app.view.append_text("s", f"line {number}\n\n")
        await pilot.pause()
        assert app.view.at_end and "  line 39" in app.lines()

        app.view.focus()
        await pilot.press("pageup")
        assert not app.view.at_end
        before = app.lines()
        app.view.append_text("s", "out of sight\n\n" * 5)
        await pilot.pause()
        assert app.lines()[:-1] == before[:-1], "what one reads does not move"
        assert "new text below" in app.lines()[-1]

        await pilot.click(Transcript, offset=(app.view.size.width - 5, 19))
        assert app.view.at_end and "out of sight" in "\n".join(app.lines())
        assert "new text below" not in "\n".join(app.lines())
        await pilot.press("home")
        assert app.lines()[0].strip() == "user"
        await pilot.press("end")
        assert app.view.at_end


@pytest.mark.anyio
@pytest.mark.parametrize("reading", [False, True])
async def test_what_is_put_before_the_first_moves_nothing(reading: bool) -> None:
    app = Host()
    entries = conversation(300)
    async with running(app, (60, 20)) as pilot:
        app.view.show(entries[200:])
        await pilot.pause()
        if reading:
            app.view.focus()
            await pilot.press("pageup", "pageup")
        before, at_end = app.lines(), app.view.at_end
        app.view.prepend(entries[:200])
        await pilot.pause()
        assert app.lines() == before and app.view.at_end is at_end is not reading
        assert app.view.keys == [entry.key for entry in entries]
        app.view.append_text("299", "\n\nthe very end")
        app.view.jump_to("0")
        await until(lambda: "  message 0" in app.lines(), "it")
        app.view.focus()
        await pilot.press("end")
        await until(lambda: "  the very end" in app.lines(), "it")
        app.screen.text_select_all()
        selected = app.screen.get_selected_text() or ""
        assert selected.index("message 0\n") < selected.index("message 199\n") < selected.index("the very end")


@pytest.mark.anyio
async def test_a_frame_shows_what_a_fresh_view_shows() -> None:
    source = ANSWER * 3 + "| a | b |\n|---|---|\n| 1 | **2** |\n\n> quote\n\n1. x\n\n2. y"
    app = Host()
    async with running(app, (60, 24)) as pilot:
        app.view.show([Entry("a", "assistant", text="")])
        for at in range(0, len(source), 7):
            app.view.append_text("a", source[at : at + 7])
            if at % 5 == 0:
                await pilot.pause()
            if at > len(source) // 2 and app.size.width == 60:
                await pilot.resize_terminal(44, 30)
        await pilot.pause()
        streamed = app.lines()
        app.view.show([Entry("a", "assistant", text=source)])
        await pilot.pause()
        assert streamed == app.lines()


@pytest.mark.anyio
async def test_the_cursor_walks_over_blocks_and_keys_act_on_them() -> None:
    app = Host()
    async with running(app, (70, 40)) as pilot:
        app.view.show([Entry("u", "user", text="hi"), Entry("a", "assistant", text=ANSWER, card=CARD)])
        app.view.focus()
        await pilot.press("alt+up")
        assert app.view.cursor == ("a", "card")
        await pilot.press("y")
        assert app.last(Transcript.CopyRequested).text == "req_01JDEMO"
        await pilot.press("r")
        chosen = app.last(Transcript.ActionChosen)
        assert (chosen.key, chosen.action) == ("a", "retry")
        await pilot.press("k")
        assert app.view.cursor == ("a", "code")
        assert any(line.startswith("▌ ▎ def work():") for line in app.lines()), "the cursor is drawn"
        await pilot.press("y")
        assert app.last(Transcript.CopyRequested).text == "def work():\n    return 1"
        await pilot.press("k", "y")
        assert app.last(Transcript.CopyRequested).text == ANSWER, "a message is copied as it came"
        await pilot.press("o")
        assert app.last(Transcript.LinksAsked).links == [("link", "https://a.example/x")]
        await pilot.press("k")
        assert app.view.cursor == ("u", "message")
        await pilot.press("j")
        assert app.view.cursor == ("a", "message")


@pytest.mark.anyio
async def test_reasoning_is_live_and_unfolds() -> None:
    app = Host()
    async with running(app, (70, 30)) as pilot:
        app.view.show([Entry("a", "assistant")])
        app.view.append_reasoning("a", "one two th")
        app.view.append_reasoning("a", "ree\n\nfour")
        await pilot.pause()
        assert "▸ reasoning · 4 words" in "\n".join(app.lines())
        await pilot.click(Transcript, offset=(5, 1))
        app.view.append_reasoning("a", " five")
        await pilot.pause()
        assert "  ┊ four five" in app.lines()
        app.view.append_text("a", "the answer")
        app.view.focus()
        app.view.set_cursor("a", "reasoning")
        await pilot.press("space")
        shown = "\n".join(app.lines())
        assert "four" not in shown and "the answer" in shown and "5 words" in shown


@pytest.mark.anyio
async def test_long_arguments_fold() -> None:
    call = ToolCall("c1", "search", "[" + ",".join(str(n) for n in range(30)) + "]")
    app = Host()
    async with running(app, (70, 50)) as pilot:
        app.view.show([Entry("a", "assistant", text="x", tool_calls=(call,))])
        app.view.focus()
        await pilot.press("alt+up")
        assert app.view.cursor == ("a", "tool") and "24 more lines" in "\n".join(app.lines())
        await pilot.press("enter")
        assert "▌ ▎   29" in app.lines()
        await pilot.press("y")
        assert app.last(Transcript.CopyRequested).text == call.arguments


@pytest.mark.anyio
async def test_clicks_choose_actions_and_links_and_open_nothing() -> None:
    app = Host()
    opened: list[str] = []
    app.open_url = lambda url, *, new_tab=True: opened.append(url)  # type: ignore[method-assign]
    async with running(app, (70, 30)) as pilot:
        app.view.show([Entry("a", "assistant", text=ANSWER, card=CARD)])
        await pilot.pause()
        lines = app.lines()
        row = next(number for number, line in enumerate(lines) if "[m]odel" in line)
        await pilot.click(Transcript, offset=(lines[row].index("[m]"), row))
        assert app.last(Transcript.ActionChosen).action == "switch"
        await pilot.click(Transcript, offset=(lines[1].index("link"), 1))
        assert app.last(Transcript.LinkChosen).target == "https://a.example/x"
        row = next(number for number, line in enumerate(lines) if "[y] copy" in line)
        await pilot.click(Transcript, offset=(lines[row].index("copy"), row))
        assert app.last(Transcript.CopyRequested).text == "req_01JDEMO"
        assert not opened


@pytest.mark.anyio
async def test_selected_text_is_clean() -> None:
    text = "> quoted words that are long enough to be wrapped in a narrow terminal\n\n- item *one*\n- 👨‍👩‍👧 two\n"
    app = Host()
    async with running(app, (40, 30)) as pilot:
        app.view.show([Entry("a", "assistant", text=text), Entry("b", "assistant", text="next message")])
        await pilot.pause()
        lines = app.lines()
        end = next(number for number, line in enumerate(lines) if "next" in line)
        await pilot.mouse_down(Transcript, offset=(4, 1))
        await pilot.hover(Transcript, offset=(5, end))
        await pilot.mouse_up(Transcript, offset=(5, end))
        selected = app.screen.get_selected_text()
        assert selected == (
            "quoted words that are long enough to be wrapped in a narrow terminal\n\n- item one\n- 👨‍👩‍👧 two\n\nnext"
        )
        style = app.view.render_lines(Region(0, 1, 40, 1))[0]
        assert len({segment.style.bgcolor for segment in style if segment.style}) > 1, "it is seen"
        await pilot.resize_terminal(30, 30)
        assert app.screen.get_selected_text() == selected, "a new width selects nothing else"


@pytest.mark.anyio
async def test_search_finds_all_hits_and_walks_over_them() -> None:
    app = Host()
    async with running(app, (60, 20)) as pilot:
        entries = conversation(300)
        entries[7] = Entry("7", "assistant", text="a Need*le* here\n\nand needle there")
        entries[250] = Entry("250", "user", text="the NEEDLE again")
        app.view.show(entries)
        await pilot.pause()
        app.view.find("needle")
        await pilot.pause()
        await until(lambda: app.last(Transcript.FindChanged).done, "it")
        assert app.last(Transcript.FindChanged).total == 3
        seen = set()
        for _ in range(3):
            app.view.find_next()
            await pilot.pause()
            seen.add(app.last(Transcript.FindChanged).current)
            assert "needle" in "\n".join(app.lines()).lower()
        assert seen == {1, 2, 3}
        app.view.find("")
        await pilot.pause()
        assert app.last(Transcript.FindChanged).total == 0


@pytest.mark.anyio
async def test_ten_thousand_messages_open_at_once_and_any_is_reached() -> None:
    app = Host()
    async with running(app, (80, 30)) as pilot:
        entries = conversation(10_000)
        await pilot.pause()
        began = time.thread_time()
        app.view.show(entries)
        took = time.thread_time() - began
        assert took < 1.0, f"it took {took:.2f} s of the processor's time"
        assert "message 9999" in "\n".join(app.lines())
        for key in ("5000", "17", "9000"):
            app.view.jump_to(key)
            await pilot.pause()
            assert app.lines()[1].endswith(f"message {key}")
        app.view.append_text("9999", " and more")
        app.view.remove_entry("8999")
        await pilot.pause()
        assert app.lines()[1].endswith("message 9000"), "what is above does not move what one reads"


@pytest.mark.anyio
async def test_it_rests_when_nothing_is_left_to_do() -> None:
    app = Host()
    async with running(app, (80, 30)) as pilot:
        app.view.show(conversation(200))
        await until(lambda: not app.view.is_busy, "it")
        total = app.view.virtual_size.height
        app.view.action_top()
        await pilot.pause()
        assert not app.view.is_busy and app.view.virtual_size.height == total, "heights are known, not guessed"


@pytest.mark.anyio
async def test_updates_change_values_and_keep_the_text() -> None:
    app = Host()
    async with running(app, (80, 30)) as pilot:
        app.view.show([Entry("a", "assistant", text="kept")])
        app.view.append_text("a", " text")
        app.view.update(Entry("a", "assistant", (Label("done", "good"),), card=CARD, footer=(Label("3 tok"),)))
        await pilot.pause()
        shown = "\n".join(app.lines())
        assert "kept text" in shown and "done" in shown and "429" in shown and "3 tok" in shown
        assert app.view.text_of("a") == "kept text"
        app.view.update(Entry("a", "assistant", text="other"))
        await pilot.pause()
        shown = "\n".join(app.lines())
        assert "other" in shown and "kept" not in shown and "429" not in shown
        app.view.clear()
        await pilot.pause()
        assert not "".join(app.lines())


@pytest.mark.anyio
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "nord"])
async def test_it_takes_the_colours_of_the_theme(theme: str) -> None:
    app = Host()
    async with running(app, (80, 30)) as pilot:
        app.view.show([Entry("a", "assistant", text=ANSWER, card=CARD)])
        await pilot.pause()
        before = app.lines()
        app.theme = "gruvbox"
        await pilot.pause()
        gruvbox = [list(strip) for strip in app.view.render_lines(app.view.size.region)]
        app.theme = theme
        await pilot.pause()
        assert app.lines() == before
        assert [list(strip) for strip in app.view.render_lines(app.view.size.region)] != gruvbox


@pytest.mark.anyio
async def test_without_colours_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host()
    async with running(app, (80, 30)) as pilot:
        app.view.show([Entry("a", "assistant", text=ANSWER, card=CARD)])
        await pilot.pause()
        for strip in app.view.render_lines(app.view.size.region):
            for segment in strip:
                color = segment.style.color if segment.style else None
                assert color is None or color.triplet is None or len(set(color.triplet)) == 1
        await pilot.mouse_down(Transcript, offset=(2, 1))
        await pilot.hover(Transcript, offset=(8, 1))
        await until(lambda: app.screen.get_selected_text(), "it")
        [row] = app.view.render_lines(Region(0, 1, 80, 1))
        assert any(segment.style and segment.style.reverse for segment in row), "a selection is seen all the same"


@pytest.mark.anyio
async def test_hostile_text_in_every_field_is_harmless() -> None:
    app = Host()
    control = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
    async with running(app, (90, 40)) as pilot:
        for case in cases():
            text = text_of(case)
            label = Label(text)
            entry = Entry(
                text[:300],
                "assistant",
                (label, label),
                text=text,
                reasoning=text,
                reasoning_label=text,
                tool_calls=(ToolCall("c", text, text, label, (label,)), ToolCall("d", "x", "{" + text)),
                attachments=(Attachment(text, text, text, text),),
                card=Card(text, (Fact(text, text),), (Action("r", text, "x"),), text),
                footer=(label,),
            )
            app.view.show([Entry("u", "user", text=text), entry])
            app.view.fold(entry.key, "reasoning", True)
            for place in (app.view.action_top, app.view.action_bottom):
                place()
                await pilot.pause()
                for strip in app.view.render_lines(app.view.outer_size.region):
                    assert not control.search(strip.text), (case["id"], strip.text)
                    assert strip.cell_length == cell_len(strip.text) == app.view.outer_size.width


@pytest.mark.anyio
async def test_the_scrollbar_tells_where_one_is() -> None:
    app = Host()
    async with running(app, (60, 20)) as pilot:
        app.view.show(conversation(200))
        await until(lambda: not app.view.is_busy, "it")
        bar = app.view.vertical_scrollbar
        assert bar.window_virtual_size == app.view.virtual_size.height
        assert bar.position == app.view.max_scroll_y == app.view.scroll_y
        app.view.append_text("199", "\n\nmore" * 30)
        await pilot.pause()
        assert bar.window_virtual_size == app.view.virtual_size.height and bar.position == app.view.max_scroll_y
        await pilot.click(bar, offset=(0, 1))
        await until(lambda: app.view.scroll_y < app.view.max_scroll_y - 10, "it")
        assert not app.view.at_end
        await until(lambda: bar.position == app.view.scroll_y, "it")

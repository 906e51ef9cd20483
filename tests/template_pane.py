"""The workbench with a template open, and its fields, for the tests of the template pane."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.screens.template_list import TemplateList
from meshtui.ui.widgets.slot_text import SlotField
from tests.bench import Bench, workbench

FILE = '''\
# ours
description = "[b]Answers[/b]"
system = """
You are {{tone}} support for {{company}}.
Order {order}.
"""

[[messages]]
role = "user"
content = "Where is my {{thing}}?"

[variables]
tone = "friendly"
'''
BOT = """\
system = "You are {{tone}} support."
[[messages]]
role = "user"
content = "Where is my {{thing}}?"
"""
"""A short template, both of whose slots are empty."""
FILLED_BOT = f'{BOT}[variables]\ntone = "friendly"\nthing = "parcel"\n'
SETS = "[one]\ncompany = 'A'\nthing = 'x'\n\n[two]\ncompany = 'B'\nthing = 'y'\n"
SIZES = [(80, 24), (120, 40), (160, 50)]


@asynccontextmanager
async def opened(home: Path, size: tuple[int, int] = (160, 50), **files: str) -> AsyncIterator[tuple[Bench, Sandbox]]:
    """The workbench with the template `bot` open."""
    folder = home / "templates"
    folder.mkdir(parents=True)
    for name, text in {"bot": FILE, **files}.items():
        (folder / f"{name}.toml").write_text(text)
    with Sandbox(Settings(rpm=100_000)) as box:
        async with workbench(home, box.url, "sandbox/echo", size=size) as bench:
            await bench.press("f12")
            await bench.holds(lambda: isinstance(bench.app.screen, TemplateList), "the list of templates")
            await bench.type("bot")
            await bench.press("enter")
            await bench.holds(lambda: bool(bench.screen.query(SlotField)), "the slots")
            await bench.pilot.pause()
            yield bench, box


def request_of(bench: Bench) -> dict[str, Any]:
    """The request that the echo model was sent last."""
    request: dict[str, Any] = json.loads(str(bench.turn.content))
    return request


def field(bench: Bench, slot: str) -> SlotField:
    """The field of a slot."""
    return next(one for one in bench.screen.query(SlotField) if one.slot == slot)


def field_names(bench: Bench) -> list[str]:
    """The slots that have a field, in order."""
    return [one.slot for one in bench.screen.query(SlotField)]


async def fill(bench: Bench, **values: str) -> None:
    """Type values into the slots."""
    for slot, value in values.items():
        field(bench, slot).focus()
        await bench.pilot.pause()
        await bench.type(value)
    await bench.pilot.pause()

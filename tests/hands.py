"""Hands for an application under test: what they set off is done when they return, however busy the machine is.

Textual's own pilot goes on once the process uses little processor time. On a loaded machine that is at once, and on a
quiet one it is 40 ms later for each key.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
import unicodedata
from typing import Any
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen

from meshtui.ui.app import MeshApp
from tests.workbench import PATIENCE, until

SWEEP = 20
"""After so many applications what is left of them is given back: each puts all that is there out of the collector's
sight when it has opened, about 9 MB; to look for it each time would take a tenth of the tests' time."""
_ENDED = itertools.count(1)
_SAID: WeakKeyDictionary[MeshApp, list[str]] = WeakKeyDictionary()
STILL = 3
"""So many turns of the event loop without anything to do are rest: what is mounted or removed takes steps between."""


class Hands(Pilot[Any]):
    """A pilot whose keys, clicks and pauses end when no message is on its way and the screen is laid out.

    Timers, threads and sockets are not waited for: that is a condition to be named by the test.
    """

    async def press(self, *keys: str) -> None:
        """Press keys by their names, each once what is on its way has arrived: a screen that opens takes keys then."""
        await rest(self.app)
        for key in keys:
            self.app.post_message(key_event(key))
            await rest(self.app)

    async def resize_terminal(self, width: int, height: int) -> None:
        """Give the terminal another size; Textual takes it a moment later."""
        await super().resize_terminal(width, height)
        await until(lambda: self.app._resize_timer is None, f"the size {width}×{height}")
        await rest(self.app)

    async def pause(self, delay: float | None = None) -> None:
        """Let what is on its way arrive, and the seconds pass that are asked for."""
        await rest(self.app)
        if delay:
            await asyncio.sleep(delay)
            await rest(self.app)

    async def _post_mouse_events(self, *events: Any, **more: Any) -> bool:
        await rest(self.app)
        return await super()._post_mouse_events(*events, **more)

    async def _wait_for_screen(self, timeout: float = PATIENCE) -> bool:  # noqa: ASYNC109 - as in the base class
        await rest(self.app, timeout)
        return self.app._exception is None


def unhurried(app: MeshApp) -> MeshApp:
    """Return an application in which nothing moves, and whose notices can be read after they have gone."""
    app.animation_level = "none"
    said, notify = _SAID.setdefault(app, []), app.notify

    def noted(message: str, **more: Any) -> None:
        said.append(message)
        notify(message, **more)

    app.notify = noted  # type: ignore[method-assign]
    return app


def notices_of(app: MeshApp) -> list[str]:
    """Return every sentence that concerned no single turn, the first one first."""
    return _SAID[app]


async def hands_of(app: MeshApp) -> Hands:
    """Wait until the workbench of an application that runs is open, or what asks before it; fails as that failed."""
    await until(lambda: app.failure is not None or _is_open(app), "the workbench")
    if app.failure is not None:
        raise app.failure
    await rest(app)
    return Hands(app)


def _is_open(app: MeshApp) -> bool:
    return app.session is not None and len(app.screen_stack) > 1 and app.screen.is_mounted


def key_event(key: str) -> events.Key:
    """Return the event of a key, given by its name or as the character that it types."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    try:
        character: str | None = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        character = key if len(key) == 1 else None
    return events.Key(key, character)


async def rest(app: App[Any], seconds: float = PATIENCE) -> None:
    """Wait until nothing is on its way in an application; at its end there is nothing to wait for."""
    end = time.monotonic() + seconds
    still = turns = 0
    while still < STILL and app._exception is None and app._running and not app._closing:
        await asyncio.sleep(0 if turns < 100 else 0.005)
        turns += 1
        at_work = _at_work(app)
        still = 0 if at_work else still + 1
        if time.monotonic() > end:
            raise AssertionError(f"no rest after {seconds:g} s: {at_work}")


def _at_work(app: App[Any]) -> str:
    """Return who has something to do, empty where nobody has; draws what waits to be drawn."""
    for screen in reversed(app.screen_stack):
        if screen.is_current and _draws(screen, screen is app.screen):
            with app._context():
                screen._on_timer_update()
            return f"{screen} is drawn"
        for widget in screen.walk_children(with_self=True):
            if not widget.is_mounted or _has_mail(widget):
                return f"{widget} has messages"
    if app.animator._animations:
        return "something glides"  # also where nothing is to be seen of that: it arrives with the animator's next tick
    return f"{app} has messages" if _has_mail(app) else ""


def _has_mail(pump: MessagePump) -> bool:
    """Whether messages wait for a pump, or it is about one: where it has nothing to do it waits for its queue."""
    queue: Any = pump._message_queue
    return not pump._closing and not (queue.empty() and queue.ready_event._waiters)


def _draws(screen: Screen[Any], is_in_front: bool) -> bool:
    """Whether a screen has to be laid out or drawn, or calls back then; those behind are drawn with it."""
    if screen._layout_required or screen._scroll_required or screen._recompose_required or screen._callbacks:
        return True
    return is_in_front and bool(screen._repaint_required or screen._dirty_widgets)


async def shut(app: MeshApp) -> None:
    """Stop what runs and give back what is open, without what leaving would keep."""
    app.workers.cancel_group(app, "catalogue")
    session = app.session
    if session is None:
        return
    for turn in list(session.live.values()):
        session.stop(turn)
    await until(lambda: not any(worker.group.startswith("turn:") for worker in app.workers), "the turns' end")
    app.is_leaving = True  # timers may run on until the application has ended
    session.close()
    await session.aclose()
    if next(_ENDED) % SWEEP == 0:
        gc.unfreeze()
        gc.collect()

"""`meshtui run`: one turn without a screen, through the same session as the workbench."""

from __future__ import annotations

import argparse
import asyncio

from meshtui.cli import inputs, tool_loop
from meshtui.cli.budget import check_budget
from meshtui.cli.message import add_message_arguments, cancelled_by_signals, checked, draft_from, prompt_of
from meshtui.cli.output import INTERRUPTED, KEY, Refused, Unwritable, emit_json, say
from meshtui.cli.printer import Printer
from meshtui.cli.surroundings import Surroundings, look_around
from meshtui.cli.template_values import Filled, check_kept, filled, say_strangers
from meshtui.cli.tool_loop import ToolLoop
from meshtui.cli.values import named
from meshtui.core.attachments import file_words
from meshtui.core.chat import Draft
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.text import one_line
from meshtui.core.turn import Turn, error_object
from meshtui.session import Session

REFUSED = (ProblemKind.NOT_FOUND, ProblemKind.INVALID)
"""How a gateway refuses a template or its values: where nothing else was said, there is nothing to keep."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `run` (design, section 5)."""
    add_message_arguments(parser)
    parser.add_argument("-m", "--model", type=named, metavar="ID", help="the model, as the gateway names it")
    parser.add_argument(
        "-t", "--template", type=named, metavar="NAME", help="a template of this project, of yours, or the gateway's"
    )
    parser.add_argument("--events", action="store_true", help="print one object per change, a line each")
    tool_loop.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Send one turn and print its reply; return the exit code.

    With `--json` there is an object also where nothing could be sent: its error says why.
    """
    try:
        return _run(arguments, look_around(arguments))
    except Unwritable:
        raise
    except Refused as refusal:
        if arguments.json:
            code = "no_key" if refusal.code == KEY else "not_sent"
            problem = Problem(ProblemKind.INVALID, code, str(refusal))
            emit_json({**Turn("", {}).result(), "error": error_object(problem)})
        raise


def _run(arguments: argparse.Namespace, surroundings: Surroundings) -> int:
    surroundings.require_key()
    prompt = prompt_of(arguments)
    template = filled(arguments, surroundings)
    if template is not None:
        say_strangers(arguments.var, template.opened.template)
    tools, rules = inputs.tools(arguments.tools, surroundings.tool_files), inputs.rules(arguments.respond)
    draft = draft_from(arguments, surroundings, prompt, tools, template)
    session = surroundings.session()
    try:
        draft = checked(draft, session, arguments)
        loop = ToolLoop(session, tools, rules, arguments)
        retries = arguments.retries if arguments.retries is not None else surroundings.retries
        return asyncio.run(_drive(loop, draft, retries, arguments, template))
    finally:
        session.close()


async def _drive(
    loop: ToolLoop, draft: Draft, retries: int, arguments: argparse.Namespace, template: Filled | None
) -> int:
    task, session, code = cancelled_by_signals(), loop.session, None
    turn: Turn | None = None
    printer = Printer(arguments.json, arguments.events, on_closed=task.cancel, waits=loop.active)
    session.on_change, session.on_notice, loop.put = printer.changed, say, printer.put
    try:
        await check_kept(session, session.target.base_url, [draft.template])
        await check_budget(session, draft)
        turn = first = session.send(draft)
        if template is not None:
            template.pin(session, turn)
        begun = _named_after_its_template(session, draft)
        async with session.knowing_prices(ask=False):  # a script's one request is one request
            turn = await loop.run(turn, retries)
            code = printer.end(turn, loop.result(turn), stopped=False)
        if begun and turn is first and turn.problem is not None and turn.problem.kind in REFUSED:
            session.quietly(lambda: session.delete(begun))
    except asyncio.CancelledError:
        task.uncancel()
    finally:
        await session.aclose()
    if turn is None:
        return _stopped_before(arguments)
    if code is None:
        turn = loop.turn or turn
        code = printer.end(turn, loop.result(turn), stopped=True)
    for part in turn.media:
        say(f"kept {file_words(session.file(part))}")
    return code or loop.code


def _named_after_its_template(session: Session, draft: Draft) -> str:
    """Give the conversation a title where nobody said anything that could be one; return its id, else nothing."""
    here = session.conversation
    if here is None or draft.template is None or any(message.role == "user" for message in draft.messages):
        return ""
    title = one_line(draft.template, 80)
    session.quietly(lambda: session.rename(here.id, title))
    return here.id


def _stopped_before(arguments: argparse.Namespace) -> int:
    """Say that nothing was sent, and return the exit code; with `--json` there is an object here too."""
    if arguments.json:
        emit_json({**Turn("", {}).result(), "interrupted": True})
    say("stopped; nothing was sent")
    return INTERRUPTED

"""`meshtui compare`: one message to several models at once, without a screen, through the same session."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from meshtui.cli import inputs
from meshtui.cli.budget import check_budget
from meshtui.cli.message import add_message_arguments, cancelled_by_signals, checked, draft_from, prompt_of
from meshtui.cli.output import INTERRUPTED, KEY, LIMITED, OK, SPENT, close_quietly, emit, emit_json, refuse, say
from meshtui.cli.surroundings import Surroundings
from meshtui.cli.template_values import check_kept
from meshtui.cli.values import named, positive
from meshtui.core.chat import Draft
from meshtui.core.text import one_line
from meshtui.core.turn import Turn, TurnState, error_object
from meshtui.core.variants import Variant, variants
from meshtui.session import Comparison, Figures, Judge, Lane, Session

MOST_AT_ONCE = 64
REFUSED = (KEY, LIMITED, SPENT)
"""Exit codes of refusals that no other lane makes good."""

PATIENCE_SECONDS = 10.0
"""How long the table waits for the price list once the answers are there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `compare` (design, section 5)."""
    add_message_arguments(parser)
    parser.add_argument(
        "-m", "--model", type=named, metavar="ID", action="append", default=[], help="a model to ask (repeat)"
    )
    parser.add_argument(
        "-t",
        "--template",
        type=named,
        metavar="NAME",
        action="append",
        default=[],
        help="a template; several are compared (repeat)",
    )
    parser.add_argument(
        "--vary",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter's value to compare with the others given (repeat)",
    )
    parser.add_argument(
        "--vary-var",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a slot's value to compare with the others given (repeat)",
    )
    parser.add_argument(
        "--samples", type=positive, metavar="N", default=1, help="ask each of them so often (default 1)"
    )
    parser.add_argument(
        "--judge",
        type=named,
        metavar="MODEL",
        help="let the gateway run the comparison, and this model say what it thinks of it",
    )
    parser.add_argument("--judge-instructions", metavar="TEXT", default="", help="what the judge shall look at")
    parser.add_argument("--text", action="store_true", help="print the answers before the table")


def compare(arguments: argparse.Namespace, surroundings: Surroundings) -> int:
    """Send one message to every lane and print what came; return the exit code."""
    surroundings.require_key()
    session = surroundings.session()
    session.tools = None  # what the options name goes out, not what is on in the workbench
    try:
        chosen = _chosen(arguments, surroundings, session)
        return asyncio.run(_drive(session, chosen, arguments, surroundings))
    finally:
        session.close()


def _chosen(arguments: argparse.Namespace, surroundings: Surroundings, session: Session) -> list[Variant]:
    """Return the lanes that the options ask for; refuses fewer than two, and more than anyone can read."""
    if arguments.vary_var and not arguments.template:
        refuse("--vary-var fills in a template: name one with -t/--template")
    prompt, tools = prompt_of(arguments), inputs.tools(arguments.tools, surroundings.tool_files)
    models = list(dict.fromkeys(arguments.model))

    def draft(template: str | None, variable: str | None = None) -> Draft:
        more = [*arguments.var, *([variable] if variable is not None else [])]
        told = {**vars(arguments), "model": models[0] if models else None, "template": template, "var": more}
        return checked(draft_from(argparse.Namespace(**told), surroundings, prompt, tools), session, arguments)

    drafts = [
        Variant(" · ".join(filter(None, (template if len(arguments.template) > 1 else "", variable))) or "", one)
        for template in arguments.template or [None]
        for variable in arguments.vary_var or [None]
        for one in [draft(template, variable)]
    ]
    changes = [next(iter(inputs.params([option], "--vary").items())) for option in arguments.vary]
    chosen = variants(drafts[0].draft, models, changes, drafts, samples=arguments.samples)
    if len(chosen) < 2:
        refuse("there is nothing to compare: name two models with -m, or two templates, or --vary, or --samples")
    if len(chosen) > MOST_AT_ONCE:
        refuse(f"these options make {len(chosen)} lanes; at most {MOST_AT_ONCE} are sent at once")
    return chosen


async def _drive(
    session: Session, chosen: Sequence[Variant], arguments: argparse.Namespace, surroundings: Surroundings
) -> int:
    task, judge, interrupted = cancelled_by_signals(), None, False
    session.on_notice = say
    retries = arguments.retries if arguments.retries is not None else surroundings.retries
    comparison = Comparison(session, retries=retries)
    session.on_change = _Narrator(comparison).changed
    try:
        await check_kept(session, session.target.base_url, (variant.draft.template for variant in chosen))
        await check_budget(session, *(variant.draft for variant in chosen))
        room = await comparison.look()
        lanes = comparison.begin(chosen)
        if room is not None and room < len(lanes):
            say(f"{len(lanes)} requests, and {room} are left of this minute: the others wait for the next one")
        judge = _judge(comparison, arguments)
        async with session.knowing_prices(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
            if judge is not None:
                tasks.create_task(judge.run())
            tasks.create_task(comparison.run_all())
    except asyncio.CancelledError:
        task.uncancel()
        interrupted = True
        for lane in comparison.lanes:
            comparison.stop(lane)
    finally:
        await session.aclose()
    try:
        code = _print(comparison, judge, arguments)
        return INTERRUPTED if interrupted else code
    except BrokenPipeError:
        close_quietly(sys.stdout)
        return INTERRUPTED


def _judge(comparison: Comparison, arguments: argparse.Namespace) -> Judge | None:
    """Return the judge that the options ask for, its price said; refuses lanes that it cannot compare."""
    if not arguments.judge:
        return None
    judge = Judge(comparison, arguments.judge, arguments.judge_instructions)
    if refusal := judge.refusal():
        for lane in comparison.lanes:
            comparison.stop(lane)
        refuse(refusal)
    say(judge.cost())
    for lane in comparison.lanes:
        judge.take(lane)
    return judge


class _Narrator:
    """Says on stderr what becomes of each lane, once."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._told: set[str] = set()

    def changed(self, turn: Turn, _: object) -> None:
        """Say of a turn that ended how, and of one that waits for how long."""
        lane = next((lane for lane in self._comparison.lanes if lane.turn is turn), None)
        if lane is None or turn.id in self._told or not turn.ended:
            return
        self._told.add(turn.id)
        if turn.problem is not None:
            request = f" (request {turn.request_id})" if turn.request_id else ""
            say(f"{lane.label}: {turn.problem.sentence}{request}")
        else:
            say(f"{lane.label}: {turn.state.value}{f' in {turn.total:.1f} s' if turn.total is not None else ''}")


def result(comparison: Comparison, lane: Lane) -> dict[str, Any]:
    """Return the object of one lane: that of `run --json`, what the lane is, and when it arrived."""
    figures = comparison.figures(lane)
    estimate = figures.charge.amount
    return {
        "lane": lane.label,
        "order": lane.place,
        **lane.turn.result(),
        "estimated_cost_usd": None if estimate is None else format(estimate, "f"),
        "state": lane.turn.state.value,
    }


def _print(comparison: Comparison, judge: Judge | None, arguments: argparse.Namespace) -> int:
    lanes = comparison.lanes
    if arguments.json:
        told: dict[str, Any] = {"results": [result(comparison, lane) for lane in lanes]}
        if judge is not None:
            error = None if judge.problem is None else error_object(judge.problem)
            told["judge"] = {"model": judge.model, "verdict": str(judge.verdict), "error": error}
        emit_json(told)
    else:
        for lane in lanes if arguments.text else ():
            emit(f"── {one_line(lane.label)} ──\n{str(lane.turn.content).rstrip()}\n")
        for row in table(comparison):
            emit(row)
        if judge is not None and judge.verdict:
            emit(f"\n── verdict of {one_line(judge.model)} ──\n{str(judge.verdict).rstrip()}")
    return exit_code(lanes)


def exit_code(lanes: Sequence[Lane]) -> int:
    """Return the code of the first lane that was refused for key, limit or cap: what concerns all of them.

    Else 0 where one lane was answered in full, else the code of the first that failed.
    """
    problems = [lane.turn.problem for lane in lanes if lane.turn.problem is not None]
    refused = next((problem.exit_code for problem in problems if problem.exit_code in REFUSED), OK)
    if refused or any(lane.succeeded for lane in lanes):
        return refused
    if any(lane.turn.state is TurnState.STOPPED for lane in lanes) or not problems:
        return INTERRUPTED
    return problems[0].exit_code


HEADINGS = ("lane", "", "order", "first", "total", "tok/s", "tokens", "cost", "finish")


def table(comparison: Comparison) -> list[str]:
    """Return the lanes as lines of a table."""
    rows = [HEADINGS, *(_row(lane, comparison.figures(lane)) for lane in comparison.lanes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return [
        "  ".join(
            cell.rjust(width) if 2 <= column <= 7 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _row(lane: Lane, figures: Figures) -> tuple[str, ...]:
    turn = lane.turn
    return (
        one_line(lane.label, 48),
        turn.state.value,
        str(figures.place or "-"),
        "-" if figures.first is None else f"{figures.first:.2f} s",
        "-" if figures.total is None else f"{figures.total:.2f} s",
        "-" if figures.speed is None else f"{figures.speed:.0f}",
        f"{'~' if figures.guessed and figures.tokens else ''}{figures.tokens}",
        str(figures.charge),
        one_line(turn.problem.code if turn.problem else figures.finish, 32) or "-",
    )

"""`meshtui run`: one turn without a screen, through the same session as the workbench."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meshtui.cli import inputs, tool_loop
from meshtui.cli.budget import check_budget
from meshtui.cli.output import INTERRUPTED, KEY, OK, Refused, Unwritable, close_quietly, emit, emit_json, refuse, say
from meshtui.cli.surroundings import Surroundings, look_around
from meshtui.cli.template_values import Filled, filled, variables
from meshtui.cli.tool_loop import ToolLoop
from meshtui.core.attachments import Attachment, NotAttachable, check_size, content_of, file_words
from meshtui.core.chat import Draft, Message
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.text import json_text
from meshtui.core.turn import (
    Delta,
    Finished,
    MediaDelta,
    Noise,
    Opened,
    ReasoningDelta,
    ReasoningDetails,
    ReplyMeta,
    TextDelta,
    ToolFragment,
    Turn,
    TurnState,
    UsageDelta,
    error_object,
    milliseconds,
)
from meshtui.session import Session, StoreError

if TYPE_CHECKING:
    from meshtui.session import OpenTool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `run` (design, section 5)."""
    add_message_arguments(parser)
    parser.add_argument("-m", "--model", metavar="ID", help="the model, as the gateway names it")
    parser.add_argument(
        "-t", "--template", metavar="NAME", help="a template of this project, of yours, or the gateway's"
    )
    parser.add_argument("--events", action="store_true", help="print one object per change, a line each")
    tool_loop.add_arguments(parser)


def add_message_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is sent, to one model or to several."""
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help="what to say; - or nothing reads stdin")
    parser.add_argument("-s", "--system", metavar="TEXT", help="a system message before everything else")
    parser.add_argument(
        "-v",
        "--var",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="the value of a slot; NAME=@FILE reads it from a file, @@ begins a value with an @ (repeat)",
    )
    parser.add_argument(
        "--values", metavar="FILE|SET", help="values of slots: a JSON, CSV, TOML or .env file, or a set of the template"
    )
    parser.add_argument("--set", metavar="NAME", help="which set of the values; #N is the Nth")
    parser.add_argument(
        "--expand",
        choices=("here", "gateway"),
        default="here",
        help="who fills the template in; the gateway needs a copy of it (default here)",
    )
    parser.add_argument(
        "--tools", metavar="FILE|NAME", action="append", default=[], help="tool definitions, or a stored tool (repeat)"
    )
    parser.add_argument(
        "--attach",
        metavar="FILE|URL",
        action="append",
        default=[],
        help="a picture, video or sound; #detail=low or #fps=2 may follow (repeat)",
    )
    parser.add_argument("--tool-choice", metavar="CHOICE", help="none, auto, required, or the name of a tool")
    parser.add_argument(
        "--param", metavar="NAME=VALUE", action="append", default=[], help="any other member of the request (repeat)"
    )
    parser.add_argument("--session-id", metavar="ID", help="the key that groups turns in the gateway's usage reports")
    parser.add_argument("--no-stream", action="store_true", help="ask for the whole reply at once")
    parser.add_argument(
        "--retries", type=_count, metavar="N", help="tries after the first, before a reply begins (default 2)"
    )
    parser.add_argument("--json", action="store_true", help="print one object at the end")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return int(text)


def prompt_of(arguments: argparse.Namespace) -> str:
    """Return what the options say to be said; reads stdin where they say so."""
    return inputs.prompt_from(arguments.prompt, optional=bool(arguments.template or arguments.attach))


def draft_from(
    arguments: argparse.Namespace,
    surroundings: Surroundings,
    prompt: str,
    tools: Sequence[OpenTool],
    template: Filled | None = None,
) -> Draft:
    """Return what the options ask to be sent, with these tools; refuses, one sentence, what cannot be."""
    template = template or filled(arguments, surroundings)
    preferred = template.opened.template.model if template is not None else ""
    remote = arguments.template if arguments.template and template is None else None
    draft = Draft(
        model=arguments.model or preferred or surroundings.model,
        messages=(Message("user", prompt),) if prompt.strip() else (),
        system=arguments.system or "",
        params={**surroundings.params, **inputs.params(arguments.param)},
        tools=tuple(one.tool.definition for one in tools),
        tool_choice=inputs.tool_choice(arguments.tool_choice, [one.tool.name for one in tools]),
        template=remote,
        variables=variables(arguments.var) if remote else {},
        session_id=arguments.session_id,
        stream=not arguments.no_stream,
    )
    if template is not None:
        draft = template.draft(draft, arguments.expand)
    if not draft.messages and draft.template is None and not draft.system and not arguments.attach:
        refuse("there is nothing to send: give a prompt")
    return draft


def check(request: Mapping[str, Any]) -> None:
    """Refuse, naming the member, a request that the contract does not allow."""
    from pydantic import ValidationError

    from meshtui.client.types import ChatCompletionParams, explain

    try:
        ChatCompletionParams.model_validate(request)
    except ValidationError as error:
        rows = [f"{'.'.join(str(item) for item in row['loc'])}: {row['msg']}" for row in explain(error, dict(request))]
        refuse(f"the gateway would refuse this request: {'; '.join(rows[:3])}")


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
    template = filled(arguments, surroundings)
    tools, rules = inputs.tools(arguments.tools, surroundings.tool_files), inputs.rules(arguments.respond)
    draft = draft_from(arguments, surroundings, prompt_of(arguments), tools, template)
    session = surroundings.session()
    try:
        draft = checked(draft, session, arguments)
        loop = ToolLoop(session, tools, rules, arguments)
        retries = arguments.retries if arguments.retries is not None else surroundings.retries
        return asyncio.run(_drive(loop, draft, retries, arguments, template))
    finally:
        session.close()


def checked(draft: Draft, session: Session, arguments: argparse.Namespace) -> Draft:
    """Return the draft with the files that the options attach; refuses a request that the contract does not allow."""
    if arguments.attach:
        draft = with_attachments(draft, [_attached(session, where) for where in arguments.attach])
    check(draft.request())
    return draft


def _attached(session: Session, where: str) -> Attachment:
    """Return a file or URL as an attachment; refuses with one sentence."""
    try:
        return session.attach(where)
    except (NotAttachable, StoreError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{where} cannot be read: {error.strerror or error}")


def with_attachments(draft: Draft, attached: Sequence[Attachment]) -> Draft:
    """Return the draft with attachments in its last message; refuses what would pass the gateway's limit."""
    try:
        check_size(attached)
    except NotAttachable as error:
        refuse(str(error))
    *before, last = draft.messages or (Message("user", ""),)
    return replace(draft, messages=(*before, replace(last, content=content_of(last.text, attached))))


async def _drive(
    loop: ToolLoop, draft: Draft, retries: int, arguments: argparse.Namespace, template: Filled | None
) -> int:
    task, session, stopped = cancelled_by_signals(), loop.session, False
    printer = Printer(arguments.json, arguments.events, on_closed=task.cancel, waits=loop.active)
    session.on_change, session.on_notice, loop.put = printer.changed, say, printer.put
    await check_budget(session, draft)
    turn = session.send(draft)
    if template is not None:
        template.pin(session, turn)
    try:
        turn = await loop.run(turn, retries)
    except asyncio.CancelledError:
        task.uncancel()
        turn, stopped = loop.turn or turn, True
    finally:
        await session.aclose()
    code = printer.end(turn, loop.result(turn), stopped=stopped) or loop.code
    for part in turn.media:
        say(f"kept {file_words(session.file(part))}")
    return code


def cancelled_by_signals() -> asyncio.Task[Any]:
    """Let the signals that end a program cancel the current task; return it."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine always runs in one
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
    return task


class Printer:
    """Prints a turn as it grows: text, or one object per change, or one object at the end.

    `on_closed` is called when whoever reads stdout has gone; nothing is printed from then on. With `waits` text is
    printed at the end only, because another turn may follow and only the last one's text is data.
    """

    def __init__(self, whole: bool, events: bool, on_closed: Callable[[], object], *, waits: bool = False) -> None:
        self._whole, self._events, self._on_closed, self._waits = whole, events, on_closed, waits
        self._closed = False
        self._refusal: Refused | None = None
        self._state: TurnState | None = None
        self._last = "\n"

    def changed(self, turn: Turn, delta: Delta | None) -> None:
        """Print what one delta or one change of state brought."""
        self._safely(lambda: self._print(turn, delta))

    def put(self, value: Mapping[str, Any]) -> None:
        """Print one more object where there is one per change."""
        if self._events:
            self._safely(lambda: emit_json(value))

    def _safely(self, print_it: Callable[[], None]) -> None:
        if self._closed:
            return
        try:
            print_it()
        except BrokenPipeError:
            close_quietly(sys.stdout)
            self._close()
        except Unwritable as refusal:
            self._refusal = refusal
            self._close()

    def _close(self) -> None:
        self._closed = True
        self._on_closed()

    def _print(self, turn: Turn, delta: Delta | None) -> None:
        if self._events:
            if delta is not None:
                emit_json({"at_ms": milliseconds(turn.last_at), **event(delta)})
            if turn.state is not self._state and not turn.ended:
                emit_json({"event": "state", "state": turn.state.value})
            self._state = turn.state
        elif isinstance(delta, TextDelta) and not (self._whole or self._waits) and delta.text:
            emit(delta.text, end="")
            self._last = delta.text[-1]

    def end(self, turn: Turn, result: Mapping[str, Any], *, stopped: bool = False) -> int:
        """Print what belongs at the end and return the exit code; `stopped` between turns counts as in one."""
        if self._refusal is not None:
            raise self._refusal
        if self._closed:
            return INTERRUPTED
        try:
            if self._events:
                emit_json({"event": "state", "state": turn.state.value})
                emit_json({"event": "end", "result": {**result, "interrupted": result["interrupted"] or stopped}})
            elif self._whole:
                emit_json({**result, "interrupted": result["interrupted"] or stopped})
            else:
                if self._waits and turn.content:
                    emit(str(turn.content), end="")
                    self._last = str(turn.content)[-1]
                if self._last != "\n":
                    emit("")
                for call in turn.assembler.calls():
                    emit_json({"id": call.id, "name": call.name, "arguments": call.arguments})
        except BrokenPipeError:
            close_quietly(sys.stdout)
            return INTERRUPTED
        return self._code(turn, stopped)

    def _code(self, turn: Turn, stopped: bool) -> int:
        for kind, count in turn.noise.items():
            say(f"passed over {count} × {kind} in the stream")
        if turn.assembler.dropped:
            say(f"left out {turn.assembler.dropped} × tool call without a name: it can be neither run nor answered")
        if turn.state is TurnState.STOPPED or stopped:
            say("stopped; what arrived is kept")
            return INTERRUPTED
        if turn.problem is not None:
            problem = turn.problem
            say(problem.sentence + (f" (request {problem.request_id})" if problem.request_id else ""))
            for row in error_details(error_object(problem)):
                say(row)
            return problem.exit_code
        return OK


def error_details(error: Mapping[str, Any]) -> list[str]:
    """Return the rows of a 422 as lines `field: what is wrong`, a row of another shape as it is."""
    rows = error.get("details")
    if not isinstance(rows, list):
        return []
    return [f"  {_detail(row)}" for row in rows if isinstance(row, Mapping)]


def _detail(row: Mapping[str, Any]) -> str:
    place = row.get("loc", ())
    if "msg" not in row or not isinstance(place, list | tuple):
        return json_text(dict(row))
    return f"{'.'.join(map(str, place))}: {row['msg']}"


def event(delta: Delta) -> dict[str, Any]:
    """Return one delta as the object that `--events` prints."""
    match delta:
        case TextDelta(text):
            return {"event": "text", "text": text}
        case ReasoningDelta(text):
            return {"event": "reasoning", "text": text}
        case ToolFragment(index, id, name, arguments):
            return {"event": "tool_call", "index": index, "id": id, "name": name, "arguments": arguments}
        case UsageDelta(usage, cost):
            return {"event": "usage", "usage": usage, "cost_usd": None if cost is None else format(cost, "f")}
        case Finished(reason):
            return {"event": "finish", "finish_reason": reason}
        case Opened(status, request_id, _):
            return {"event": "opened", "status": status, "request_id": request_id}
        case ReplyMeta(id, model, _):
            return {"event": "meta", "id": id, "model": model}
        case MediaDelta(part):
            return {"event": "media", "part": part.to_wire()}
        case ReasoningDetails(rows):
            return {"event": "reasoning_details", "rows": [dict(row) for row in rows]}
        case Noise(kind, sample):
            return {"event": "noise", "kind": kind, "sample": sample}

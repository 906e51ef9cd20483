"""What is sent by a headless command: the options that say it, the draft they make, checked before anything leaves."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meshtui.cli import inputs
from meshtui.cli.output import refuse
from meshtui.cli.stdin import settle
from meshtui.cli.surroundings import Surroundings
from meshtui.cli.template_values import Filled, filled, values_from
from meshtui.cli.values import whole
from meshtui.core.attachments import Attachment, NotAttachable, check_size, content_of
from meshtui.core.chat import Draft, Message
from meshtui.session import Session, StoreError

if TYPE_CHECKING:
    from meshtui.session import OpenTool


def add_message_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is sent, to one model or to several."""
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help="what to say; - or nothing reads stdin")
    parser.add_argument("-s", "--system", metavar="TEXT", help="a system message before everything else")
    inputs.add_values(parser)
    parser.add_argument(
        "--expand",
        choices=("here", "gateway"),
        default="here",
        help="who fills the template in; the gateway needs a copy of it (default here)",
    )
    parser.add_argument(
        "--tools",
        metavar="FILE|NAME",
        action="append",
        default=[],
        help="tool definitions, - for stdin, or a stored tool (repeat)",
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
        "--retries", type=whole, metavar="N", help="tries after the first, before a reply begins (default 2)"
    )
    parser.add_argument("--json", action="store_true", help="print one object at the end")


def prompt_of(arguments: argparse.Namespace) -> str:
    """Return what the options say to be said; reads stdin where they say so, and what else of them comes from there."""
    optional = bool(arguments.template or arguments.attach)
    settle(arguments, needs_prompt=not optional)
    return inputs.prompt_from(arguments.prompt, optional=optional)


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
        variables=values_from(arguments, None, surroundings.template_files())[0] if remote else {},
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


def with_attachments(draft: Draft, attached: Sequence[Attachment]) -> Draft:
    """Return the draft with attachments in its last message; refuses what would pass the gateway's limit."""
    try:
        check_size(attached)
    except NotAttachable as error:
        refuse(str(error))
    *before, last = draft.messages or (Message("user", ""),)
    return replace(draft, messages=(*before, replace(last, content=content_of(last.text, attached))))


def cancelled_by_signals() -> asyncio.Task[Any]:
    """Let the signals that end a program cancel the current task; return it."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine always runs in one
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
    return task

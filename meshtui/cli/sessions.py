"""`meshtui sessions`: what was said, without the workbench."""

from __future__ import annotations

import argparse
import time
from typing import Any

from meshtui.cli.output import FAULT, OK, emit, emit_json, refuse, say
from meshtui.cli.surroundings import look_around
from meshtui.cli.values import positive
from meshtui.core.attachments import file_words
from meshtui.core.chat import TextPart
from meshtui.core.text import one_line
from meshtui.session import Node, Session, StoreError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `sessions`."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=("list", "search", "show"),
        default="list",
        help="list them, search them, or show one",
    )
    parser.add_argument(
        "id",
        nargs="?",
        metavar="ID",
        help="for show: the id or its beginning; for search: words of title, model or profile",
    )
    parser.add_argument("--limit", type=positive, default=50, metavar="N", help="list at most N (default 50)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def sessions(arguments: argparse.Namespace) -> int:
    """List conversations, newest first, or print one; return the exit code."""
    session = look_around(arguments).session()
    try:
        if arguments.what == "show":
            return _show(session, arguments)
        return _list(session, arguments)
    except StoreError as error:
        refuse(str(error), FAULT)
    finally:
        session.close()


def _list(session: Session, arguments: argparse.Namespace) -> int:
    rows = session.conversations(arguments.id or "", arguments.limit)
    if arguments.json:
        emit_json(
            [
                {
                    "id": row.id,
                    "title": row.title,
                    "model": row.model,
                    "profile": row.profile,
                    "turns": row.turns,
                    "created_at": _iso(row.created_at),
                    "updated_at": _iso(row.updated_at),
                }
                for row in rows
            ]
        )
        return OK
    if not rows:
        say("no conversation fits" if arguments.id else "there are no conversations yet")
    for row in rows:
        model = one_line(row.model, 28)
        emit(f"{row.id}  {_iso(row.updated_at)}  {row.turns:>4}  {model:<28}  {one_line(row.title, 60)}")
    return OK


def _show(session: Session, arguments: argparse.Namespace) -> int:
    if not arguments.id:
        refuse("sessions show needs an id; `meshtui sessions list` prints them")
    matches = [row for row in session.conversations(arguments.id, 10) if row.id.startswith(arguments.id.upper())]
    if not matches:
        refuse(f"there is no conversation {arguments.id}; `meshtui sessions` lists them", 7)
    if len(matches) > 1:
        refuse(f"{arguments.id} begins the id of several conversations; give more of it")
    nodes = session.open(matches[0].id)
    if arguments.json:
        emit_json({"id": matches[0].id, "title": matches[0].title, "messages": [_message(node) for node in nodes]})
        return OK
    for node in nodes:
        emit(f"── {node.role}" + (f" · {one_line(node.turn.model, 60)} · {node.turn.state}" if node.turn else ""))
        content = node.message.content
        for part in content if isinstance(content, tuple) else (TextPart(content or ""),):
            emit(part.text if isinstance(part, TextPart) else file_words(session.file(part)))
        if node.turn is not None and node.turn.problem is not None:
            emit(f"[{node.turn.problem}]")
        emit("")
    return OK


def _message(node: Node) -> dict[str, Any]:
    row: dict[str, Any] = {"id": node.id, "at": _iso(node.created_at), **node.message.to_json()}
    if node.turn is not None:
        row |= {"state": node.turn.state.value, "result": node.turn.result()}
    return row


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

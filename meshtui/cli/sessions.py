"""`meshtui sessions`: what was said, without the workbench."""

from __future__ import annotations

import argparse
import time
from typing import Any

from meshtui.cli import inputs
from meshtui.cli.output import FAULT, NOT_FOUND, OK, emit, emit_json, refuse, say
from meshtui.cli.surroundings import look_around
from meshtui.cli.values import positive
from meshtui.core.attachments import file_words
from meshtui.core.chat import TextPart
from meshtui.core.text import one_line
from meshtui.session import ConfigError, Conversation, Node, Session, StoreError

WHAT = {
    "list": "list conversations, newest first",
    "search": "list those with every word in title, model or profile",
    "show": "print one",
    "export": "print conversations whole, all branches, as one JSON document; --as markdown prints what was said",
    "import": "take conversations from files, - reads stdin: such a document, or JSON with the messages of a request",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `sessions`."""
    inputs.add_what(parser, WHAT)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="ids or their beginnings (export without one: all), words to find, or files to import",
    )
    parser.add_argument(
        "--as", dest="form", choices=("json", "markdown"), default="json", help="export: in which form (default json)"
    )
    parser.add_argument("--limit", type=positive, default=50, metavar="N", help="list at most N (default 50)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def sessions(arguments: argparse.Namespace) -> int:
    """Do what was asked; return the exit code."""
    if arguments.what == "import":
        from meshtui.cli.sessions_import import import_sessions

        return import_sessions(arguments, look_around(arguments))
    here = look_around(arguments)
    session = here.session()
    try:
        if arguments.what == "export":
            from meshtui.cli.sessions_export import export_sessions

            return export_sessions(arguments, here, session, _named(session, arguments.names))
        if arguments.what == "show":
            return _show(session, arguments)
        return _list(session, arguments)
    except ConfigError as error:
        refuse(str(error))
    except StoreError as error:
        refuse(str(error), FAULT)
    finally:
        session.close()


def _named(session: Session, names: list[str]) -> list[Conversation]:
    """Return the conversations of some ids or their beginnings, each once; refuses what names none, or several."""
    found: dict[str, Conversation] = {}
    for name in names:
        matches = session.store.named(name) if name else []
        if not matches:
            refuse(f"there is no conversation {name!r}; `meshtui sessions` lists them", NOT_FOUND)
        if len(matches) > 1:
            refuse(f"{name} begins the id of several conversations; give more of it")
        found.setdefault(matches[0].id, matches[0])
    return list(found.values())


def _list(session: Session, arguments: argparse.Namespace) -> int:
    rows = session.conversations(" ".join(arguments.names), arguments.limit)
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
        say("no conversation fits" if arguments.names else "there are no conversations yet")
    for row in rows:
        model = one_line(row.model, 28)
        emit(f"{row.id}  {_iso(row.updated_at)}  {row.turns:>4}  {model:<28}  {one_line(row.title, 60)}")
    return OK


def _show(session: Session, arguments: argparse.Namespace) -> int:
    if len(arguments.names) != 1:
        refuse("sessions show needs one id; `meshtui sessions list` prints them")
    (found,) = _named(session, arguments.names)
    nodes = session.open(found.id)
    if arguments.json:
        emit_json({"id": found.id, "title": found.title, "messages": [_message(node) for node in nodes]})
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

"""`meshtui models`: the gateway's catalogue in a terminal or a script."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from meshtui.cli.output import NOT_FOUND, OK, emit, emit_json, refuse, say
from meshtui.cli.surroundings import Surroundings, look_around
from meshtui.core.catalogue import ROUTER, ModelCard, cards_from, price_from, tokens_from
from meshtui.core.model_search import Filter, ModelIndex, Sort
from meshtui.core.problem import Problem
from meshtui.core.text import one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `models`."""
    add = parser.add_argument
    add("query", nargs="*", metavar="QUERY", help="words to look for; `show ID` shows one model")
    add("--free", action="store_true", help="only models that cost nothing")
    add("--tools", action="store_true", help="only models that call tools")
    add("--vision", action="store_true", help="only models that take pictures")
    add("--reasoning", action="store_true", help="only models that reason")
    add("--structured-output", action="store_true", help="only models that can be held to a JSON schema")
    add("--audio", action="store_true", help="only models that hear or speak")
    add("--provider", metavar="NAME", default="", help="only models of one provider")
    add("--context", type=_tokens, metavar="N", help="only models with a context of at least N tokens, such as 128k")
    add(
        "--max-price",
        type=_price,
        metavar="N",
        dest="price",
        help="only models that cost at most N dollars per million tokens, in and out alike; unknown prices do not fit",
    )
    add(
        "--sort",
        choices=[sort.value for sort in Sort],
        default=Sort.MATCH.value,
        help="order: best match, name, price (the dearer of in and out), context; unknown comes last",
    )
    add("--json", action="store_true", help="print the gateway's own rows as one JSON array")


def _typed(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def typed(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return typed


_tokens: Callable[[str], int] = _typed(tokens_from)
_price: Callable[[str], Decimal] = _typed(price_from)


def models(arguments: argparse.Namespace) -> int:
    """Print the models that fit; return the exit code."""
    surroundings = look_around(arguments)
    surroundings.require_key()
    try:
        rows = asyncio.run(fetch(surroundings))
    except Problem as problem:
        say(problem.sentence)
        return problem.exit_code
    by_id = {str(row["id"]): row for row in reversed(rows)}
    index = ModelIndex(cards_from(rows))
    words = list(arguments.query)
    if words[:1] == ["show"]:
        if len(words) != 2:
            refuse("models show takes the id of one model")
        return _show(index, by_id, words[1])
    if words[:1] in (["list"], ["search"]):
        words = words[1:]
    names = ("free", "tools", "vision", "reasoning", "structured_output", "audio", "provider", "context", "price")
    asked = Filter(**{name: getattr(arguments, name) for name in names})
    found = index.find(" ".join(words), asked, Sort(arguments.sort))
    if arguments.json:
        emit_json([by_id[card.id] for card in found if card.id in by_id])
        return OK
    for card in found:
        emit(_line(card))
    what = f" · {', '.join(asked.words.values())}" if asked else ""
    if rows:
        say(f"{len(found)} of {len(index)} models{what}; prices in US dollars per million tokens, in/out")
    else:
        say("this gateway offers no list of its models: give the id in full with run --model")
    return OK


def _line(card: ModelCard) -> str:
    can = ", ".join(card.capabilities if card.chats else (f"{one_line(card.kind, 20)} model",))
    return f"{one_line(card.id):<44} {card.context_words:>7}  {card.price:<18} {can}".rstrip()


async def fetch(surroundings: Surroundings) -> Sequence[Mapping[str, Any]]:
    """Fetch the rows of the catalogue once; raises Problem."""
    gateway = surroundings.target().connect()
    try:
        return await gateway.catalogue()
    finally:
        await gateway.aclose()


def _show(index: ModelIndex, rows: Mapping[str, Mapping[str, Any]], id: str) -> int:
    if id in rows:
        emit_json(rows[id], indent=2)
        return OK
    if id == ROUTER and id in index.by_id:
        emit_json({"id": id, "description": index.by_id[id].description}, indent=2)
        return OK
    near = [card for card in index.find(id.rpartition("/")[2]) if card.id != ROUTER][:3]
    hint = f"; did you mean {' or '.join(repr(one_line(card.id, 60)) for card in near)}?" if near else ""
    refuse(f"the gateway has no model {id!r}{hint}", NOT_FOUND)

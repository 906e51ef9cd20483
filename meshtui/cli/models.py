"""`meshtui models`: the gateway's catalogue in a terminal or a script."""

from __future__ import annotations

import argparse
import asyncio

from meshtui.cli.output import OK, emit, emit_json, refuse, say
from meshtui.cli.surroundings import Surroundings, look_around
from meshtui.core.catalog import ModelCard, cards_from, search
from meshtui.core.problem import Problem
from meshtui.core.text import one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `models`."""
    parser.add_argument("query", nargs="*", metavar="QUERY", help="words to look for; `show ID` shows one model")
    parser.add_argument("--free", action="store_true", help="only models that cost nothing")
    parser.add_argument("--tools", action="store_true", help="only models that call tools")
    parser.add_argument("--vision", action="store_true", help="only models that take pictures")
    parser.add_argument("--reasoning", action="store_true", help="only models that reason")
    parser.add_argument("--provider", metavar="NAME", help="only models of one provider")
    parser.add_argument("--json", action="store_true", help="print the gateway's own rows as one JSON array")


def models(arguments: argparse.Namespace) -> int:
    """Print the models that fit; return the exit code."""
    surroundings = look_around(arguments)
    surroundings.require_key()
    try:
        cards = asyncio.run(fetch(surroundings))
    except Problem as problem:
        say(problem.sentence)
        return problem.exit_code
    words = list(arguments.query)
    if words[:1] == ["show"] and len(words) == 2:
        return _show(cards, words[1])
    if words[:1] in (["list"], ["search"]):
        words = words[1:]
    found = [card for card in search(cards, " ".join(words)) if fits(card, arguments)]
    if arguments.json:
        emit_json([card.raw for card in found])
        return OK
    for card in found:
        can = ", ".join(card.capabilities)
        emit(f"{one_line(card.id, 60):<44} {card.context_words:>7}  {card.price:<18} {can}".rstrip())
    say(f"{len(found)} of {len(cards)} models; prices in US dollars per million tokens, in/out")
    return OK


async def fetch(surroundings: Surroundings) -> list[ModelCard]:
    """Fetch the catalogue once; raises Problem."""
    gateway = surroundings.target().connect()
    try:
        return cards_from(await gateway.catalogue())
    finally:
        await gateway.aclose()


def fits(card: ModelCard, arguments: argparse.Namespace) -> bool:
    """Whether a model has everything that the options ask for."""
    wanted = [name for name in ("tools", "vision", "reasoning") if getattr(arguments, name)]
    return (
        all(word in card.capabilities for word in wanted)
        and (not arguments.free or card.free is True)
        and (not arguments.provider or card.provider.casefold() == arguments.provider.casefold())
    )


def _show(cards: list[ModelCard], id: str) -> int:
    for card in cards:
        if card.id == id:
            emit_json(card.raw, indent=2)
            return OK
    near = search(cards, id.rpartition("/")[2])[:3]
    hint = f"; near it: {', '.join(one_line(card.id, 60) for card in near)}" if near else ""
    refuse(f"the gateway has no model {id!r}{hint}", 7)

"""The user's own budget in front of a headless command."""

from __future__ import annotations

from decimal import Decimal

from meshtui.cli.output import SPENT, refuse, say
from meshtui.core.budget import Budget
from meshtui.core.chat import Draft
from meshtui.core.problem import Problem
from meshtui.session import Session


async def check_budget(session: Session, *drafts: Draft) -> None:
    """Refuse, with the exit code of a spent budget, drafts that together would pass the user's own.

    The catalogue is read from the disk, so that turns are priced; where a budget is set it is fetched if there is none,
    and the bills that are missing are asked for.
    """
    await session.models.load()
    if session.budget == Budget():
        return
    try:
        if not session.cards:
            await session.catalogue()
    except Problem as problem:
        say(f"prices are unknown, so the budget counts only what was billed: {problem}")
    await session.settle()
    lows = [session.quote_of(draft).low for draft in drafts]
    reached = session.over_budget(sum((low for low in lows if low is not None), start=Decimal(0)))
    if reached:
        await session.aclose()
        refuse(f"{reached} Nothing was sent. Raise it under [budget] in the config file.", SPENT)

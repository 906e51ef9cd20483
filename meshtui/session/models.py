"""The models of one gateway as they are known here: from disk at once, from the gateway behind that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from meshtui.core.catalogue import ModelCard, cards_from
from meshtui.core.model_search import ModelIndex
from meshtui.core.problem import Problem, ProblemKind
from meshtui.session.gateway import Gateway
from meshtui.store.catalogues import Catalogues
from meshtui.store.history import Store

RECENTS = 8
"""How many models used lately are remembered."""

FRESH_SECONDS = 300.0
"""A list younger than this is not fetched again unasked: the gateway renews it no sooner (contract, section 5)."""

FETCH_SECONDS = 60.0
"""How long fetching the list may take: it has megabytes, and lines are slow."""


class Models:
    """What can be chosen from: the list, favourites, models used lately.

    `index` holds the list and every id that was typed by hand or kept and is not in it, so that a gateway without a
    list has something to choose from as well. `fetched_at` says when the gateway sent the list, in seconds since the
    epoch, None where it never did; `fault` why the last attempt failed, in a sentence. `on_change` is called when any
    of that changed.
    """

    def __init__(self, store: Store, gateway: str, catalogues: Catalogues | None, now: Callable[[], float]) -> None:
        self.gateway = gateway
        self.index = ModelIndex()
        self.fetched_at: float | None = None
        self.fetching = False
        self.fault = ""
        self.on_change: Callable[[], None] = lambda: None
        self._store, self._catalogues, self._now = store, catalogues, now
        self._listed: Sequence[ModelCard] = ()
        kept = store.state(self._state, {})
        kept = kept if isinstance(kept, Mapping) else {}
        self.favourites: tuple[str, ...] = _ids(kept.get("favourites"))
        self.recents: tuple[str, ...] = _ids(kept.get("recents"))
        self.fallbacks: tuple[str, ...] = _ids(kept.get("fallbacks"))
        self._make_index()

    @property
    def _state(self) -> str:
        return f"models of {self.gateway}"

    @property
    def cards(self) -> Sequence[ModelCard]:
        """The models that the gateway lists."""
        return self._listed

    @property
    def last(self) -> str:
        """The model chosen last, or an empty text."""
        return self.recents[0] if self.recents else ""

    @property
    def first(self) -> Sequence[str]:
        """The ids that come first in a list: favourites, then those used lately."""
        return (*self.favourites, *(id for id in self.recents if id not in self.favourites))

    def card(self, id: str) -> ModelCard | None:
        """Return what is known of a model."""
        return self.index.by_id.get(id)

    def age(self) -> float | None:
        """Return the age of the list in seconds, None where there is none."""
        return None if self.fetched_at is None else max(self._now() - self.fetched_at, 0.0)

    @property
    def is_fresh(self) -> bool:
        """Whether the list is too young to be worth fetching again."""
        age = self.age()
        return age is not None and age < FRESH_SECONDS

    # What the user keeps

    def toggle_favourite(self, id: str) -> bool:
        """Make a model a favourite, or one no longer; return which it is now. Raises StoreError."""
        known = id in self.favourites
        self._keep(
            favourites=tuple(other for other in self.favourites if other != id) if known else (*self.favourites, id)
        )
        return not known

    def used(self, id: str) -> None:
        """Remember a model as the one used last; raises StoreError."""
        if id and id != self.last:
            self._keep(recents=(id, *(other for other in self.recents if other != id))[:RECENTS])

    def keep_fallbacks(self, ids: Sequence[str]) -> None:
        """Remember the models to try, in this order, where the chosen one fails; raises StoreError."""
        self._keep(fallbacks=tuple(ids))

    def _keep(self, **changed: tuple[str, ...]) -> None:
        for name, ids in changed.items():
            setattr(self, name, ids)
        if any(id not in self.index.by_id for ids in changed.values() for id in ids):
            self._make_index()
        self.on_change()
        lists = {"favourites": self.favourites, "recents": self.recents, "fallbacks": self.fallbacks}
        self._store.save_state(self._state, {name: list(ids) for name, ids in lists.items()})

    # The list

    async def load(self) -> None:
        """Take the list from the disk, where none came from the gateway yet."""
        if self._catalogues is None or self.fetched_at is not None:
            return
        found = await asyncio.to_thread(self._read, self._catalogues)
        if found is not None and self.fetched_at is None:
            self._listed, self.index, self.fetched_at = found
            self.on_change()

    def _read(self, catalogues: Catalogues) -> tuple[Sequence[ModelCard], ModelIndex, float] | None:
        saved = catalogues.read(self.gateway)
        return None if saved is None else (*self._made(saved.rows), saved.fetched_at)

    async def refresh(self, connect: Callable[[], Awaitable[Gateway]]) -> None:
        """Take the list from the gateway, and keep it; raises Problem, and StoreError where it cannot be kept."""
        self.fetching = True
        self.on_change()
        try:
            rows = await self.fetched(await connect())
            if rows or not self._listed:
                await self.take(rows)
            else:
                self.fault = "the gateway sent an empty list; what was known before stays"
        except Problem as problem:
            self.fault = problem.lasting
            raise
        except Exception as error:
            self.fault = Problem.bug(error).sentence
            raise
        finally:
            self.fetching = False
            self.on_change()

    @staticmethod
    async def fetched(gateway: Gateway) -> Sequence[Mapping[str, Any]]:
        """Fetch the rows of a gateway's list; raises Problem, also where that takes too long."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                return await gateway.catalogue()
        except TimeoutError:
            words = f"the model list was not there within {FETCH_SECONDS:.0f} s"
            raise Problem(ProblemKind.TIMEOUT, "total_timeout", words) from None

    async def take(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take over the rows that the gateway sent just now, and keep them; raises StoreError."""
        self._listed, self.index = await asyncio.to_thread(self._made, rows)
        self.fetched_at, self.fault = self._now(), ""
        self.on_change()
        if self._catalogues is not None:
            await asyncio.to_thread(self._catalogues.write, self.gateway, rows, self.fetched_at)

    def _made(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Sequence[ModelCard], ModelIndex]:
        listed = cards_from(rows)
        return listed, ModelIndex([*listed, *self._unlisted(listed)])

    def _make_index(self) -> None:
        self.index = ModelIndex([*self._listed, *self._unlisted(self._listed)])

    def _unlisted(self, listed: Sequence[ModelCard]) -> list[ModelCard]:
        known = {card.id for card in listed}
        ids = dict.fromkeys((*self.favourites, *self.recents, *self.fallbacks))
        return [ModelCard(id, name=id, provider=id.rpartition("/")[0]) for id in ids if id not in known]


def _ids(value: object) -> tuple[str, ...]:
    return tuple(id for id in value if isinstance(id, str) and id) if isinstance(value, list) else ()

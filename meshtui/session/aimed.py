"""Where turns go and with which model: the target, its clients, its models, the fallbacks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meshtui.core.catalogue import ModelCard
from meshtui.core.chat import Draft
from meshtui.core.problem import Problem, ProblemKind
from meshtui.session.gateway import Gateway, Target
from meshtui.session.library import Library
from meshtui.session.models import Models
from meshtui.store.catalogues import Catalogues
from meshtui.store.history import Store, StoreError


class Aimed(Library):
    """The part of the session that knows its gateway.

    `draft` is what the next message goes out with: model, parameters, tools.
    """

    def __init__(
        self,
        store: Store,
        target: Target,
        catalogues: Catalogues | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(store)
        self.on_notice: Callable[[str], None] = lambda sentence: None
        self.on_models: Callable[[], None] = lambda: None
        self.target = target
        self.retries = 0
        """How often a lane that was refused for now is sent again by itself: the user's setting."""
        self._catalogues = catalogues
        self._now = now
        self._connecting = asyncio.Lock()
        self._gateways: list[tuple[Target, Gateway]] = []
        self._models: dict[str, Models] = {}
        self.draft = Draft(model=target.model, params=dict(target.params or {}))

    @property
    def models(self) -> Models:
        """The models of the gateway in use; each gateway has its own list, favourites and recents."""
        base_url = self.target.base_url
        if base_url not in self._models:
            models = self._models[base_url] = Models(self.store, base_url, self._catalogues, self._now)
            models.on_change = lambda: self.on_models()
        return self._models[base_url]

    @property
    def cards(self) -> Sequence[ModelCard]:
        """The models that the gateway lists, as far as is known."""
        return self.models.cards

    def take_last_choice(self) -> None:
        """Take the model and the fallbacks that were chosen last on this gateway, where the profile names none.

        For those who sit at a screen; a script gets what its flags and the profile say.
        """
        kept: Mapping[str, Any] = {"models": list(self.models.fallbacks)} if self.models.fallbacks else {}
        params = {**kept, **(self.target.params or {})}
        self.draft = replace(self.draft, model=self.target.model or self.models.last, params=params)

    def choose_model(self, model: str) -> None:
        """Take another model for what is sent from now on, here and in new conversations."""
        self.draft = replace(self.draft, model=model)
        self.quietly(lambda: self.models.used(model))

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """The models that the gateway tries in this order where the chosen one fails (`models` in a request)."""
        ids = self.draft.params.get("models")
        return tuple(id for id in ids if isinstance(id, str)) if isinstance(ids, list | tuple) else ()

    def choose_fallbacks(self, ids: Sequence[str]) -> None:
        """Take other fallbacks for what is sent from now on, in this order; none where there are no ids."""
        ids = list(dict.fromkeys(ids))
        self.quietly(lambda: self.models.keep_fallbacks(ids))
        params = {name: value for name, value in self.draft.params.items() if name != "models"}
        self.draft = replace(self.draft, params={**params, "models": ids} if ids else params)

    def toggle_favourite(self, id: str) -> None:
        """Make a model a favourite, or one no longer."""
        self.quietly(lambda: self.models.toggle_favourite(id))

    def quietly(self, keep: Callable[[], object]) -> None:
        """Do what keeps something small; that it cannot be kept is told and hinders nothing."""
        try:
            keep()
        except StoreError as error:
            self.on_notice(str(error))

    def keep_quietly(self, name: str, value: Any) -> None:
        """Keep a small value under a name; that it cannot be kept is told and hinders nothing."""
        self.quietly(lambda: self.keep(name, value))

    # The gateway

    async def gateway(self, target: Target | None = None) -> Gateway:
        """Return the client for a target, the one in use where none is named; made on first use. Raises Problem."""
        target = target or self.target
        if target.insecure:
            raise Problem(
                ProblemKind.TLS,
                "insecure_url",
                f"{target.base_url} is not encrypted: the key would go readable to everyone on the way, and nobody"
                " allowed that",
            )
        async with self._connecting:
            for known, gateway in self._gateways:
                if known is target:
                    return gateway
            gateway = await asyncio.to_thread(target.connect)
            self._gateways.append((target, gateway))
            return gateway

    def switch(self, target: Target, model: str = "") -> None:
        """Send from now on to another target, unchecked, with its own model where none is named.

        Turns that stream go on where they began.
        """
        self.target = target
        self.take_last_choice()
        if model:
            self.draft = replace(self.draft, model=model)
        self.on_models()

    async def aim(self, target: Target) -> None:
        """Send from now on to another target, once its gateway answered and took the key; raises Problem."""
        gateway = await asyncio.to_thread(target.connect)
        try:
            rows = await Models.fetched(gateway)
        except BaseException:
            await gateway.aclose()
            raise
        self.take_over(target, gateway)
        try:
            await self.models.take(rows)
        except StoreError as error:
            self.on_notice(str(error))

    def take_over(self, target: Target, gateway: Gateway) -> None:
        """Send from now on through a client that is known to work."""
        self._gateways.append((target, gateway))
        self.target = target
        if target.model:
            self.draft = replace(self.draft, model=target.model)

    async def catalogue(self) -> Sequence[ModelCard]:
        """Fetch the gateway's models; raises Problem where they cannot be had. What was known stays then."""
        models, target = self.models, self.target
        try:
            await models.refresh(lambda: self.gateway(target))
        except StoreError as error:
            self.on_notice(str(error))
        return models.cards

    async def aclose(self) -> None:
        """Close the connections."""
        gateways, self._gateways = self._gateways, []
        for _, gateway in gateways:
            await gateway.aclose()

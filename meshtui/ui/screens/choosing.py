"""The part of the workbench that chooses: models, fallbacks, profiles, keys; and the demo's tour."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from meshtui.core.problem import Problem
from meshtui.session import MOST_LANES, ConfigError, Target
from meshtui.ui.panes.model import ModelPane
from meshtui.ui.screens.bench import Bench
from meshtui.ui.screens.fallback_list import FallbackList
from meshtui.ui.screens.key_entry import KeyEntry
from meshtui.ui.screens.model_picker import ModelPicker, PickerAsks
from meshtui.ui.screens.profile_list import ProfileList
from meshtui.ui.screens.question import Question
from meshtui.ui.screens.tour import STEPS, Step, Tour

ASK_HTTP = (
    "{url} is plain http to another machine: everything you send, with the key, can be read by everyone on the way."
    " Use it all the same? A yes is remembered for the profile {profile}."
)


class Choosing(Bench):
    """Says what the next message goes to, and takes another."""

    def begin_choosing(self) -> None:
        """After the first paint: ask for what is missing, else fetch the models while the user reads."""
        self.session.on_models = self.show_models
        if self.session.target.insecure:
            self.run_worker(self._switch_to(self.session.target), group="profile", exit_on_error=False)
        elif self.mesh.first_run:
            self._ask_for_key(self.mesh.first_run, first=True)
        else:
            self.fetch_models()
            if self.mesh.profiles is not None and not self.mesh.profiles.pinned:
                self.follow_conversation()

    # Models

    def fetch_models(self, anew: bool = False) -> None:
        """Take the list from the disk, and from the gateway where that is old, or in any case where `anew`."""
        self.app.run_worker(
            self._fetch(anew), group="catalogue", exclusive=True, exit_on_error=False, description="fetch the models"
        )

    async def _fetch(self, anew: bool) -> None:
        models = self.session.models
        await models.load()
        if anew or not models.is_fresh:
            try:
                await self.session.catalogue()
            except Problem:
                self.show_models()  # they say why they could not be fetched

    def show_models(self) -> None:
        """Say again what is in use and what can be chosen."""
        self.show_top()
        for screen in self.app.screen_stack:
            if isinstance(screen, ModelPicker) and screen.is_mounted:
                screen.show_models()

    def show_top(self) -> None:
        """Say again what is in use."""
        model = self.session.draft.model
        for pane in self.query(ModelPane):
            pane.show(model, self.session.models.card(model), self.session.fallbacks)
        super().show_top()

    def _picker(
        self,
        title: str = "",
        several: bool = False,
        chosen: Sequence[str] = (),
        verb: str = "take",
        price: Callable[[Sequence[str]], str] = lambda ids: "",
    ) -> ModelPicker:
        if not self.session.models.is_fresh:
            self.fetch_models()
        asks = PickerAsks(
            lambda: self.session.models,
            self.session.toggle_favourite,
            lambda: self.fetch_models(anew=True),
            self._ask_router,
            price,
        )
        most = MOST_LANES if verb == "compare" else None
        model = self.session.draft.model
        return ModelPicker(asks, model, title=title, several=several, chosen=chosen, verb=verb, most=most)

    async def _ask_router(self) -> str:
        text = self.prompt.value.strip()
        if not text and not self.session.nodes:
            return "Type a message first: the router chooses by what is asked."
        try:
            route = await self.session.ask_router(text or "continue")
        except Problem as problem:
            return f"The router could not be asked: {problem.sentence}"
        about = "what stands in the prompt" if text else "this conversation"
        because = f" (its fallback: {route.fallback})" if route.fallback else ""
        return f"For {about} it would take {route.model} now{because}."

    def action_choose_model(self, then_retry: bool = False) -> None:
        """Choose the model for the next message, or for sending the last one again; several are compared."""
        compares = not then_retry and self.can_compare

        def chosen(ids: tuple[str, ...] | None) -> None:
            if not ids:
                return
            if len(ids) > 1:
                self.compare_with(ids)
                return
            self.session.choose_model(ids[0])
            self.show_top()
            if then_retry:
                self.retry_with(ids[0])

        def price(ids: Sequence[str]) -> str:
            return self.price_of(ids) if len(ids) > 1 else ""

        self.app.push_screen(self._picker(several=compares, verb="compare", price=price), chosen)

    @property
    def can_compare(self) -> bool:
        """Whether several models can be asked now what stands in the prompt."""
        return False

    def price_of(self, models: Sequence[str]) -> str:
        """Say in a few words what comparing these models would take."""
        return ""

    def compare_with(self, models: Sequence[str]) -> None:
        """Ask several models what stands in the prompt."""

    def retry_with(self, model: str) -> None:
        """Send the last request again with another model."""

    def action_choose_fallbacks(self) -> None:
        """Choose the models that the gateway tries where the chosen one fails, and their order."""

        def chosen(ids: tuple[str, ...] | None) -> None:
            if ids is not None:
                self.session.choose_fallbacks(ids)
                self.show_top()

        def pick(ids: Sequence[str]) -> ModelPicker:
            return self._picker("Choose fallback models, in order", several=True, chosen=ids)

        self.app.push_screen(FallbackList(self.session.fallbacks, pick), chosen)

    # Profiles

    def action_choose_profile(self, then: Callable[[], None] | None = None) -> None:
        """Send from now on through another profile: its gateway, its key, its defaults; `then` follows."""
        profiles = self.mesh.profiles
        if profiles is None:
            words = "The demo has one profile. Leave it with {app.quit} and start meshtui for your own."
            self.mesh.say(self.mesh.keyed(words))
            return

        def chosen(name: str | None) -> None:
            if name is not None:
                self.run_worker(self._switch(name, then=then), group="profile", exclusive=True, exit_on_error=False)

        self.app.push_screen(ProfileList(profiles.rows(), self.session.target.profile), chosen)

    def follow_conversation(self) -> None:
        """Go on with the profile that the conversation just opened was last used with."""
        here, profiles = self.session.conversation, self.mesh.profiles
        if here is not None and profiles is not None and here.profile not in ("", self.session.target.profile):
            self.run_worker(
                self._switch(here.profile, here.model), group="profile", exclusive=True, exit_on_error=False
            )

    async def _switch(self, name: str, model: str = "", then: Callable[[], None] | None = None) -> None:
        profiles, session = self.mesh.profiles, self.session
        if profiles is None:
            return
        try:
            target = await asyncio.to_thread(profiles.target, session, name)
        except ConfigError as error:
            self.mesh.say(f"Still on the profile {session.target.profile}. {error}")
            return
        await self._switch_to(target, model)
        if then is not None and self.session.target is target and not target.lacks_key:
            then()

    async def _switch_to(self, target: Target, model: str = "") -> None:
        """Switch once the user allowed plain http where that is needed; ask for a key where there is none."""
        profiles = self.mesh.profiles
        if target.insecure and profiles is not None:
            text = ASK_HTTP.format(url=target.base_url, profile=target.profile)
            if not await self.app.push_screen_wait(Question("Send unencrypted?", text, "Use it", "No")):
                return
            try:
                target = await asyncio.to_thread(profiles.allow_http, target)
            except ConfigError as error:
                self.mesh.say(str(error))
                return
        self.session.switch(target, model)
        self.show_models()
        if target.lacks_key:
            self._ask_for_key(f"There is no API key for the profile {target.profile} yet.", first=False)
        else:
            self.fetch_models()

    # Keys

    def action_enter_key(self) -> None:
        """Enter another API key for this profile."""
        if self.session.target.demo:
            words = "The demo needs no key. Leave it with {app.quit} and start meshtui to enter yours."
            self.mesh.say(self.mesh.keyed(words))
            return
        self._ask_for_key(f"Another key for the profile {self.session.target.profile}.", first=False)

    def _ask_for_key(self, why: str, *, first: bool) -> None:
        def done(outcome: str | None) -> None:
            if outcome == "demo":
                self.app.exit("demo")
            self.show_models()

        async def accept(key: str) -> str | None:
            return await self.mesh.accept_key(self.session, key)

        target = self.session.target
        self.app.push_screen(KeyEntry(target.base_url, why, accept, first, target.may_be_open), done)

    # The tour

    def action_tour(self) -> None:
        """Show in five steps what can be done. The demo offers it; it never comes by itself over what is typed."""
        place = self.session.recall("tour", 0)

        def done(step: Step | None) -> None:
            if step is None:
                self.session.keep("tour", 0)
                return
            self.session.keep("tour", (STEPS.index(step) + 1) % len(STEPS))
            self.session.choose_model(step.model)
            tools = self.session.tools
            if tools is not None and any(file.key == step.tool for file in tools.known()):
                tools.turn(step.tool, True)
            self.prompt.put(step.message)
            self.prompt.focus()
            self.show_top()

        self.app.push_screen(Tour(place if isinstance(place, int) and 0 <= place < len(STEPS) else 0), done)

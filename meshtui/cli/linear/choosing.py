"""Models, keys and profiles: what the next message goes out with."""

from __future__ import annotations

from collections.abc import Sequence

from meshtui.cli.linear.talk import Talk
from meshtui.cli.linear.words import model_words
from meshtui.core.catalogue import ModelCard
from meshtui.core.chat import Draft
from meshtui.core.nearest import did_you_mean
from meshtui.core.problem import Problem
from meshtui.core.text import one_line

MOST_ROWS = 20
"""Rows of a list that are told at once; more words narrow it down."""


class Choosing(Talk):
    """Choosing what is sent with."""

    _listed: Sequence[str] = ()
    """The ids of the models as they were numbered last."""

    # Models

    def do_models(self, rest: str) -> None:
        """List the models that fit some words."""
        self._know_models()
        found = self.session.models.index.find(rest)
        if not found:
            self.refuse("No model fits that." if len(self.session.models.index) else self._no_list())
        self._list(found)

    def _list(self, found: Sequence[ModelCard]) -> None:
        ids = self._listed = [card.id for card in found[:MOST_ROWS]]
        more = f" And {len(found) - MOST_ROWS} more; words narrow them down." if len(found) > MOST_ROWS else ""
        rows = [model_words(card) for card in found[:MOST_ROWS]]
        self.offer_rows(rows, lambda place: self._take_model(ids[place]), f"A number chooses one.{more}")

    def _take_model(self, model: str) -> None:
        self.session.choose_model(model)
        self.do_model("")

    def _no_list(self) -> str:
        fault = self.session.models.fault
        return f"There is no list of models{f': {fault}' if fault else ''}. /model takes an id in full."

    def _know_models(self) -> None:
        models = self.session.models
        self.run(models.load())
        if not models.is_fresh:
            self.tell("Fetching the list of models.")
            self.run(self._fetch())

    async def _fetch(self) -> None:
        try:
            await self.session.catalogue()
        except Problem as problem:
            self.tell(f"It could not be fetched: {one_line(problem.sentence, 400)}")

    def model_named(self, wanted: str) -> str:
        """Return the id of the model that an id, a number or some words name; an empty text, with words, for none."""
        if wanted.isdecimal():
            if not self._listed:
                self.tell("No list was shown yet that has numbers; /models shows one.")
                return ""
            if 1 <= int(wanted) <= len(self._listed):
                return self._listed[int(wanted) - 1]
            self.tell(f"The list has numbers from 1 to {len(self._listed)}.")
            return ""
        self.run(self.session.models.load())
        if wanted not in self.session.models.index.by_id and not self.session.cards:
            self._know_models()
        index = self.session.models.index
        if wanted in index.by_id:
            return wanted
        named = [id for id in index.by_id if id.rpartition("/")[2] == wanted]
        if len(named) == 1:
            return named[0]
        found = index.find(wanted) if wanted else []
        if len(found) == 1:
            return found[0].id
        if not found:
            if len(index) and "/" not in wanted:
                self.tell(f"No model fits {one_line(wanted, 80)}. /models lists them.")
                return ""
            return wanted
        self.tell(f"{len(found)} models fit {one_line(wanted, 80)}:")
        self._list(found)
        return ""

    def do_model(self, rest: str) -> None:
        """Say or choose the model."""
        if rest:
            model = self.model_named(rest)
            if not model:
                return
            self.session.choose_model(model)
        model = self.session.draft.model
        card = self.session.models.card(model)
        self.tell(f"Model: {model_words(card) if card else one_line(model, 120) or 'the default of the gateway'}.")

    # Keys and profiles

    def may_send(self, *drafts: Draft) -> bool:
        """Whether these may leave; a key that is lacking is asked for first, where somebody sits there."""
        if self.session.target.lacks_key and self.profiles is not None and self.console.interactive:
            self.tell("There is no API key for this profile yet, and nothing goes out without one.")
            if not self.enter_key():
                self.tell("Nothing was sent.")
                return False
        return super().may_send(*drafts)

    def do_key(self, rest: str) -> None:
        """Take another key."""
        self.enter_key()

    def enter_key(self) -> bool:
        """Ask for a key, check it live and keep it; whether it can be used."""
        if self.profiles is None:
            self.tell("The demo needs no key.")
            return False
        key = self.console.ask_hidden("API key, not shown: ")
        if not key:
            self.tell("No key was entered.")
            return False
        self.tell("Checking it.")
        said: list[str | None] = []
        profiles = self.profiles

        async def check() -> None:
            said.append(await profiles.accept_key(self.session, key))

        if not self.run(check()):
            return False
        self.tell(said[0] or "The key works and is kept.")
        return said[0] is None

    def do_profile(self, rest: str) -> None:
        """List the profiles, or switch."""
        if self.profiles is None:
            self.refuse("The demo has one profile only.")
        rows = self.profiles.rows()
        if rest:
            named = {row.name: row for row in rows}
            if rest not in named:
                self.refuse(f"There is no profile {one_line(rest, 40)}; {did_you_mean(rest, named)}")
            self.session.switch(self.profiles.target(self.session, rest))
            self.tell(f"Profile: {one_line(rest, 40)}, {self.session.target.base_url}.")
            return
        for row in rows:
            here = ", in use" if row.name == self.session.target.profile else ""
            self.tell(one_line(f"{row.name}{here}: {row.fault or f'{row.base_url}, key {row.key}'}", 400))

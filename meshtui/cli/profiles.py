"""The profiles as the workbench uses them: listing, switching, entering a key, allowing plain http."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from meshtui.cli.surroundings import Surroundings
from meshtui.store.config import change
from meshtui.store.credentials import Secret, find_key, save_key
from meshtui.store.settings import Flags, Settings, resolve
from meshtui.store.toml import ConfigError

if TYPE_CHECKING:
    from meshtui.core.problem import Problem
    from meshtui.session import ProfileRow, Session, Target


class UserProfiles:
    """The profiles of the user's config file, under the flags and the environment of this run."""

    def __init__(self, here: Surroundings, flags: Flags, environ: Mapping[str, str]) -> None:
        self._here, self._flags, self._environ = here, flags._replace(profile=None), environ
        self.pinned = flags.profile is not None
        self._allowed: set[str] = set()

    def _settings(self, name: str) -> Settings:
        settings = resolve(self._here.config, self._flags._replace(profile=name), self._environ, may_ask=True)
        return settings._replace(insecure=settings.insecure and settings.base_url not in self._allowed)

    def rows(self) -> Sequence[ProfileRow]:
        """Return every profile; asks no gateway and runs no program."""
        return [self._row(name) for name in self._here.config.profiles]

    def _row(self, name: str) -> ProfileRow:
        from meshtui.session import ProfileRow

        try:
            settings = self._settings(name)
            found = find_key(settings, self._here.paths, self._environ, run=False)
        except ConfigError as error:
            return ProfileRow(name, self._here.config.profiles[name].base_url, "", fault=str(error))
        command = settings.profile.api_key_command
        if found is not None:
            key = str(found.value)
        elif command and settings.on_own_gateway:
            key = f"printed by {command[0]}"
        else:
            key = "no key" if settings.profile.needs_key else "needs none"
        return ProfileRow(name, settings.base_url, key, settings.model)

    def target(self, session: Session, name: str) -> Target:
        """Return where turns of a profile go; may run the program that prints its key. Raises ConfigError."""
        settings = self._settings(name)
        here = self._here._replace(settings=settings, key=find_key(settings, self._here.paths, self._environ))
        if here.key is not None:
            session.store.withhold(here.key.value.reveal())
        return here.target()

    def allow_http(self, target: Target) -> Target:
        """Remember that a target may be used unencrypted; return it so. Raises ConfigError.

        An address of a flag or the environment is allowed for this run only: it is not the profile's own.
        """
        self._allowed.add(target.base_url)
        profile = self._here.config.profiles[target.profile]
        if profile.base_url == target.base_url:
            config = change(self._here.paths, {("profiles", target.profile, "allow_http"): True})
            self._here = self._here._replace(config=self._here.config._replace(profiles=config.profiles))
        return replace(target, insecure=False)

    async def accept_key(self, session: Session, key: str) -> str | None:
        """Check a key for the profile in use live, and keep it; a sentence says why it cannot be used.

        An empty key asks the gateway to do without. A gateway that knows the key but has reached a limit takes it.
        """
        from meshtui.core.problem import Problem

        before = session.target
        try:
            settings = self._settings(before.profile)._replace(insecure=before.insecure)
            secret = Secret(key) if key else None
            target = self._here._replace(settings=settings, key=None).target(secret)
            try:
                await session.aim(target)
            except Problem as problem:
                if not (key and _knows_the_key(problem)):
                    return _why(problem, key)
                session.switch(target)
            if key:
                session.store.withhold(key)
            await asyncio.to_thread(self._keep_key, settings, key)
        except ConfigError as error:
            return str(error)
        return None

    def _keep_key(self, settings: Settings, key: str) -> None:
        name = settings.profile.name
        if key:
            save_key(self._here.paths, name, settings.base_url, key)
        elif settings.on_own_gateway and settings.profile.needs_key:
            change(self._here.paths, {("profiles", name, "needs_key"): False})


def _knows_the_key(problem: Problem) -> bool:
    from meshtui.core.problem import ProblemKind

    return problem.kind in (ProblemKind.RATE_LIMIT, ProblemKind.SPEND)


def _why(problem: Problem, key: str) -> str:
    from meshtui.core.problem import ProblemKind

    if problem.kind is not ProblemKind.KEY_REFUSED:
        return problem.sentence
    said = f": {problem.message.rstrip('.')}" if problem.message else ""
    if not key:
        return f"This gateway wants a key{said}."
    return f"The gateway refused this key{said}. Copy it again in full, or make a new one, and try once more."

"""Putting the program together: folders, settings, key, store, session, from flags and environment."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from meshtui.cli.output import KEY, Refused, refuse
from meshtui.core.mesh import MESH_GATEWAY
from meshtui.store.config import Config, Requests, load
from meshtui.store.credentials import Key, Secret, find_key
from meshtui.store.paths import Paths, find_paths
from meshtui.store.settings import Flags, Settings, resolve
from meshtui.store.toml import ConfigError

if TYPE_CHECKING:
    from meshtui.client import Gateway as Client
    from meshtui.session import Gateway, Session, Target
    from meshtui.store.templates import OpenTemplate, TemplateFiles
    from meshtui.store.tool_files import ToolFiles


class Surroundings(NamedTuple):
    """What one run of the program works with: where things are, what is set, which key there is."""

    paths: Paths
    config: Config
    settings: Settings
    key: Key | None

    @property
    def model(self) -> str:
        """The model that flags, profile or project set, or an empty text."""
        return self.settings.model

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters that profile and project set."""
        return self.settings.params

    @property
    def retries(self) -> int:
        """How often a request is sent again before a reply begins."""
        return self.settings.requests.retries

    def target(self, secret: Secret | None = None) -> Target:
        """Return where turns go, with the key found or with another one."""
        from meshtui.session import Target

        secret = secret or (self.key.value if self.key else None)
        settings = self.settings
        return Target(
            profile=settings.profile.name,
            base_url=settings.base_url,
            masked_key=str(secret) if secret else "no key",
            connect=partial(connect, settings, secret),
            model=settings.model,
            params=settings.params,
            insecure=settings.insecure,
            lacks_key=secret is None and settings.profile.needs_key,
            may_be_open=settings.base_url != MESH_GATEWAY,
            spend_cap=settings.profile.spend_cap,
        )

    def session(
        self,
        target: Target | None = None,
        *,
        now: Callable[[], float] = time.time,
        **clocks: Any,
    ) -> Session:
        """Open the history and return a session on it, with `clock` and `sleep` as `Session` takes them.

        Refuses where it cannot be opened.
        """
        from meshtui.session import Session, Templates, Tools
        from meshtui.store.catalogues import Catalogues
        from meshtui.store.history import Store, StoreError

        try:
            store = Store.open(self.paths.history_file, now)
            if self.key is not None:
                store.withhold(self.key.value.reveal())
            store.sweep()
        except StoreError as error:
            refuse(str(error))
        catalogues = Catalogues(self.paths.state / "catalogues")
        session = Session(store, target or self.target(), catalogues=catalogues, now=now, **clocks)
        session.budget = self.settings.budget
        session.on_rate_limit = self.settings.requests.on_rate_limit
        session.retries = self.retries
        session.templates = Templates(session, self.template_files())
        session.tools = Tools(session, self.tool_files())
        return session

    @property
    def lacks_key(self) -> bool:
        """Whether there is no key, and the profile does not say that none is needed."""
        return self.key is None and self.settings.profile.needs_key

    def template_files(self) -> TemplateFiles:
        """Return the template folders in force."""
        from meshtui.store.templates import TemplateFiles

        return TemplateFiles(self.paths, self.config.project)

    def tool_files(self) -> ToolFiles:
        """Return the tool folders in force."""
        from meshtui.store.tool_files import ToolFiles

        return ToolFiles(self.paths, self.config.project)

    def require_key(self) -> None:
        """Refuse where a key is lacking."""
        if self.lacks_key:
            refuse(self._no_key(), KEY)

    def _no_key(self) -> str:
        """Say where a key may come from: a profile of another gateway takes it only from where it says."""
        profile, own = self.settings.profile, self.settings.on_own_gateway
        variable, other = "MESHAPI_API_KEY", "or start meshtui once and enter one, or try meshtui demo"
        if own and profile.api_key_env:
            return f"there is no API key: set {profile.api_key_env}, as profile {profile.name} says, {other}"
        if not own and (profile.api_key_env or profile.api_key_command):
            where = f"that of profile {profile.name} goes to {profile.base_url} alone"
            return f"there is no API key for {self.settings.base_url}: {where}; set {variable}, {other}"
        if self.settings.base_url != MESH_GATEWAY:
            other += "; a server that wants none has needs_key = false in its profile"
        return f"there is no API key: set {variable}, {other}"


def connect(settings: Settings, secret: Secret | None) -> Gateway:
    """Make the client for the gateway in force; raises Problem where address or key cannot be used at all."""
    from meshtui.session.wire import Wire

    return Wire(client_for(settings, secret))


def client_for(settings: Settings, secret: Secret | None, *, patience: float | None = None) -> Client:
    """Make the bare client, see `connect`; with `patience`, in seconds, it waits no longer and tries once."""
    from meshtui.client import Gateway as Client
    from meshtui.client import MeshAPIError, Retries, Timeouts
    from meshtui.client.errors import problem_from

    requests: Requests = settings.requests
    timeouts = Timeouts(
        connect=requests.connect_timeout,
        write=requests.write_timeout,
        idle=requests.idle_timeout,
        total=requests.total_timeout,
    )
    if patience is not None:
        timeouts = replace(Timeouts.every(patience), connect=min(requests.connect_timeout, patience))
    try:
        return Client(
            base_url=settings.base_url,
            token=secret.reveal() if secret else "",
            timeouts=timeouts,
            retries=Retries() if patience is None else Retries(count=0),
            allow_http=True,  # the settings say whether the user allowed it, and the session asks them
            headers=settings.profile.headers,
        )
    except MeshAPIError as error:
        raise problem_from(error) from None


def flags_of(arguments: argparse.Namespace) -> Flags:
    """Return what the command line said."""
    return Flags(
        profile=getattr(arguments, "profile", None),
        base_url=getattr(arguments, "base_url", None),
        model=getattr(arguments, "model", None),
        retries=getattr(arguments, "retries", None),
    )


def look_around(
    arguments: argparse.Namespace, environ: Mapping[str, str] = os.environ, *, may_ask: bool = False
) -> Surroundings:
    """Read folders, settings and key for this run; refuses, one sentence, what cannot be used.

    `may_ask` says that there is a screen on which the user can be asked to allow plain http.
    """
    paths = find_paths(environ, getattr(arguments, "home", None))
    try:
        config = load(paths, _here())
        settings = resolve(config, flags_of(arguments), environ, may_ask=may_ask)
        return Surroundings(paths, config, settings, find_key(settings, paths, environ))
    except ConfigError as error:
        raise Refused(str(error)) from None


def _here() -> Path | None:
    """Return the folder that the command was given in, None where that was deleted: then there is no project."""
    try:
        return Path.cwd()
    except OSError:
        return None


def for_demo(surroundings: Surroundings, url: str, *, examples: bool = True) -> Surroundings:
    """Return surroundings on a sandbox: a folder of its own, a plainly fake key, nothing of the user's gateway.

    Where there is no project, a template and a tool to try are there as one; without `examples` they are not made yet.
    """
    paths = surroundings.paths
    paths = paths._replace(data=paths.data / "demo", state=paths.state / "demo")
    profile = surroundings.settings.profile._replace(name="demo", base_url=url, headers={})
    settings = surroundings.settings._replace(profile=profile, base_url=url, model=DEMO_MODEL, params={})
    project = surroundings.config.project or (_examples(paths.data / "project") if examples else None)
    config = surroundings.config._replace(project=project)
    return Surroundings(paths, config, settings, Key(Secret(DEMO_KEY), "the demo"))


def _examples(folder: Path) -> Path | None:
    """Return a folder with the examples of the documentation, made at its first use; None where it cannot be made."""
    if not folder.is_dir():
        import shutil

        from meshtui.cli.pages import documents

        try:
            shutil.copytree(documents() / "examples", folder)
        except OSError:
            return None  # the demo goes without; where nothing can be written the history says so
    return folder


DEMO_KEY = "rsk_01JDEMO0000000000000009F2A"
DEMO_MODEL = "sandbox/markdown"


def template_named(name: str, surroundings: Surroundings) -> OpenTemplate | None:
    """Return the template of this project or of the user; None where only the gateway may have it."""
    try:
        files = surroundings.template_files()
        path = files.find(name)
        return files.open(path) if path is not None else None
    except ConfigError as error:
        raise Refused(str(error)) from None

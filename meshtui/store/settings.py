"""What is in force for one run: flags before environment before profile before project before built-in default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from meshtui.core.budget import Budget
from meshtui.core.mesh import BASE_URL_VARIABLE
from meshtui.core.nearest import did_you_mean
from meshtui.store.config import MOST_RETRIES, Config, Profile, Requests, Ui
from meshtui.store.gateway_url import InsecureURL, UnusableURL, normalise_base_url
from meshtui.store.toml import ConfigError, shown


class Flags(NamedTuple):
    """What the command line said; None where it said nothing."""

    profile: str | None = None
    base_url: str | None = None
    model: str | None = None
    retries: int | None = None


class Settings(NamedTuple):
    """What is in force. `sources` says for profile, base_url, model and retries where the value comes from.

    `insecure` says that the base URL is plain http to another machine, which the user has not allowed yet.
    """

    profile: Profile
    base_url: str
    model: str
    params: Mapping[str, Any]
    ui: Ui
    requests: Requests
    sources: Mapping[str, str]
    insecure: bool = False
    budget: Budget = Budget()

    @property
    def on_own_gateway(self) -> bool:
        """Whether requests go to the gateway of the profile itself: only there may the profile's key go."""
        return self.base_url == self.profile.base_url


def resolve(config: Config, flags: Flags, environ: Mapping[str, str], *, may_ask: bool = False) -> Settings:
    """Return what is in force: flags before environment before profile before project before built-in default.

    Raises ConfigError for a profile that does not exist, a base URL or a number that cannot be used. Plain http to
    another machine that is not allowed is such a base URL, unless the user can be asked (`may_ask`).
    """
    sources = {"profile": "--profile" if flags.profile else "default_profile"}
    name = flags.profile or config.default_profile
    profile = config.profiles.get(name)
    if profile is None:
        meant = did_you_mean(name, sorted(config.profiles))
        raise ConfigError(f"--profile: there is no profile {shown(name)} in {config.file}; {meant}")
    base_url, sources["base_url"], insecure = _gateway(config, profile, flags, environ, may_ask)
    model, sources["model"] = _first(
        (flags.model, "--model"), (profile.model, f"profile {profile.name}"), (config.project_model, "project")
    )
    requests = config.requests
    sources["retries"] = "config"
    if profile.retries is not None:
        requests, sources["retries"] = requests._replace(retries=profile.retries), f"profile {profile.name}"
    if environ.get("MESHTUI_RETRIES"):
        requests, sources["retries"] = requests._replace(retries=_retries(environ)), "MESHTUI_RETRIES"
    if flags.retries is not None:
        requests, sources["retries"] = requests._replace(retries=flags.retries), "--retries"
    params = {**config.project_params, **profile.params}
    return Settings(profile, base_url, model, params, config.ui, requests, sources, insecure, config.budget)


def _gateway(
    config: Config, profile: Profile, flags: Flags, environ: Mapping[str, str], may_ask: bool
) -> tuple[str, str, bool]:
    """Return the base URL, where it was named, and whether the user has to allow it first."""
    named = ((flags.base_url, "--base-url"), (environ.get(BASE_URL_VARIABLE), BASE_URL_VARIABLE))
    if flags.base_url is not None and not flags.base_url.strip():
        raise ConfigError("--base-url is empty: give the address of a gateway, or leave the option out.")
    text, source = next(((text, source) for text, source in named if text), ("", ""))
    said = f"{source} is {shown(text)}" if text else f"{config.file}, profile {profile.name}: base_url"
    source, text = source or f"profile {profile.name}", text or profile.base_url
    try:
        return normalise_base_url(text, allow_http=profile.allow_http), source, False
    except InsecureURL as error:
        if may_ask:
            return normalise_base_url(text, allow_http=True), source, True
        raise ConfigError(f"{said}: {error}.") from None
    except UnusableURL as error:
        raise ConfigError(f"{said}: {error}.") from None


def _first(*candidates: tuple[str | None, str]) -> tuple[str, str]:
    return next(((value, source) for value, source in candidates if value), ("", "built-in default"))


def _retries(environ: Mapping[str, str]) -> int:
    text = environ["MESHTUI_RETRIES"].strip()
    if not text.isdecimal() or int(text) > MOST_RETRIES:
        raise ConfigError(f"MESHTUI_RETRIES is {shown(text)}, and must be a whole number from 0 to {MOST_RETRIES}.")
    return int(text)

"""The settings that the files hold (`Config`); `store.settings` says what of them is in force.

The order is flags, environment, profile, project, built-in default. A project may set defaults, never a
gateway, a key or a command: a cloned repository must not be able to redirect a key or run anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from meshtui.core.budget import Budget
from meshtui.core.mesh import MESH_GATEWAY
from meshtui.core.nearest import did_you_mean
from meshtui.core.text import mask_secrets
from meshtui.store.gateway_url import UnusableURL, normalise_base_url
from meshtui.store.paths import Paths, find_project, write_atomically
from meshtui.store.toml import ConfigError, Source, Table, read_source, shown

DEFAULT_PROFILE = "default"
MOST_RETRIES = 20
LONGEST_SECONDS = 86400.0

_NO_KEYS = (
    "keys do not belong into this file. Enter it on the first screen, set MESHAPI_API_KEY, or name a variable in"
    " `api_key_env` or a program that prints it in `api_key_command`"
)
_OWN_PLACE = frozenset(("model", "messages", "template", "variables", "session_id", "stream", "tools", "tool_choice"))
_OWN_HEADERS = frozenset(("authorization", "content-type", "accept", "host", "content-length", "cookie"))


class Profile(NamedTuple):
    """A named gateway, where its key is found, and defaults for requests to it.

    `spend_cap` is the key's own in US dollars: the gateway says it only when it is reached.
    """

    name: str = DEFAULT_PROFILE
    base_url: str = MESH_GATEWAY
    api_key_env: str = ""
    api_key_command: tuple[str, ...] = ()
    model: str = ""
    params: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    allow_http: bool = False
    needs_key: bool = True
    spend_cap: Decimal | None = None
    retries: int | None = None


class Ui(NamedTuple):
    """How the screen looks and which keys it takes: `keys` maps binding ids to keys. `linear` is lines in its stead.

    Without a theme the terminal decides.
    """

    theme: str = ""
    mouse: bool = True
    keys: Mapping[str, str] = {}
    linear: bool = False


class Requests(NamedTuple):
    """How long to wait, in seconds, and how often to try again. No `total_timeout` means no such limit.

    `idle_timeout` is the longest silence within a reply: the gateway itself gives a provider 300 s. `on_rate_limit` is
    what happens to a turn that a minute's limit refused: `ask`, or `queue` it.
    """

    retries: int = 2
    connect_timeout: float = 10.0
    write_timeout: float = 60.0
    idle_timeout: float = 310.0
    total_timeout: float | None = None
    on_rate_limit: str = "ask"


class Config(NamedTuple):
    """What the files say. `notices` are sentences about what was passed over in them."""

    file: Path
    profiles: Mapping[str, Profile]
    default_profile: str = DEFAULT_PROFILE
    ui: Ui = Ui()
    requests: Requests = Requests()
    budget: Budget = Budget()
    project: Path | None = None
    project_model: str = ""
    project_params: Mapping[str, Any] = {}
    notices: tuple[str, ...] = ()


def load(paths: Paths, cwd: Path | None = None) -> Config:
    """Read the user's config file and, from `cwd` upwards, a project's.

    Raises ConfigError with a sentence for every fault of the user's file. A project's file that has faults is
    passed over with notices.
    """
    source = read_source(paths.config_file) or Source(paths.config_file, "")
    project = find_project(cwd, paths) if cwd is not None else None
    defaults = _Defaults()
    if project is not None:
        try:
            defaults = _read_project(project / "config.toml")
        except ConfigError as error:
            notices = tuple(f"{fault} The project's settings are not used." for fault in error.faults)
            defaults = _Defaults(notices=notices)
    config = _read_config(source, defaults.ui, defaults.requests)
    return config._replace(
        project=project,
        project_model=defaults.model,
        project_params=defaults.params,
        notices=config.notices + defaults.notices,
    )


class _Defaults(NamedTuple):
    """What a project may set."""

    ui: Ui = Ui()
    requests: Requests = Requests()
    model: str = ""
    params: Mapping[str, Any] = {}
    notices: tuple[str, ...] = ()


def _read_config(source: Source, ui: Ui, requests: Requests) -> Config:
    top = Table(source, source.parse() if source.text else {})
    profiles = {DEFAULT_PROFILE: Profile()}
    for name, table in top.table("profiles").tables().items():
        profiles[name] = _profile(name, table)
    chosen = top.text("default_profile", DEFAULT_PROFILE)
    if chosen not in profiles:
        meant = did_you_mean(chosen, sorted(profiles))
        top.fault("default_profile", f"is {shown(chosen)}, and must name a profile; {meant}")
    ui, requests = _ui(top.table("ui"), ui), _requests(top.table("requests"), requests)
    budget_table = top.table("budget")
    budget = Budget(budget_table.amount("conversation"), budget_table.amount("day"))
    budget_table.close()
    belongs = f"it belongs to a profile, as in [profiles.{DEFAULT_PROFILE}]"
    top.close({name: belongs for name in Profile._fields if name != "name"} | {"api_key": _NO_KEYS})
    if source.faults:
        raise ConfigError(*source.faults)
    return Config(source.path, profiles, chosen, ui, requests, budget, notices=tuple(source.notices))


def _profile(name: str, table: Table) -> Profile:
    base_url, allow_http = table.text("base_url", MESH_GATEWAY), table.flag("allow_http", False)
    try:
        base_url = normalise_base_url(base_url, allow_http=True)  # whether http may be used is asked on use
    except UnusableURL as error:
        table.fault("base_url", f"is {shown(base_url)}: {error}.")
    if table.take_any("api_key") is not None:
        table.fault("api_key", f"must be removed: {_NO_KEYS}.")
    env = table.text("api_key_env")
    if env and not env.replace("_", "a").isalnum():
        table.fault("api_key_env", "must be the name of an environment variable, not a key.")
    profile = Profile(
        name,
        base_url,
        env,
        _command(table, "api_key_command"),
        table.text("model"),
        _params(table.table("params")),
        _headers(table.table("headers")),
        allow_http,
        table.flag("needs_key", True),
        table.amount("spend_cap"),
        table.optional_whole("retries", 0, MOST_RETRIES),
    )
    table.close()
    return profile


def _command(table: Table, key: str) -> tuple[str, ...]:
    value = table.take_any(key)
    if value is None:
        return ()
    if isinstance(value, str):
        import shlex

        try:
            value = shlex.split(value)
        except ValueError as error:
            table.fault(key, f"cannot be split into words ({error}). Close the quotes, or write a list of words.")
            return ()
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        table.fault(key, 'must be a command: a text, or a list of words as in ["pass", "show", "mesh"].')
        return ()
    return tuple(value)


def _params(table: Table) -> dict[str, Any]:
    params = {}
    for name in table.values:
        if name in _OWN_PLACE:
            table.fault(name, "is no parameter: it has a place of its own. Remove it.")
        else:
            params[name] = table.take_any(name)
    return params


def _headers(table: Table) -> dict[str, str]:
    headers = {}
    for name in table.values:
        value = table.text(name)
        if name.lower() in _OWN_HEADERS:
            table.fault(name, "is a header that meshtui sets itself. Remove it.")
        elif not name.isascii() or not name.replace("-", "a").replace("_", "a").isalnum():
            table.fault(name, "cannot be the name of a header. Use letters, digits and hyphens.")
        elif not value.isascii():
            table.fault(name, "must be ASCII text: a header cannot carry anything else.")
        elif mask_secrets(value) != value:
            table.fault(name, "looks like a key. Keys do not belong into this file: remove it.")
        else:
            headers[name] = value
    return headers


def _ui(table: Table, default: Ui) -> Ui:
    ui = Ui(
        table.text("theme", default.theme),
        table.flag("mouse", default.mouse),
        table.texts("keys"),
        table.flag("linear", default.linear),
    )
    table.close()
    return ui


def _requests(table: Table, default: Requests) -> Requests:
    requests = Requests(
        table.whole("retries", default.retries, 0, MOST_RETRIES),
        table.seconds("connect_timeout", default.connect_timeout, LONGEST_SECONDS) or default.connect_timeout,
        table.seconds("write_timeout", default.write_timeout, LONGEST_SECONDS) or default.write_timeout,
        table.seconds("idle_timeout", default.idle_timeout, LONGEST_SECONDS) or default.idle_timeout,
        table.seconds("total_timeout", default.total_timeout, LONGEST_SECONDS, zero=True),
        table.choice("on_rate_limit", default.on_rate_limit, ("ask", "queue")),
    )
    table.close()
    return requests


def _read_project(path: Path) -> _Defaults:
    """Return the defaults of a project's file, with notices about what it may not set."""
    source = read_source(path)
    if source is None:
        return _Defaults()
    top = Table(source, source.parse())
    model, params = top.text("model"), _params(top.table("params"))
    ui_table = top.table("ui")
    ui = Ui(theme=ui_table.text("theme"))
    ui_table.close({name: "it is the user's to set" for name in ("mouse", "keys", "linear")})
    requests = _requests(top.table("requests"), Requests())
    refused = "a project may not name gateways, keys, headers, commands or budgets"
    top.close(dict.fromkeys(("profiles", "default_profile", "api_key", "budget", *Profile._fields), refused))
    if source.faults:
        raise ConfigError(*source.faults)
    return _Defaults(ui, requests, model, params, tuple(source.notices))


def change(paths: Paths, changes: Mapping[tuple[str, ...], Any]) -> Config:
    """Set keys of the user's config file, None removes one; comments and order stay. Return what the file says then.

    Raises ConfigError, the file untouched, where it or the new value cannot be used.
    """
    import tomlkit

    source = read_source(paths.config_file) or Source(paths.config_file, "")
    source.parse()
    document = tomlkit.parse(source.text)
    for key, value in changes.items():
        table: Any = document
        for number, part in enumerate(key[:-1]):
            if part not in table:
                if value is None:
                    break
                last = number == len(key) - 2
                table[part] = tomlkit.table(is_super_table=not last)
            table = table[part]
        else:
            if value is None:
                table.pop(key[-1], None)
            else:
                table[key[-1]] = value
    text = tomlkit.dumps(document)
    config = _read_config(Source(paths.config_file, text), Ui(), Requests())
    try:
        write_atomically(paths.config_file, text)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{paths.config_file} cannot be written: {reason}. Check who may write there.") from None
    return config

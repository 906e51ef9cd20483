"""The key of a profile: where it is looked for, and the file in which it is kept for this user alone.

A key that was saved for a profile, or that its command prints, goes to that profile's gateway only: a base URL
from a flag or the environment does not get it. The general environment variables are the user's own word for
this run and hold for whichever gateway it names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from meshtui.core.mesh import KEY_VARIABLES, MESH_GATEWAY
from meshtui.core.text import mask_key, mask_secrets, one_line
from meshtui.store.config import Profile
from meshtui.store.gateway_url import UnusableURL, normalise_base_url
from meshtui.store.paths import Paths, write_atomically
from meshtui.store.settings import Settings
from meshtui.store.toml import ConfigError, Source, read_source

COMMAND_SECONDS = 10.0


class Secret:
    """A text that shows itself masked wherever it is printed; `reveal` is the one way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def __str__(self) -> str:
        return mask_key(self._value)

    def __repr__(self) -> str:
        return f"Secret({mask_key(self._value)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


class Key(NamedTuple):
    """A key and where it was found, in words that may be shown."""

    value: Secret
    source: str


def find_key(settings: Settings, paths: Paths, environ: Mapping[str, str], *, run: bool = True) -> Key | None:
    """Return the key for the gateway in force, None where there is none; without `run` no command is run for it.

    Looked for in this order: the variable that the profile names, the general variables, the credentials file,
    the vendor's own file, the profile's command (which may take up to ten seconds). Raises ConfigError, one
    sentence, where a source is there but cannot be used.
    """
    for text, source in _candidates(settings, paths, environ, run):
        key = _checked(text, source)
        if key is not None:
            return key
    return None


def known_keys(profiles: Iterable[Profile], paths: Paths, environ: Mapping[str, str]) -> list[Secret]:
    """Return every key that this machine knows without running a command, whatever it is for: none may be written.

    Raises ConfigError where the credentials file cannot be read.
    """
    found = _saved(paths)
    entries = found[1].values() if found is not None else ()
    texts = [str(entry["api_key"]) for entry in entries if isinstance(entry, dict) and "api_key" in entry]
    texts.append("" if paths.one_home else _vendor_key())
    texts += [environ.get(name, "") for name in (*KEY_VARIABLES, *(one.api_key_env for one in profiles)) if name]
    return [Secret(text.strip()) for text in texts if text.strip()]


def _candidates(settings: Settings, paths: Paths, environ: Mapping[str, str], run: bool) -> Iterator[tuple[str, str]]:
    profile = settings.profile
    own = settings.on_own_gateway
    if profile.api_key_env and own:
        yield environ.get(profile.api_key_env, ""), f"environment {profile.api_key_env}"
    # A profile for another gateway that names its own key, or needs none, must not get the general one.
    named = profile.api_key_env or profile.api_key_command or not profile.needs_key
    if not (own and settings.base_url != MESH_GATEWAY and named):
        for name in KEY_VARIABLES:
            yield environ.get(name, ""), f"environment {name}"
    yield _saved_key(settings, paths), f"credentials file, profile {profile.name}"
    if settings.base_url == MESH_GATEWAY and not paths.one_home:
        yield _vendor_key(), "~/.meshapi/credentials"
    if profile.api_key_command and own and run:
        yield _printed_key(profile.api_key_command, profile.name), f"command {profile.api_key_command[0]}"


def _checked(text: str, source: str) -> Key | None:
    """Return the key in `text`; one that could not go into a header is refused without being quoted."""
    text = text.strip()
    for position, character in enumerate(text, 1):
        if not "!" <= character <= "~":
            kind = "a blank or line end" if character.isspace() else "a character that is not ASCII"
            raise ConfigError(f"The key from {source} has {kind} at position {position}. Enter the key alone.")
    return Key(Secret(text), source) if text else None


def _private_source(path: Path) -> Source | None:
    """Return a file of keys; raises ConfigError where other users of the machine can read it."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    if os.name == "posix" and mode & 0o077:
        import shlex

        raise ConfigError(f"{path} can be read by others. Run: chmod 600 {shlex.quote(str(path))}")
    return read_source(path)


def _saved(paths: Paths) -> tuple[Source, dict[str, Any]] | None:
    source = _private_source(paths.credentials_file)
    return None if source is None else (source, source.parse())


def _saved_key(settings: Settings, paths: Paths) -> str:
    found = _saved(paths)
    if found is None:
        return ""
    source, values = found
    name = settings.profile.name
    entry = values.get(name)
    if entry is None:
        return ""
    if not isinstance(entry, dict) or not isinstance(entry.get("api_key"), str):
        raise ConfigError(source.sentence((name,), f'must be a table with a key: [{name}] api_key = "…".'))
    meant_for = entry.get("base_url", settings.profile.base_url)
    try:
        meant_for = normalise_base_url(str(meant_for), allow_http=True)
    except UnusableURL as error:
        raise ConfigError(source.sentence((name, "base_url"), f"cannot be used: {error}.")) from None
    return entry["api_key"] if meant_for == settings.base_url else ""


def _vendor_key() -> str:
    source = _private_source(Path.home() / ".meshapi" / "credentials")
    return "" if source is None else next(iter(source.text.split("\n")), "")


def _printed_key(command: tuple[str, ...], profile: str) -> str:
    """Return the first line that a command prints. No shell, no standard input."""
    import subprocess

    asked = f"The command for the key of profile {profile} ({one_line(mask_secrets(command[0]), 60)})"
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, split into words, without a shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{asked} did not end within {COMMAND_SECONDS:.0f} s. Run it by hand to see why.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{asked} cannot be run: {reason.lower()}. Check `api_key_command`.") from None
    if done.returncode != 0:
        words = one_line(mask_secrets(done.stderr.decode("utf-8", "replace")), 120)
        raise ConfigError(f"{asked} failed with exit code {done.returncode}{': ' + words if words else ''}.")
    key = done.stdout.decode("utf-8", "replace").strip().partition("\n")[0]
    if not key:
        raise ConfigError(f"{asked} printed nothing. It must print the key on its first line.")
    return key


def save_key(paths: Paths, profile: str, base_url: str, key: str) -> Path:
    """Keep `key` for a profile and the gateway it was entered for; return the file. Raises ConfigError."""
    import tomlkit

    checked = _checked(key, "the input")
    if checked is None:
        raise ConfigError("The key is empty. Enter it, or leave with escape.")
    found = _saved(paths)
    document = tomlkit.parse(found[0].text if found else "# Keys by profile. For this user alone.\n")
    table = tomlkit.table()
    table.update({"api_key": checked.value.reveal(), "base_url": base_url})
    document[profile] = table
    try:
        write_atomically(paths.credentials_file, tomlkit.dumps(document), 0o600)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{paths.credentials_file} cannot be written: {reason}.") from None
    return paths.credentials_file

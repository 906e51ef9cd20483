"""Keys: where one is found, which gateway it may go to, and that it shows itself nowhere."""

from __future__ import annotations

import copy
import pickle
import stat
import sys
from pathlib import Path

import pytest

from meshtui.store.config import Config, Profile, load
from meshtui.store.credentials import Key, Secret, find_key, save_key
from meshtui.store.paths import Paths, find_paths
from meshtui.store.settings import Flags, Settings, resolve
from meshtui.store.toml import ConfigError

KEY = "rsk_01JDEMO000000000000000000"
OTHER = "rsk_01JDEMO111111111111111111"
MESH = "https://api.meshapi.ai"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A user's folders under one home."""
    return find_paths({"MESHTUI_HOME": str(tmp_path / "home")})


def in_force(profile: Profile, base_url: str | None = None) -> Settings:
    """Return settings with `profile` chosen."""
    return resolve(Config(Path("config.toml"), {profile.name: profile}, profile.name), Flags(base_url=base_url), {})


def printing(text: str, code: int = 0) -> tuple[str, ...]:
    """Return a command that prints a text."""
    return (sys.executable, "-c", f"import sys; sys.stdout.write({text!r}); sys.exit({code})")


def value(key: Key | None) -> str | None:
    """Return the key itself."""
    return None if key is None else key.value.reveal()


def test_a_secret_shows_itself_nowhere() -> None:
    key = Key(Secret(KEY), "environment MESHAPI_API_KEY")
    for text in (repr(key), str(key.value), f"{key.value}", repr([key.value]), f"{key!r:>5}"):
        assert KEY not in text and KEY[6:20] not in text
    assert "rsk_…0000" in repr(key) and key.value.reveal() == KEY
    assert key.value == Secret(KEY) and key.value != Secret(OTHER) and len({Secret(KEY), Secret(KEY)}) == 1
    for attempt in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not written anywhere"):
            attempt(key.value)
    with pytest.raises(AttributeError):
        key.value.__dict__  # noqa: B018 - nothing that a debugger would list


def test_the_environment_is_asked_in_order(paths: Paths) -> None:
    settings = in_force(Profile())
    environ = {"MESHAPI_TOKEN": "rsk_c", "MESH_API_KEY": "rsk_b", "MESHAPI_API_KEY": ""}
    found = find_key(settings, paths, environ)
    assert value(found) == "rsk_b" and found is not None and found.source == "environment MESH_API_KEY"
    environ["MESHAPI_API_KEY"] = "rsk_a\n"
    assert value(find_key(settings, paths, environ)) == "rsk_a"
    assert find_key(settings, paths, {}) is None


def test_the_order_of_all_sources(paths: Paths) -> None:
    profile = Profile(api_key_env="WORK_KEY", api_key_command=printing("rsk_command\nsecond line"))
    settings = in_force(profile)
    assert value(find_key(settings, paths, {})) == "rsk_command"
    save_key(paths, "default", MESH, "rsk_saved")
    assert value(find_key(settings, paths, {})) == "rsk_saved"
    assert value(find_key(settings, paths, {"MESHAPI_API_KEY": "rsk_general"})) == "rsk_general"
    assert value(find_key(settings, paths, {"MESHAPI_API_KEY": "rsk_general", "WORK_KEY": "rsk_own"})) == "rsk_own"


def test_the_vendors_file_counts_only_for_its_gateway_and_without_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = tmp_path / ".meshapi" / "credentials"
    file.parent.mkdir()
    file.write_text(f"{KEY}\n")
    file.chmod(0o600)
    found = find_key(in_force(Profile()), find_paths({}), {})
    assert value(found) == KEY and found is not None and found.source == "~/.meshapi/credentials"
    assert find_key(in_force(Profile()), find_paths({"MESHTUI_HOME": str(tmp_path / "h")}), {}) is None
    assert find_key(in_force(Profile(base_url="https://other.example")), find_paths({}), {}) is None
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by others. Run: chmod 600"):
        find_key(in_force(Profile()), find_paths({}), {})


def test_a_profiles_key_goes_to_its_own_gateway_only(paths: Paths) -> None:
    profile = Profile("lab", "https://lab.example", "LAB_KEY", printing("rsk_command"))
    save_key(paths, "lab", profile.base_url, "rsk_saved")
    own, elsewhere = in_force(profile), in_force(profile, "http://127.0.0.1:9")
    assert value(find_key(own, paths, {"LAB_KEY": "rsk_lab"})) == "rsk_lab"
    assert find_key(elsewhere, paths, {"LAB_KEY": "rsk_lab"}) is None
    assert value(find_key(elsewhere, paths, {"MESHAPI_API_KEY": KEY})) == KEY, "the user's own word for this run"


def test_another_gateways_profile_does_not_get_the_general_key(paths: Paths) -> None:
    environ = {"MESHAPI_API_KEY": KEY}
    assert find_key(in_force(Profile("lab", "https://lab.example", "LAB_KEY")), paths, environ) is None
    assert value(find_key(in_force(Profile("lab", "https://lab.example")), paths, environ)) == KEY
    assert value(find_key(in_force(Profile(api_key_env="WORK_KEY")), paths, environ)) == KEY


def test_a_key_saved_for_another_address_counts_there(paths: Paths) -> None:
    save_key(paths, "default", "http://127.0.0.1:9", KEY)
    assert find_key(in_force(Profile()), paths, {}) is None
    assert value(find_key(in_force(Profile(), "http://127.0.0.1:9/v1"), paths, {})) == KEY


def test_saving(paths: Paths) -> None:
    file = save_key(paths, "default", MESH, f" {KEY}\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    save_key(paths, "my.lab", "https://lab.example", OTHER)
    assert value(find_key(in_force(Profile()), paths, {})) == KEY
    assert value(find_key(in_force(Profile("my.lab", "https://lab.example")), paths, {})) == OTHER
    assert file.read_text().count("[") == 2


def test_a_file_of_keys_written_by_hand(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.credentials_file.write_text(f'# mine\n[default]\napi_key = "{KEY}"\n')
    paths.credentials_file.chmod(0o600)
    assert value(find_key(in_force(Profile()), paths, {})) == KEY
    save_key(paths, "lab", "https://lab.example", OTHER)
    assert paths.credentials_file.read_text().startswith(f'# mine\n[default]\napi_key = "{KEY}"\n')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'default = "{KEY}"', "line 1: `default` must be a table"),
        ("[default]\napi_key = 3", "line 1: `default` must be a table"),
        (f'[default]\napi_key = "{KEY}"\nbase_url = "nowhere"', r"line 3: `default.base_url` cannot be used"),
        (f'[default]\napi_key = "{KEY}', "line 2.*this is not TOML"),
        (f'[default]\napi_key = "{KEY} x"', "has a blank or line end at position 30"),
        (f'[default]\napi_key = "{KEY}ü"', "has a character that is not ASCII at position 30"),
    ],
)
def test_each_fault_of_the_file_is_one_sentence_without_the_key(paths: Paths, text: str, words: str) -> None:
    paths.config.mkdir(parents=True)
    paths.credentials_file.write_text(text)
    paths.credentials_file.chmod(0o600)
    with pytest.raises(ConfigError, match=words) as caught:
        find_key(in_force(Profile()), paths, {})
    assert KEY not in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_others_can_read_is_refused(paths: Paths) -> None:
    save_key(paths, "default", MESH, KEY)
    paths.credentials_file.chmod(0o604)
    with pytest.raises(ConfigError, match=r"can be read by others\. Run: chmod 600 .*credentials\.toml'?$"):
        find_key(in_force(Profile()), paths, {})
    with pytest.raises(ConfigError, match="can be read by others"):
        save_key(paths, "default", MESH, OTHER)
    assert value(find_key(in_force(Profile()), paths, {"MESHAPI_API_KEY": OTHER})) == OTHER


@pytest.mark.parametrize("text", ["", "  \n", "a b", "rsk_\x1b[2J", "Bearer rsk_x"])
def test_what_cannot_be_a_key_is_not_saved(paths: Paths, text: str) -> None:
    with pytest.raises(ConfigError):
        save_key(paths, "default", MESH, text)
    assert not paths.credentials_file.exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("no-such-program-here",), r"\(no-such-program-here\) cannot be run: no such file"),
        (printing("", 0), "printed nothing"),
        (printing(KEY, 3), "failed with exit code 3"),
        (
            (sys.executable, "-c", f"import sys; sys.exit('no entry for {KEY}\\x1b[2J')"),
            r"failed with exit code 1: no entry for rsk_…00",
        ),
    ],
)
def test_a_command_that_fails_is_named_without_its_output(paths: Paths, command: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        find_key(in_force(Profile(api_key_command=command)), paths, {})
    assert KEY not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_command_may_not_take_for_ever(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshtui.store.credentials.COMMAND_SECONDS", 0.2)
    command = (sys.executable, "-c", "import sys; sys.stdin.read(); import time; time.sleep(60)")
    with pytest.raises(ConfigError, match="did not end within"):
        find_key(in_force(Profile(api_key_command=command)), paths, {})


def test_a_command_runs_without_a_shell_and_not_before_it_is_needed(paths: Paths, tmp_path: Path) -> None:
    paths.config.mkdir(parents=True)
    witness = tmp_path / "ran"
    command = rf"sh -c 'touch \"{witness}\"; echo rsk_a'; x"
    paths.config_file.write_text(f'[profiles.default]\napi_key_command = "{command}"\n')
    settings = resolve(load(paths), Flags(), {})
    assert value(find_key(settings, paths, {"MESHAPI_API_KEY": KEY})) == KEY
    assert not witness.exists()
    assert value(find_key(settings, paths, {})) == "rsk_a" and witness.exists()


def test_a_profile_that_needs_no_key_gets_none_but_its_own(paths: Paths) -> None:
    profile = Profile("lan", "http://box.lan:1", allow_http=True, needs_key=False)
    assert find_key(in_force(profile), paths, {"MESHAPI_API_KEY": KEY}) is None
    assert value(find_key(in_force(profile, "https://other.example"), paths, {"MESHAPI_API_KEY": KEY})) == KEY

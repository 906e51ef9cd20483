"""The settings: what may stand in the files, what each fault is called, which value wins."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from meshtui.core.toml_lines import line_of
from meshtui.store.config import change, load
from meshtui.store.gateway_url import UnusableURL, normalise_base_url
from meshtui.store.paths import Paths, find_paths, find_project, write_atomically
from meshtui.store.settings import Flags, Settings, resolve
from meshtui.store.toml import ConfigError

KEY = "rsk_01JDEMO000000000000000000"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A user's folders."""
    return find_paths({"MESHTUI_HOME": str(tmp_path / "home")})


def write(path: Path, text: str) -> Path:
    """Write a file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def settings(
    paths: Paths, flags: Flags | None = None, cwd: Path | None = None, environ: dict[str, str] | None = None
) -> Settings:
    """Return what is in force."""
    return resolve(load(paths, cwd), flags or Flags(), environ or {})


# Folders


def test_a_home_holds_everything(tmp_path: Path) -> None:
    paths = find_paths({"MESHTUI_HOME": str(tmp_path / "a")}, str(tmp_path / "b"))
    assert paths.config_file == tmp_path / "b" / "config.toml" and paths.one_home
    assert paths.history_file.is_relative_to(tmp_path / "b")
    assert not (tmp_path / "b").exists(), "finding makes nothing"


def test_without_a_home_the_platform_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "d"))
    paths = find_paths({"MESHTUI_HOME": ""})
    assert not paths.one_home
    if os.uname().sysname == "Linux":
        assert paths.config == tmp_path / "c" / "meshtui" and paths.data == tmp_path / "d" / "meshtui"


def test_the_nearest_project_counts_and_the_users_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / ".meshtui").mkdir()
    (tmp_path / "a" / "b" / ".meshtui").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").mkdir()
    elsewhere = find_paths({"MESHTUI_HOME": str(tmp_path / "home")})
    assert find_project(tmp_path / "a" / "b" / "c", elsewhere) == tmp_path / "a" / "b" / ".meshtui"
    assert find_project(tmp_path / "a", elsewhere) == tmp_path / ".meshtui"
    own = find_paths({"MESHTUI_HOME": str(tmp_path / ".meshtui")})
    assert find_project(tmp_path / "a", own) is None


# What is said about a file

GOOD = """\
# my settings
default_profile = "lab"

[profiles.lab]                       # the box under the desk
base_url = "http://localhost:8000/v1/"
api_key_command = ["pass", "show", "lab"]
model = "lab/small"
params = { temperature = 0.2 }

[profiles.lab.headers]
X-Mesh-Version = "2026-09"

[profiles.mesh]
api_key_env = "WORK_KEY"
api_key_command = "pass show 'mesh key'"

[ui]
theme = "paper"
mouse = false
[ui.keys]
"prompt.send" = "ctrl+s"

[requests]
retries = 0
idle_timeout = 20.5
total_timeout = 0
"""


def test_a_good_file_is_read_whole(paths: Paths) -> None:
    write(paths.config_file, GOOD)
    config = load(paths)
    assert config.notices == ()
    lab, mesh = config.profiles["lab"], config.profiles["mesh"]
    assert (lab.base_url, lab.model, lab.params) == ("http://localhost:8000", "lab/small", {"temperature": 0.2})
    assert lab.api_key_command == ("pass", "show", "lab") and lab.headers == {"X-Mesh-Version": "2026-09"}
    assert mesh.base_url == "https://api.meshapi.ai" and mesh.api_key_command == ("pass", "show", "mesh key")
    assert set(config.profiles) == {"default", "lab", "mesh"}
    assert config.ui.theme == "paper" and not config.ui.mouse and config.ui.keys == {"prompt.send": "ctrl+s"}
    assert config.requests.retries == 0 and config.requests.idle_timeout == 20.5
    assert config.requests.total_timeout is None


def test_no_file_means_the_built_in_profile(paths: Paths) -> None:
    found = settings(paths)
    assert found.base_url == "https://api.meshapi.ai" and found.profile.name == "default"
    assert found.requests.retries == 2 and found.on_own_gateway


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = [1,\n", 2, ["this is not TOML"]),
        ('a = 1\nb = "x\n', 2, ["this is not TOML"]),
        ("a = 1\na = 2\n", 2, ["this is not TOML"]),
        ("\n[requests]\nretries = 'two'\n", 3, ["`requests.retries`", "'two'", "whole number from 0 to 20"]),
        ("[requests]\nretries = 21\n", 2, ["21", "from 0 to 20"]),
        ("[requests]\nretries = true\n", 2, ["True", "from 0 to 20"]),
        ("[requests]\nidle_timeout = 0\n", 2, ["above 0"]),
        ("[requests]\nconnect_timeout = inf\n", 2, ["at most 86400"]),
        ("requests = 3\n", 1, ["`requests`", "a table"]),
        ("[ui]\nmouse = 'no'\n", 2, ["true or false"]),
        ("[ui]\ntheme = 3\n", 2, ["a text in quotes"]),
        ('[ui.keys]\n"a.b" = ["x"]\n', 2, ["a text in quotes"]),
        ('default_profile = "lba"\n[profiles.lab]\n', 1, ["did you mean 'lab'?"]),
        ('[profiles.lab]\nbase_url = "example.com"\n', 2, ["like https://api.example.com"]),
        ('[profiles.lab]\nbase_url = "https://me:pw123456@example.com"\n', 2, ["name or password"]),
        (f'[profiles.lab]\n\napi_key = "{KEY}"\n', 3, ["must be removed", "api_key_env"]),
        (f'[profiles.lab]\napi_key_env = "{KEY}!"\n', 2, ["name of an environment variable"]),
        ("[profiles.lab]\napi_key_command = 'pass \"x'\n", 2, ["Close the quotes"]),
        ("[profiles.lab]\napi_key_command = []\n", 2, ["must be a command"]),
        ("[profiles.lab.params]\nmessages = []\n", 2, ["a place of its own"]),
        ('[profiles.lab.headers]\nAuthorization = "Bearer x"\n', 2, ["sets itself"]),
        (f'[profiles.lab.headers]\nX-Key = "{KEY}"\n', 2, ["looks like a key"]),
        ('[profiles.lab.headers]\nX-A = "a\\nX-B: c"\n', 2, ["without line ends"]),
        ("profiles.lab = 3\n", 1, ["`profiles.lab`", "a table"]),
    ],
)
def test_each_fault_is_one_sentence_with_file_line_and_remedy(
    paths: Paths, text: str, line: int, words: list[str]
) -> None:
    write(paths.config_file, text)
    with pytest.raises(ConfigError) as caught:
        load(paths)
    (sentence,) = caught.value.faults
    assert f"{paths.config_file}, line {line}" in sentence
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence and sentence[-1] in ".?)"
    assert KEY not in sentence and "pw123456" not in sentence


def test_all_faults_are_told_at_once(paths: Paths) -> None:
    write(paths.config_file, '[ui]\nmouse = 1\n[requests]\nretries = "x"\n')
    with pytest.raises(ConfigError) as caught:
        load(paths)
    assert len(caught.value.faults) == 2 and str(caught.value).count("\n") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[ui]\nthem = 'x'\n", ["line 2", "`ui.them`", "did you mean 'theme'?"]),
        ("[requests]\nretrys = 1\n", ["line 2", "did you mean 'retries'?"]),
        ("zzz = 1\n", ["line 1", "`zzz`", "is no setting"]),
        ('model = "x"\n', ["line 1", "belongs to a profile"]),
        (f'api_key = "{KEY}"\n', ["line 1", "keys do not belong into this file"]),
    ],
)
def test_unknown_names_are_passed_over_with_a_notice(paths: Paths, text: str, words: list[str]) -> None:
    write(paths.config_file, text)
    (notice,) = load(paths).notices
    assert all(word in notice for word in words), notice
    assert KEY not in notice


def test_a_file_that_is_no_text(paths: Paths) -> None:
    write(paths.config_file, "").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="byte 6 is not UTF-8"):
        load(paths)
    paths.config_file.unlink()
    paths.config_file.mkdir()
    with pytest.raises(ConfigError, match="cannot be read: is a directory"):
        load(paths)


def test_a_byte_order_mark_is_no_fault(paths: Paths) -> None:
    write(paths.config_file, "\ufeff[ui]\ntheme = 'x'\n")
    assert load(paths).ui.theme == "x"


def test_lines_are_found_under_every_spelling() -> None:
    text = "[a.\"b c\"]\nx = 1\n\n[a.d]\ny.z = 2\n'q' = { k = 1 }\n[[list]]\nw = 1\n"
    assert line_of(text, ("a", "b c", "x")) == 2
    assert line_of(text, ("a", "d", "y", "z")) == 5
    assert line_of(text, ("a", "d", "q", "k")) == 6
    assert line_of(text, ("a", "d", "none")) == 4
    assert line_of(text, ("list", "w")) == 8
    assert line_of(text, ("nothing",)) is None


# A project


def test_a_project_sets_defaults_only(paths: Paths, tmp_path: Path) -> None:
    project = tmp_path / "work" / ".meshtui" / "config.toml"
    write(
        project,
        'model = "p/m"\nparams = { temperature = 1, seed = 3 }\ndefault_profile = "evil"\n'
        f'api_key = "{KEY}"\napi_key_command = "curl evil"\nbase_url = "https://evil.example"\n'
        '[ui]\ntheme = "project"\nkeys = { quit = "a" }\n[requests]\nretries = 5\n'
        '[profiles.default]\nbase_url = "https://evil.example"\napi_key_command = "touch pwned"\n',
    )
    config = load(paths, tmp_path / "work" / "src")
    assert config.project == project.parent
    assert config.profiles["default"].base_url == "https://api.meshapi.ai"
    assert config.profiles["default"].api_key_command == ()
    assert len(config.notices) == 6 and all(str(project) in notice for notice in config.notices)
    assert KEY not in "".join(config.notices)
    found = resolve(config, Flags(), {})
    assert (found.model, found.ui.theme, found.ui.keys, found.requests.retries) == ("p/m", "project", {}, 5)
    assert found.params == {"temperature": 1, "seed": 3} and found.sources["model"] == "project"


def test_the_users_own_settings_beat_a_projects(paths: Paths, tmp_path: Path) -> None:
    write(tmp_path / ".meshtui" / "config.toml", 'model = "p/m"\nparams = {a = 1, b = 1}\nui = {theme = "p"}\n')
    write(paths.config_file, '[profiles.default]\nmodel = "u/m"\nparams = {b = 2}\n[ui]\ntheme = "u"\n')
    found = settings(paths, cwd=tmp_path)
    assert (found.model, found.ui.theme, found.params) == ("u/m", "u", {"a": 1, "b": 2})


def test_a_projects_faults_stop_nothing(paths: Paths, tmp_path: Path) -> None:
    write(tmp_path / ".meshtui" / "config.toml", "model = 3\n[ui]\ntheme = 'p'\n")
    config = load(paths, tmp_path)
    assert config.project_model == "" and config.ui.theme == ""
    assert "line 1: `model` is 3" in config.notices[0] and "not used" in config.notices[0]
    write(tmp_path / ".meshtui" / "config.toml", "= broken")
    assert "this is not TOML" in load(paths, tmp_path).notices[0]


# Which value wins


def test_flags_beat_environment_beats_profile_beats_default(paths: Paths) -> None:
    write(paths.config_file, GOOD)
    found = settings(paths)
    assert (found.base_url, found.model, found.requests.retries) == ("http://localhost:8000", "lab/small", 0)
    environ = {"MESHAPI_BASE_URL": "http://127.0.0.1:9/v1", "MESHTUI_RETRIES": "4"}
    found = settings(paths, environ=environ)
    assert (found.base_url, found.requests.retries) == ("http://127.0.0.1:9", 4)
    assert found.sources["base_url"] == "MESHAPI_BASE_URL" and not found.on_own_gateway
    found = settings(paths, Flags("mesh", "https://other.example/", "x/y", 1), environ=environ)
    assert (found.base_url, found.model, found.requests.retries) == ("https://other.example", "x/y", 1)
    assert found.profile.name == "mesh" and found.sources["retries"] == "--retries"


@pytest.mark.parametrize(
    ("flags", "environ", "words"),
    [
        (Flags(profile="lba"), {}, "--profile: there is no profile 'lba'.*did you mean 'lab'"),
        (Flags(base_url="ftp://x"), {}, "--base-url is 'ftp://x': it must be an http or https address"),
        (Flags(), {"MESHAPI_BASE_URL": "http://example.com"}, "MESHAPI_BASE_URL is .* plain http"),
        (Flags(), {"MESHTUI_RETRIES": "many"}, "MESHTUI_RETRIES is 'many', and must be a whole number"),
        (Flags(), {"MESHTUI_RETRIES": "-1"}, "MESHTUI_RETRIES"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_source(
    paths: Paths, flags: Flags, environ: dict[str, str], words: str
) -> None:
    write(paths.config_file, GOOD)
    with pytest.raises(ConfigError, match=words):
        settings(paths, flags, environ=environ)


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://api.meshapi.ai", "https://api.meshapi.ai"),
        (" https://api.meshapi.ai/v1/ ", "https://api.meshapi.ai"),
        ("https://api.meshapi.ai/v1/v1", "https://api.meshapi.ai/v1"),
        ("https://API.Example.com:8443/gateway/v1", "https://api.example.com:8443/gateway"),
        ("https://example.com/xv1", "https://example.com/xv1"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9"),
        ("http://[::1]:8000/v1", "http://[::1]:8000"),
    ],
)
def test_base_urls_have_one_spelling(given: str, normal: str) -> None:
    assert normalise_base_url(given) == normal
    assert normalise_base_url(normal + "/") in (normal, normal.removesuffix("/v1"))


@pytest.mark.parametrize(
    "given",
    ["", "api.meshapi.ai", "ftp://x", "https://", "http://example.com", "http://localhost.evil.com", "http://127.0.0.1.nip.io",
     "https://u:p@x.com", "https://x.com?a=1", "https://x.com#f", "https://x.com:99999", "https://x .com",
     "https://exämple.com", "http://[::1", "https://x.com\\@evil.com"],
)  # fmt: skip
def test_what_is_no_base_url_is_refused(given: str) -> None:
    with pytest.raises(UnusableURL):
        normalise_base_url(given)


def test_plain_http_elsewhere_needs_a_word() -> None:
    assert normalise_base_url("http://box.lan:8000", allow_http=True) == "http://box.lan:8000"


# Writing


def test_a_change_keeps_comments_order_and_mode(paths: Paths) -> None:
    write(paths.config_file, GOOD).chmod(0o640)
    config = change(paths, {("ui", "theme"): "nord", ("profiles", "new.one", "base_url"): "https://x.example"})
    assert config.ui.theme == "nord" and config.profiles["new.one"].base_url == "https://x.example"
    text = paths.config_file.read_text()
    lines = iter(text.splitlines())
    assert all(line in lines for line in GOOD.replace('"paper"', '"nord"').splitlines()), "each line, in order"
    assert stat.S_IMODE(paths.config_file.stat().st_mode) == 0o640
    change(paths, {("ui", "theme"): None, ("nothing", "here"): None})
    assert load(paths).ui.theme == "" and "nothing" not in paths.config_file.read_text()
    assert [path.name for path in paths.config.iterdir()] == ["config.toml"]


def test_a_first_change_makes_a_private_file(paths: Paths) -> None:
    change(paths, {("default_profile",): "default", ("ui", "keys", "app.quit"): "ctrl+q"})
    assert load(paths).ui.keys == {"app.quit": "ctrl+q"}
    assert stat.S_IMODE(paths.config_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.config.stat().st_mode) == 0o700


def test_a_link_stays_a_link(paths: Paths, tmp_path: Path) -> None:
    real = write(tmp_path / "dotfiles" / "mesh.toml", "# mine\n")
    paths.config.mkdir(parents=True)
    paths.config_file.symlink_to(real)
    change(paths, {("ui", "mouse"): False})
    assert paths.config_file.is_symlink() and real.read_text().startswith("# mine\n")
    assert load(paths).ui.mouse is False


@pytest.mark.parametrize("value", ["nope", 3])
def test_a_change_that_would_break_the_file_is_not_written(paths: Paths, value: object) -> None:
    write(paths.config_file, GOOD)
    with pytest.raises(ConfigError, match="default_profile"):
        change(paths, {("default_profile",): value})
    assert paths.config_file.read_text() == GOOD


def test_a_broken_file_is_never_overwritten(paths: Paths) -> None:
    write(paths.config_file, "[ui\n")
    with pytest.raises(ConfigError, match="this is not TOML"):
        change(paths, {("ui", "theme"): "x"})
    assert paths.config_file.read_text() == "[ui\n"


def test_a_write_that_fails_leaves_the_old_file(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    write(paths.config_file, "old")

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(paths.config_file, "new")
    assert paths.config_file.read_text() == "old"
    assert [path.name for path in paths.config.iterdir()] == ["config.toml"]


def test_plain_http_to_another_machine_is_refused_on_use_unless_the_user_can_be_asked(paths: Paths) -> None:
    write(paths.config_file, '[profiles.lab]\nbase_url = "http://box.lan:8000"\n[profiles.other]\n')
    config = load(paths)
    assert not resolve(config, Flags(profile="other"), {}).insecure
    with pytest.raises(ConfigError, match="profile lab: base_url: plain http .* allow_http = true"):
        resolve(config, Flags(profile="lab"), {})
    asked = resolve(config, Flags(profile="lab"), {}, may_ask=True)
    assert asked.insecure and asked.base_url == "http://box.lan:8000"


def test_plain_http_that_was_allowed_is_used(paths: Paths) -> None:
    write(paths.config_file, '[profiles.lab]\nbase_url = "http://box.lan:8000"\nallow_http = true\nneeds_key = false\n')
    found = resolve(load(paths), Flags(profile="lab"), {})
    assert found.base_url == "http://box.lan:8000" and not found.insecure and not found.profile.needs_key

"""The settings of money and limits: read leniently where that is safe, refused with a sentence where it is not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from meshtui.core.budget import Budget
from meshtui.store.config import Config, load
from meshtui.store.paths import find_paths
from meshtui.store.settings import Flags, resolve
from meshtui.store.toml import ConfigError


def read(home: Path, text: str) -> Config:
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(text)
    return load(find_paths({}, str(home)))


def test_budgets_are_exact_amounts_as_numbers_or_texts(tmp_path: Path) -> None:
    config = read(tmp_path, '[budget]\nconversation = 0.1\nday = "$2.50"\n[profiles.work]\nspend_cap = 10\n')
    assert config.budget == Budget(Decimal("0.1"), Decimal("2.50"))
    settings = resolve(config, Flags(profile="work"), {})
    assert settings.budget == config.budget and settings.profile.spend_cap == 10


def test_without_settings_there_is_no_budget_and_a_rate_limit_asks(tmp_path: Path) -> None:
    settings = resolve(read(tmp_path, ""), Flags(), {})
    assert settings.budget == Budget() and settings.requests.on_rate_limit == "ask"
    settings = resolve(read(tmp_path, '[requests]\non_rate_limit = "queue"\n'), Flags(), {})
    assert settings.requests.on_rate_limit == "queue"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[budget]\nday = 0\n", "amount in US dollars above 0"),
        ("[budget]\nday = -1\n", "amount in US dollars above 0"),
        ("[budget]\nday = true\n", "amount in US dollars above 0"),
        ("[budget]\nday = nan\n", "amount in US dollars above 0"),
        ('[budget]\nconversation = "lots"\n', "amount in US dollars above 0"),
        ("budget = 5\n", "must be a table"),
        ('[requests]\non_rate_limit = "always"\n', '"ask" or "queue"'),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert words in str(refused.value) and "config.toml, line" in str(refused.value)


def test_a_misspelt_budget_is_pointed_out(tmp_path: Path) -> None:
    (notice,) = read(tmp_path, "[budget]\ndaily = 5\n").notices
    assert "did you mean 'day'?" in notice


def test_a_project_sets_no_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "repo" / ".meshtui"
    project.mkdir(parents=True)
    (project / "config.toml").write_text("[budget]\nday = 900\n")
    home = tmp_path / "home"
    home.mkdir()
    config = load(find_paths({}, str(home)), tmp_path / "repo")
    assert config.budget == Budget() and "a project may not name" in config.notices[0]

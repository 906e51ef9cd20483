"""`meshtui config`: where things are kept, what is in force, whether gateway and key work."""

from __future__ import annotations

import argparse
import os

from meshtui.cli.check import check
from meshtui.cli.output import OK, emit, emit_json, say
from meshtui.cli.surroundings import look_around
from meshtui.store.paths import find_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `config`."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=("path", "show", "check"),
        default="show",
        help="path: folders and files · show: what is in force, the key masked · check: ask the gateway",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def config(arguments: argparse.Namespace) -> int:
    """Do what was asked; return the exit code."""
    if arguments.what == "path":
        return _path(arguments)
    return _show(arguments) if arguments.what == "show" else check(arguments)


def _path(arguments: argparse.Namespace) -> int:
    paths = find_paths(os.environ, getattr(arguments, "home", None))
    rows = {
        "config": str(paths.config_file),
        "credentials": str(paths.credentials_file),
        "templates": str(paths.templates),
        "tools": str(paths.tools),
        "themes": str(paths.themes),
        "history": str(paths.history_file),
        "state": str(paths.state),
    }
    return _print(arguments, rows)


def _print(arguments: argparse.Namespace, rows: dict[str, object] | dict[str, str]) -> int:
    if arguments.json:
        emit_json(rows, indent=2)
    else:
        for name, value in rows.items():
            emit(f"{name:<20} {'–' if value in (None, '') else value}")
    return OK


def _show(arguments: argparse.Namespace) -> int:
    here = look_around(arguments)
    for notice in here.config.notices:
        say(notice)
    settings = here.settings
    rows: dict[str, object] = {
        "profile": settings.profile.name,
        "base_url": settings.base_url,
        "key": str(here.key.value) if here.key else None,
        "key_from": here.key.source if here.key else None,
        "model": settings.model or None,
        "params": dict(settings.params) or None,
        "retries": settings.requests.retries,
        "idle_timeout": settings.requests.idle_timeout,
        "on_rate_limit": settings.requests.on_rate_limit,
        "budget_conversation": None if settings.budget.conversation is None else str(settings.budget.conversation),
        "budget_day": None if settings.budget.day is None else str(settings.budget.day),
        "theme": settings.ui.theme or None,
        "project": str(here.config.project) if here.config.project else None,
        "profiles": ", ".join(here.config.profiles) if not arguments.json else list(here.config.profiles),
    }
    return _print(arguments, rows)

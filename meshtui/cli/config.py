"""`meshtui config`: where things are kept, what is in force, whether gateway and key work."""

from __future__ import annotations

import argparse
import asyncio
import os
import time

from meshtui.cli.models import fetch
from meshtui.cli.output import OK, emit, emit_json, say
from meshtui.cli.surroundings import look_around
from meshtui.core.problem import Problem, ProblemKind
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
    return _show(arguments) if arguments.what == "show" else _check(arguments)


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
            emit(f"{name:<12} {'–' if value in (None, '') else value}")
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
        "theme": settings.ui.theme or None,
        "project": str(here.config.project) if here.config.project else None,
        "profiles": ", ".join(here.config.profiles) if not arguments.json else list(here.config.profiles),
    }
    return _print(arguments, rows)


_SENTENCES = {
    ProblemKind.KEY_REFUSED: "the gateway answers but refuses the key",
    ProblemKind.FORBIDDEN: "the gateway answers but this key may not list models",
    ProblemKind.RATE_LIMIT: "the gateway answers and the key is known, but its rate limit is reached",
    ProblemKind.SPEND: "the gateway answers and the key is known, but its spend cap or balance is used up",
    ProblemKind.NOT_A_GATEWAY: "something answers at this address, but it is no API gateway",
    ProblemKind.NETWORK: "the gateway cannot be reached",
    ProblemKind.TLS: "no secure connection to the gateway can be made",
    ProblemKind.TIMEOUT: "the gateway did not answer in time",
}


def _check(arguments: argparse.Namespace) -> int:
    here = look_around(arguments)
    here.require_key()
    assert here.key is not None  # noqa: S101 - require_key said so
    started = time.monotonic()
    problem: Problem | None = None
    models = 0
    try:
        models = len(asyncio.run(fetch(here)))
    except Problem as found:
        problem = found
    took = round((time.monotonic() - started) * 1000)
    if arguments.json:
        error = None if problem is None else {"code": problem.code, "status": problem.status, "message": str(problem)}
        emit_json({"ok": problem is None, "base_url": here.settings.base_url, "took_ms": took, "error": error})
    elif problem is None:
        count = f"{models} models" if models else "no model list (type model ids in full)"
        emit(f"{here.settings.base_url} answers in {took} ms, takes the key {here.key.value}, offers {count}")
    if problem is None:
        return OK
    sentence = _SENTENCES.get(problem.kind, "the gateway answers with a failure")
    say(f"{here.settings.base_url}: {sentence} ({problem.message}). {problem.advice}")
    return problem.exit_code

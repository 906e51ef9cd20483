"""`meshtui config check`: reach the gateway, check the key, time it, and say in one sentence what is wrong."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshtui.cli.output import OK, USAGE, emit, emit_json, say
from meshtui.cli.surroundings import Surroundings, client_for, look_around
from meshtui.core.problem import LIMIT_WORDS, Problem, ProblemKind
from meshtui.core.text import one_line
from meshtui.core.waits import countdown

if TYPE_CHECKING:
    from meshtui.client import Gateway as Client

PATIENCE = 15.0
"""Seconds within which a gateway must have answered: a list of models takes no thought."""

WITHOUT_A_LIST = (404, 405, 501)


@dataclass(frozen=True, slots=True)
class Reached:
    """What was reached: how many models the gateway lists, None where it has no list; what is wrong, if anything."""

    models: int | None = None
    problem: Problem | None = None


def check(arguments: argparse.Namespace) -> int:
    """Check the gateway and the key in force; return the exit code."""
    here = look_around(arguments)
    notices = [*here.config.notices, *filter(None, [_theme_fault(here)])]
    for notice in notices:
        say(notice)
    faults = key_faults(here)
    here.require_key()
    started = time.monotonic()
    try:
        found = asyncio.run(_find_out(here))
    except Problem as fault:
        found = Reached(problem=fault)
    took = round((time.monotonic() - started) * 1000)
    problem = found.problem
    if arguments.json:
        _emit_json(here, found, took, faults, notices)
    elif problem is None:
        emit(f"{here.settings.base_url} answers in {took} ms, {_key_words(here)}, {_models_words(found.models)}")
    if problem is not None:
        what, advice = sentences(problem)
        said = one_line(problem.message, 300).rstrip(".")
        where = " ".join(str(part) for part in (problem.status, problem.code) if part)
        say(
            f"{here.settings.base_url}: {what} ({where}: {said}; after {took} ms). {advice}{_key_origin(here, problem)}"
        )
        return problem.exit_code
    return USAGE if faults else OK


def key_faults(here: Surroundings) -> Sequence[str]:
    """Say what is wrong with the keys that the config file chooses, and return it."""
    if not here.settings.ui.keys:
        return ()
    from meshtui.ui.keymap import read_keymap

    faults = read_keymap(here.settings.ui.keys).faults
    for fault in faults:
        say(f"{here.config.file}: {fault}")
    return faults


def _theme_fault(here: Surroundings) -> str:
    """Say what is wrong with the theme that is chosen, an empty text where nothing is."""
    chosen = here.settings.ui.theme
    if not chosen:
        return ""
    from meshtui.ui.theming import fault_of

    return fault_of(chosen, here.paths.themes)


def _key_words(here: Surroundings) -> str:
    return f"takes the key {here.key.value}" if here.key else "asks for no key"


def _models_words(models: int | None) -> str:
    return f"offers {models} models" if models else "lists no models (type model ids in full)"


def _key_origin(here: Surroundings, problem: Problem) -> str:
    """Say where a key came from that is refused."""
    if problem.kind is not ProblemKind.KEY_REFUSED or here.key is None:
        return ""
    return f" The key {here.key.value} came from: {here.key.source}."


def _emit_json(here: Surroundings, found: Reached, took: int, faults: Sequence[str], notices: Sequence[str]) -> None:
    problem = found.problem
    error: dict[str, Any] | None = None
    if problem is not None:
        what, advice = sentences(problem)
        error = {"code": problem.code, "status": problem.status, "message": problem.message}
        error |= {"what": what, "advice": advice, "request_id": problem.request_id}
    key = str(here.key.value) if here.key else None
    emit_json(
        {
            "ok": problem is None and not faults,
            "profile": here.settings.profile.name,
            "base_url": here.settings.base_url,
            "key": key,
            "models": found.models,
            "took_ms": took,
            "error": error,
            "key_faults": list(faults),
            "notices": list(notices),
        }
    )


async def _find_out(here: Surroundings) -> Reached:
    from meshtui.client.errors import MeshAPIError, problem_from

    client = client_for(here.settings, here.key.value if here.key else None, patience=PATIENCE)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _ask(client)
    except MeshAPIError as error:
        return Reached(problem=problem_from(error))
    except TimeoutError:
        words = f"no whole answer came within {PATIENCE:.0f} s"
        return Reached(problem=Problem(ProblemKind.TIMEOUT, "total_timeout", words))
    finally:
        await client.aclose()


async def _ask(client: Client) -> Reached:
    from meshtui.client.errors import MeshAPIError
    from meshtui.client.gateway import CHAT_PATH, rows_of

    try:
        payload, _ = await client.request("GET", "/v1/models")
    except MeshAPIError as error:
        if error.status not in WITHOUT_A_LIST:
            raise
    else:
        if payload is None:
            words = "the model list came without a single byte"
            return Reached(problem=Problem(ProblemKind.EMPTY, "empty_reply", words, status=200))
        return Reached(models=len(rows_of(payload)))
    # Without a list the key is checked by a request that every gateway refuses before it costs anything.
    try:
        await client.request("POST", CHAT_PATH, body={"messages": []})
    except MeshAPIError as error:
        if error.status in WITHOUT_A_LIST:
            words = f"neither a model list nor chat completions are there: {error.message}"
            problem = Problem(ProblemKind.NOT_A_GATEWAY, error.code, words, status=error.status)
            return Reached(problem=problem)
        if error.status not in (400, 422):
            raise
    return Reached()


_SENTENCES: dict[ProblemKind, tuple[str, str]] = {
    ProblemKind.KEY_REFUSED: ("the gateway answers but refuses the key", "Enter another key."),
    ProblemKind.FORBIDDEN: (
        "the gateway knows the key but does not let it do this",
        "Ask who manages the key whether it is suspended or restricted.",
    ),
    ProblemKind.SPEND: (
        "the gateway answers and knows the key, but its spend cap or balance is used up",
        "Raise the cap or top up.",
    ),
    ProblemKind.PROVIDER_BUSY: (
        "the gateway answers, but a provider behind it is overloaded",
        "Address and key may well be right: try again shortly.",
    ),
    ProblemKind.INVALID: (
        "the gateway answers but refuses the question for its models as invalid",
        "Check the headers of the profile, and whether this is the right address.",
    ),
    ProblemKind.TOO_LARGE: (
        "something in front of the gateway refuses even this small request as too large",
        "Check the proxies on the way.",
    ),
    ProblemKind.PROVIDER: (
        "the gateway answers, but something behind it fails",
        "Address and key may well be right: try again in a moment.",
    ),
    ProblemKind.GATEWAY: ("the gateway answers with a failure of its own", "Try again in a moment."),
    ProblemKind.TIMEOUT: ("the gateway did not answer in time", "Try again, and check the address and the proxies."),
    ProblemKind.NETWORK: ("the gateway cannot be reached", "Check the address and the connection."),
    ProblemKind.TLS: (
        "no secure connection to the gateway can be made",
        "Check the address, the clock and the certificates of this machine.",
    ),
    ProblemKind.NOT_A_GATEWAY: (
        "something answers at this address, but it is no API gateway",
        "Check the base URL of the profile.",
    ),
    ProblemKind.STREAM_CUT: (
        "the gateway answers, but its answer breaks off",
        "Try again; if it stays so, something on the way cuts it.",
    ),
    ProblemKind.EMPTY: (
        "something answers at this address, but says nothing",
        "Check the base URL of the profile, or try again in a moment.",
    ),
}
_BY_CODE: dict[str, tuple[str, str]] = {
    "invalid_api_version": (
        "the gateway answers but does not serve the contract version that was asked for",
        "Set X-Mesh-Version in the headers of the profile to one that it names.",
    ),
    "gateway_timeout": (
        "the gateway answers, but something behind it did not in time",
        "Address and key may well be right: try again in a moment.",
    ),
    "bad_redirect": (
        "this address sends requests on to another one, where the key must not follow",
        "The key was not sent there.",
    ),
    "protocol_error": (
        "something takes the connection but hangs up without an answer",
        "Check the port, and whether it is https.",
    ),
    "timeout_connect": ("nothing takes the connection in time", "Check the address, the firewall and the proxies."),
}


def sentences(problem: Problem) -> tuple[str, str]:
    """Return what is wrong with a gateway in words, without a full stop, and what can be done, as sentences."""
    if problem.kind is ProblemKind.RATE_LIMIT:
        limit = f"its limit of {LIMIT_WORDS[problem.limit]}" if problem.limit in LIMIT_WORDS else "its rate limit"
        wait = problem.retry_after_seconds
        advice = "It did not say for how long: wait a minute."
        if wait is not None:
            advice = f"It is free again in {countdown(wait)}."
        return f"the gateway answers and knows the key, but {limit} is reached", advice
    if problem.code in _BY_CODE:
        return _BY_CODE[problem.code]
    kind = ProblemKind.INVALID if problem.kind is ProblemKind.CONTEXT else problem.kind
    return _SENTENCES.get(kind, (problem.headline.lower(), problem.advice))

"""The sandbox's options on a command line."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation

from .settings import SWITCHES, Settings, check_switch, number_from

_DEFAULTS = Settings()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add every option of the sandbox to a parser; `settings_from` reads them back."""
    add = parser.add_argument
    add("--host", default=_DEFAULTS.host, help="address to listen on (%(default)s)")
    add("--port", type=_port, default=_DEFAULTS.port, help="port to listen on; 0 takes a free one (%(default)s)")
    add("--speed", type=_positive, default=_DEFAULTS.speed, metavar="N", help="tokens per second; 0: at once")
    add("--ttft", type=_positive, default=_DEFAULTS.ttft, metavar="SECONDS", help="time to the first token")
    add("--seed", type=int, default=_DEFAULTS.seed, metavar="N", help="other seeds give other replies")
    add("--rpm", type=_limit, default=_DEFAULTS.rpm, metavar="N", help="requests per minute, or none (%(default)s)")
    add("--rpd", type=_limit, default=_DEFAULTS.rpd, metavar="N", help="requests per day, or none (%(default)s)")
    add("--tpm", type=_limit, default=_DEFAULTS.tpm, metavar="N", help="tokens per minute (none)")
    add("--spend-cap", type=_dollars, default=_DEFAULTS.spend_cap, metavar="USD", help="soft spend cap of each key")
    add("--balance", type=_dollars, default=_DEFAULTS.balance, metavar="USD", help="balance of each key (%(default)s)")
    add("--key", action="append", default=[], metavar="KEY", help="accept this key only (repeatable)")
    add(
        "--fault",
        action="append",
        default=[],
        type=_fault,
        metavar="NAME[:COUNT]",
        help="spoil every chat request, or the first COUNT of them (repeatable)",
    )
    add(
        "--set",
        action="append",
        default=[],
        type=_switch,
        metavar="NAME=VALUE",
        dest="switches",
        help=f"settle an open point: {', '.join(SWITCHES)}",
    )
    add("--cache", action=argparse.BooleanOptionalAction, default=_DEFAULTS.cache, help="the gateway's response cache")
    add("--models", type=_limit, default=None, metavar="N", help="serve a catalogue of N rows")
    add("--list-faults", action="store_true", help="name the faults and the switches, and stop")


def settings_from(namespace: argparse.Namespace) -> Settings:
    """The settings that parsed arguments ask for."""
    return Settings(
        host=namespace.host,
        port=namespace.port,
        speed=namespace.speed,
        ttft=namespace.ttft,
        seed=namespace.seed,
        rpm=namespace.rpm,
        rpd=namespace.rpd,
        tpm=namespace.tpm,
        spend_cap=namespace.spend_cap,
        balance=namespace.balance,
        keys=tuple(namespace.key),
        faults=tuple(namespace.fault),
        switches=dict(namespace.switches),
        cache=namespace.cache,
        catalogue_rows=namespace.models,
    )


def faults_and_switches() -> str:
    """What `--list-faults` prints: each fault and each switch on a line."""
    from .faults import FAULTS

    lines = [f"{fault.name:22} {fault.summary}" for fault in FAULTS.values()]
    lines += ["", "Switches (--set NAME=VALUE, the first value is the default):"]
    for name, switch in SWITCHES.items():
        lines.append(f"{name:22} {switch.summary}: {', '.join(switch.values) or 'any text'}")
    return "\n".join(lines)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it is a whole number from 0 to 65535")
    return int(text)


def _positive(text: str) -> float:
    try:
        return number_from(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _limit(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number nor 'none'")
    return int(text)


def _dollars(text: str) -> Decimal:
    try:
        value = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of money; write 0.50") from None
    if not value.is_finite():
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of money; write 0.50")
    return value


def _fault(text: str) -> str:
    from .faults import parse_fault

    try:
        parse_fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _switch(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        check_switch(name, value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name, value

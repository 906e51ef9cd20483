"""Meters of limits from tables, headers, refusals and our own count; spend, and what a 402 says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.limits import DAY, limits_in_headers, limits_in_table
from meshtui.core.meters import Meter, Meters, Said, runs_left
from meshtui.core.spend import Purse, Spend, amounts_of, purse_of, step_of
from meshtui.core.waits import countdown, seconds_from

NOON = 1_790_035_200.0 - 1_790_035_200.0 % DAY + DAY / 2
"""A noon in UTC, on the minute."""


def by_name(meters: Meters, now: float) -> dict[str, Meter]:
    return {row.name: row for row in meters.rows(now)}


def window(current: Any, limit: Any, resets: Any) -> dict[str, Any]:
    return {"current": current, "limit": limit, "resets_in_seconds": resets}


def read(meters: Meters, table: dict[str, Any], at: float) -> None:
    meters.read(limits_in_table(table, at), Said.TABLE, at)


def test_the_gateway_s_table_is_believed_and_what_leaves_since_is_added() -> None:
    meters = Meters()
    meters.read(
        limits_in_table({"key": {"rpm": window(80, 100, 30), "rpd": window(500, 10_000, 43_200), "tpm": None}}, NOON),
        Said.TABLE,
        NOON,
    )
    meters.count(NOON + 1)
    row = by_name(meters, NOON + 2)["rpm"]
    assert (row.used, row.limit, row.left, row.wait(NOON + 2), row.said) == (81, 100, 19, 28, Said.TABLE)
    assert by_name(meters, NOON + 2)["rpd"].used == 501 and "tpm" not in by_name(meters, NOON + 2)


def test_the_owner_that_leaves_least_counts() -> None:
    meters = Meters()
    meters.read(
        limits_in_table({"key": {"rpm": window(1, 100, 30)}, "team": {"rpm": window(48, 50, 30)}, "org": None}, NOON),
        Said.TABLE,
        NOON,
    )
    assert by_name(meters, NOON)["rpm"].left == 2


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {"x-ratelimit-limit-requests": "100", "x-ratelimit-remaining-requests": "19",
             "x-ratelimit-reset-requests": "12s"},
            {"rpm": (81, 100, 12)},
        ),
        (
            {"x-ratelimit-rpd-limit": "10", "x-ratelimit-rpd-remaining": "9", "x-ratelimit-rpd-reset": "3600"},
            {"rpd": (1, 10, 3600)},
        ),
        (
            {"x-ratelimit-limit-tokens": "6000", "x-ratelimit-remaining-tokens": "5000",
             "x-ratelimit-reset-tokens": "7.66s"},
            {"tpm": (1000, 6000, 7.66)},
        ),
        (
            {"x-ratelimit-limit-requests": "14400", "x-ratelimit-remaining-requests": "14370",
             "x-ratelimit-reset-requests": "2h59m56s"},
            {"rpd": (30, 14400, 10796)},
        ),
        (
            {"ratelimit-limit": "50", "ratelimit-remaining": "49", "ratelimit-reset": "5"},
            {"rpm": (1, 50, 5)},
        ),
        (
            {"x-ratelimit-limit-requests-day": "7", "x-ratelimit-remaining-requests-day": "6"},
            {"rpd": (1, 7, DAY / 2)},
        ),
        ({"x-ratelimit-limit": "many", "x-ratelimit-remaining": "-3", "x-request-id": "9"}, {}),
    ],
)  # fmt: skip
def test_headers_are_read_by_their_prefix(headers: dict[str, str], expected: dict[str, tuple[float, ...]]) -> None:
    meters = Meters()
    meters.read(limits_in_headers(headers, NOON), Said.HEADERS, NOON)
    rows = by_name(meters, NOON)
    assert {name: (row.used, row.limit, round(row.wait(NOON) or 0, 3)) for name, row in rows.items()} == expected
    assert all(row.said is Said.HEADERS for row in rows.values())


def test_a_refusal_says_which_limit_is_used_up_and_until_when() -> None:
    meters = Meters()
    meters.read_refusal("rpm", "RPM limit reached: 3 requests per minute.", 7, NOON)
    row = by_name(meters, NOON)["rpm"]
    assert (row.used, row.limit, row.left, row.wait(NOON), row.said) == (3, 3, 0, 7, Said.REFUSAL)
    meters.read_refusal(None, "Too many requests", 3600, NOON)
    assert by_name(meters, NOON)["rpd"].wait(NOON) == 3600


def test_where_nobody_tells_our_own_count_is_shown_without_a_limit() -> None:
    meters = Meters()
    assert meters.rows(NOON) == []
    meters.seed_day(NOON, 4)
    meters.count(NOON + 1)
    meters.count(NOON + 2, requests=0, tokens=120)
    rows = by_name(meters, NOON + 3)
    assert [(row.used, row.limit, row.said) for row in rows.values()] == [
        (1, None, Said.COUNT),
        (5, None, Said.COUNT),
        (120, None, Said.COUNT),
    ]
    assert rows["rpm"].wait(NOON + 3) == 57 and rows["rpm"].part is None


def test_after_its_window_a_meter_begins_again_and_says_that_it_counts() -> None:
    meters = Meters()
    read(meters, {"key": {"rpm": window(100, 100, 30)}}, NOON)
    assert by_name(meters, NOON + 29)["rpm"].left == 0
    meters.count(NOON + 61)
    row = by_name(meters, NOON + 62)["rpm"]
    assert (row.used, row.limit, row.said) == (1, 100, Said.COUNT)


def test_a_clock_that_was_set_back_keeps_no_window_open() -> None:
    meters = Meters()
    read(meters, {"key": {"rpm": window(100, 100, 30)}}, NOON)
    row = by_name(meters, NOON - 5 * DAY)["rpm"]
    assert row.left == 100 and (row.wait(NOON - 5 * DAY) or 0) <= 60


@pytest.mark.parametrize("resets", [447 * 3600, -4, "soon", None, float("nan"), 10**30])
def test_an_end_that_cannot_be_is_not_believed(resets: Any) -> None:
    meters = Meters()
    read(meters, {"key": {"rpm": window(2, 3, resets)}}, NOON + 20)
    meters.read_refusal("rpm", "no", resets if isinstance(resets, int) and resets > 0 else None, NOON + 20)
    row = by_name(meters, NOON + 20)["rpm"]
    assert row.limit == 3 and row.wait(NOON + 20) == 40, "the end of the clock's minute"


@given(
    st.dictionaries(st.sampled_from(["x-ratelimit-limit-requests", "x-ratelimit-reset", "ratelimit-policy"]), st.text())
)
def test_no_header_breaks_the_meters(headers: dict[str, str]) -> None:
    meters = Meters()
    meters.read(limits_in_headers(headers, NOON), Said.HEADERS, NOON)
    for row in meters.rows(NOON):
        assert 0 <= (row.wait(NOON) or 0) <= DAY


def test_how_many_runs_fit_is_what_the_tightest_window_leaves() -> None:
    meters = Meters()
    table = {"rpm": window(80, 100, 30), "rpd": window(9_990, 10_000, 900), "tpm": window(1000, 6000, 30)}
    read(meters, {"key": table}, NOON)
    assert runs_left(meters.rows(NOON), 2000) == 2 and runs_left(meters.rows(NOON), None) == 10
    assert runs_left([], 10) is None


@pytest.mark.parametrize(
    ("message", "purse", "amounts"),
    [
        ("Spend limit of this key reached: $0.01 of $0.01.", Purse.KEY, ("0.01", "0.01")),
        ("Balance is exhausted ($-0.01); add credit to continue.", Purse.BALANCE, None),
        ("Team spend cap reached ($120.50 / $120.00, rolling 30 days)", Purse.TEAM, ("120.50", "120.00")),
        ("Organization budget exceeded", Purse.ORG, None),
        ("Member limit reached", Purse.MEMBER, None),
        ("Payment required", Purse.UNKNOWN, None),
    ],
)
def test_a_402_is_told_apart_as_far_as_its_words_say(
    message: str, purse: Purse, amounts: tuple[str, str] | None
) -> None:
    assert purse_of(message) is purse
    assert amounts_of(message) == (None if amounts is None else (Decimal(amounts[0]), Decimal(amounts[1])))


def test_balance_and_cap_are_reckoned_in_parts_and_runs() -> None:
    spend = Spend(Decimal("0.02"), Decimal("0.016")).with_balance(Decimal(10)).with_balance(Decimal("0.4"))
    assert spend.cap_part == 0.8 and spend.balance_part == pytest.approx(0.96)
    assert (
        spend.runs_left(Decimal("0.001")) == 4
        and spend.runs_left(None) is None
        and Spend().runs_left(Decimal(1)) is None
    )
    assert (step_of(spend.cap_part), step_of(spend.balance_part), step_of(0.79), step_of(None)) == (0.8, 0.95, 0, 0)
    assert spend.with_balance(Decimal(20)).balance_part == 0, "topped up"
    assert spend.with_balance(Decimal("0.45")).balance_part == pytest.approx(0.955), "money given back is no top-up"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (7, 7), ("7", 7), ("6m0s", 360), ("120ms", 0.12), ("1790000030", 30), ("1790000030000", 30),
        ("Mon, 21 Sep 2026 14:13:50 GMT", 30), ("2026-09-21T14:13:50Z", 30), ("Mon, 21 Sep 2020 14:13:50 GMT", 0),
        (-5, None), ("soon", None), ("", None), (True, None), ("9" * 400, None), ("nan", None), ([], None),
    ],
)  # fmt: skip
def test_waits_are_read_in_every_form(value: Any, seconds: float | None) -> None:
    assert seconds_from(value, 1_790_000_000.0) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (-3, "0 s"), (6.1, "7 s"), (150, "2 min 30 s"), (7300, "2 h 1 min"), (447 * 3600, "18 days 15 h"),
     (1e9, "11,574 days")],
)  # fmt: skip
def test_a_wait_is_told_in_sane_words_and_never_too_short(seconds: float, words: str) -> None:
    assert countdown(seconds) == words

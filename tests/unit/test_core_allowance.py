"""What is left of the minute, from whatever a gateway says of it."""

from __future__ import annotations

import pytest

from meshtui.core.allowance import Allowance
from meshtui.core.limits import limits_in_headers, limits_in_table

NOW = 1_800_000_000.0


def test_nothing_waits_for_a_limit_that_nobody_named() -> None:
    allowance = Allowance()
    for number in range(50):
        allowance.leave(str(number))
    assert allowance.wait(NOW) == 0 and allowance.room(NOW) is None


@pytest.mark.parametrize(
    "headers",
    [
        {
            "x-ratelimit-limit-requests": "100",
            "x-ratelimit-remaining-requests": "3",
            "x-ratelimit-reset-requests": "12s",
        },
        {"x-ratelimit-rpm-limit": "100", "x-ratelimit-rpm-remaining": "3", "x-ratelimit-rpm-reset": "12"},
        {"ratelimit-limit": "100", "ratelimit-remaining": "3", "ratelimit-reset": "12"},
    ],
)
def test_headers_of_several_spellings_are_understood(headers: dict[str, str]) -> None:
    allowance = Allowance()
    allowance.read(limits_in_headers(headers, NOW), NOW)
    assert allowance.room(NOW) == 3 and allowance.limit == 100
    for number in range(3):
        assert allowance.wait(NOW) == 0
        allowance.leave(str(number))
    assert allowance.wait(NOW) == 12
    assert allowance.wait(NOW + 12) == 0


@pytest.mark.parametrize("reset", ["6h3m", "tomorrow", "", "-1s"])
def test_a_window_that_is_no_minute_is_not_waited_for(reset: str) -> None:
    allowance = Allowance()
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": reset}
    allowance.read(limits_in_headers(headers, NOW), NOW)
    assert allowance.wait(NOW) == 0


def test_what_is_under_way_counts_before_the_gateway_told_so() -> None:
    allowance = Allowance()
    allowance.read(limits_in_table({"key": {"rpm": {"current": 96, "limit": 100, "resets_in_seconds": 30}}}, NOW), NOW)
    for name in "abcd":
        allowance.leave(name)
    allowance.settle("a")
    allowance.read(
        limits_in_headers({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "29s"}, NOW + 1),
        NOW + 1,
    )
    assert allowance.room(NOW + 1) == 0 and allowance.wait(NOW + 1) == 29


def test_a_refusal_closes_the_window_for_as_long_as_it_says() -> None:
    allowance = Allowance()
    allowance.refuse(7, NOW)
    assert allowance.wait(NOW) == 7 and allowance.wait(NOW + 7) == 0
    allowance.refuse(3600, NOW + 8)
    assert allowance.wait(NOW + 8) == 0


@pytest.mark.parametrize("table", [{}, {"key": None}, {"key": {"rpm": {"limit": None}}}, {"key": {"rpm": 3}}])
def test_a_table_that_says_nothing_changes_nothing(table: dict[str, object]) -> None:
    allowance = Allowance()
    allowance.read(limits_in_table(table, NOW), NOW)
    assert allowance.room(NOW) is None

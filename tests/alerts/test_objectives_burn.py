"""The arithmetic of error budgets, by example and by property."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.slo import burn
from alerts.slo.burn import DAY, HOUR, MINUTE, Measured

WINDOW = st.sampled_from(burn.WINDOWS)
RATE = st.floats(min_value=0, max_value=1000, allow_nan=False)
COUNT = st.integers(min_value=0, max_value=10**12)
TARGET = st.integers(500_001, 999_999).map(lambda number: Decimal(number) / 10_000)


def test_the_pairs_of_thirty_days_are_those_of_the_book() -> None:
    assert burn.pairs(30) == (
        ("fast", (14.4, HOUR, 5 * MINUTE)),
        ("fast", (6, 6 * HOUR, 30 * MINUTE)),
        ("slow", (3, DAY, 2 * HOUR)),
        ("slow", (1, 3 * DAY, 6 * HOUR)),
    )
    shares = [pair.rate * pair.long / (30 * DAY) for _speed, pair in burn.pairs(30)]
    assert shares == pytest.approx([0.02, 0.05, 0.1, 0.1])


@given(WINDOW)
def test_other_windows_spend_the_same_share_before_anybody_is_told(days: int) -> None:
    for (speed, pair), (own_speed, own) in zip(burn.pairs(30), burn.pairs(days), strict=True):
        assert (own_speed, own.rate) == (speed, pair.rate)
        # Lengths are whole minutes.
        spent = own.rate * own.long / (days * DAY)
        assert spent == pytest.approx(pair.rate * pair.long / (30 * DAY), rel=0.03)
        assert own.long >= own.short >= burn.BUCKET
    assert burn.lengths(days) == tuple(sorted(set(burn.lengths(days))))


def test_by_example() -> None:
    budget = burn.budget_of(99.9)
    assert budget == pytest.approx(0.001)
    seen = Measured(good=999_500, bad=500, whole=1_000_000)
    assert burn.sli(seen) == 0.9995
    assert burn.rate(seen, budget) == pytest.approx(0.5)
    assert burn.left(seen, budget) == pytest.approx(0.5)
    hour = Measured(good=9_800, bad=200, whole=10_000)
    assert burn.rate(hour, budget) == pytest.approx(20)
    # Half of the month's budget, twenty times too fast.
    assert burn.seconds_left(0.5, 20, 30) == pytest.approx(18 * HOUR)


def test_without_anything_nothing_is_known() -> None:
    nothing = Measured()
    assert (burn.sli(nothing), burn.rate(nothing, 0.001), burn.left(nothing, 0.001)) == (None, None, None)
    assert burn.left_of(None) is None
    assert burn.firing({}, 30) is None
    assert burn.firing(dict.fromkeys(burn.lengths(30)), 30) is None


@given(COUNT, COUNT, TARGET)
def test_the_budget_is_whole_without_bad_and_spent_at_the_target(
    good: int, bad: int, target: Decimal
) -> None:
    budget = burn.budget_of(target)
    seen = Measured(good, bad, good + bad)
    found, pace, left = burn.sli(seen), burn.rate(seen, budget), burn.left(seen, budget)
    if good + bad == 0:
        assert (found, pace, left) == (None, None, None)
        return
    assert found is not None and pace is not None and left is not None
    assert 0 <= found <= 1
    assert left == pytest.approx(1 - (1 - found) / budget)
    assert (left == 1) == (bad == 0)
    if abs(found - (1 - budget)) > 1e-9:
        # Spent exactly when the objective is missed.
        assert (left < 0) == (found < 1 - budget)


@given(COUNT, st.integers(1, 10**6), TARGET)
def test_more_bad_never_leaves_more(good: int, more: int, target: Decimal) -> None:
    budget = burn.budget_of(target)
    before, after = (Measured(good, bad, good + bad) for bad in (1, 1 + more))
    first, second = burn.left(before, budget), burn.left(after, budget)
    assert first is not None and second is not None and second <= first


@given(WINDOW, st.lists(RATE, min_size=8, max_size=8))
def test_it_burns_when_a_pair_is_exceeded_over_both_lengths(days: int, values: list[float]) -> None:
    rates: dict[int, float | None] = dict(zip(burn.lengths(days), values, strict=False))
    fire = burn.firing(rates, days)
    exceeded = [
        (speed, pair)
        for speed, pair in burn.pairs(days)
        if (rates[pair.long] or 0) > pair.rate and (rates[pair.short] or 0) > pair.rate
    ]
    assert (fire is None) == (exceeded == [])
    if fire is not None:
        assert (fire.speed, fire.pair) == exceeded[0]
        assert fire.rate == rates[fire.pair.long]


def test_long_or_short_alone_is_not_enough() -> None:
    calm: dict[int, float | None] = dict.fromkeys(burn.lengths(30), 0.5)
    assert burn.firing(calm | {HOUR: 20.0}, 30) is None
    assert burn.firing(calm | {5 * MINUTE: 20.0}, 30) is None
    assert burn.firing(calm | {HOUR: 14.4, 5 * MINUTE: 14.4}, 30) is None
    fire = burn.firing(calm | {HOUR: 20.0, 5 * MINUTE: 15.0}, 30)
    assert fire == ("fast", (14.4, HOUR, 5 * MINUTE), 20.0)
    fire = burn.firing(calm | {3 * DAY: 1.2, 6 * HOUR: 1.5}, 30)
    assert fire == ("slow", (1, 3 * DAY, 6 * HOUR), 1.2)


@pytest.mark.parametrize(
    ("fraction", "shown"), [(1.0, 100), (0.9999, 99), (0.29, 29), (0.0, 0), (-0.001, -1)]
)
def test_percent_is_cut(fraction: float, shown: int) -> None:
    assert burn.left_of(fraction) == shown

"""Uptime: days, weights, corrections, and what follows from how a component did."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput, NotAllowed, NotVisible
from statuspage import actions
from statuspage.building.bars import percent
from statuspage.building.load import component_spans
from statuspage.models import ComponentInterval
from statuspage.uptime import Span, Tally, corrected, days, months, together
from tests.statuspage.support import make_page, part
from tests.world import make_world

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def at(hours: float) -> dt.datetime:
    return NOW + dt.timedelta(hours=hours)


def test_what_counts_how_much() -> None:
    hour = 3600.0
    assert Tally({"operational": 9 * hour, "major_outage": hour}).uptime == pytest.approx(0.9)
    assert Tally({"operational": 9 * hour, "partial_outage": hour}).uptime == pytest.approx(0.97)
    assert Tally({"operational": hour, "degraded_performance": hour}).uptime == 1.0
    assert Tally({"operational": hour, "under_maintenance": 9 * hour}).uptime == 1.0
    assert Tally({"major_outage": hour, "under_maintenance": hour}).uptime == 0.0
    assert Tally({"under_maintenance": hour}).uptime is None
    assert Tally().uptime is None
    assert [Tally({"operational": hour, "major_outage": s}).worst for s in (30, 90)] == [
        "operational",
        "major_outage",
    ]


def test_days_begin_at_the_pages_midnight_and_may_have_other_lengths() -> None:
    span = Span(
        "operational", dt.datetime(2026, 10, 20, tzinfo=dt.UTC), dt.datetime(2026, 10, 30, tzinfo=dt.UTC)
    )
    found = days([span], BERLIN, dt.date(2026, 10, 26), 3)
    lengths = [round(sum(day.tally.seconds.values()) / 3600) for day in found]
    assert (lengths, found[0].date) == ([24, 25, 24], dt.date(2026, 10, 24))
    assert [row.date for row in months([span], UTC, dt.date(2026, 1, 5), 2)] == [
        dt.date(2025, 12, 1),
        dt.date(2026, 1, 1),
    ]


def test_the_newest_correction_wins_and_knows_no_more_than_was_known() -> None:
    spans = [Span("operational", at(0), at(2)), Span("major_outage", at(2), at(4))]
    patches = [Span("operational", at(1), at(9)), Span("partial_outage", at(3), at(3.5))]
    assert corrected(spans, patches) == [
        Span("operational", at(0), at(1)),
        Span("operational", at(1), at(2)),
        Span("operational", at(2), at(3)),
        Span("partial_outage", at(3), at(3.5)),
        Span("operational", at(3.5), at(4)),
    ]


_STATUSES = st.sampled_from(["operational", "partial_outage", "major_outage", "under_maintenance"])


@given(
    st.lists(st.tuples(_STATUSES, st.integers(1, 100)), min_size=1, max_size=8),
    st.lists(st.tuples(_STATUSES, st.integers(-50, 400), st.integers(1, 200)), max_size=5),
)
def test_no_time_is_lost_or_made(rows: list[tuple[str, int]], patches: list[tuple[str, int, int]]) -> None:
    spans, hour = [], 0
    for status, length in rows:
        spans.append(Span(status, at(hour), at(hour + length)))
        hour += length
    laid = corrected(
        spans, [Span(status, at(start), at(start + length)) for status, start, length in patches]
    )
    assert sum((span.until - span.since for span in laid), dt.timedelta()) == hour * HOUR
    assert all(one.until <= other.since for one, other in pairwise(laid))
    by_day = together(day.tally for day in days(laid, BERLIN, at(hour).date(), hour // 24 + 3))
    assert sum(by_day.seconds.values()) == pytest.approx(hour * 3600)
    assert by_day.uptime is None or 0.0 <= by_day.uptime <= 1.0


@pytest.mark.parametrize(
    ("share", "words"), [(1.0, "100 %"), (0.99999, "99.99 %"), (0.5, "50.00 %"), (0.0, "0.00 %"), (None, "")]
)
def test_only_what_was_perfect_says_so(share: float | None, words: str) -> None:
    assert percent(share) == words


@pytest.mark.django_db
def test_a_correction_changes_what_counts_and_nothing_that_was_recorded() -> None:
    world = make_world()
    page = make_page(world)
    web = part(page)
    ComponentInterval.objects.update(since=at(-48))
    bo, ada = world.actor("bo"), world.actor("ada")
    actions.set_component_status(actor=bo, component_id=web.pk, status="major_outage", now=at(-10))
    actions.set_component_status(actor=bo, component_id=web.pk, status="operational", now=at(-8))
    given = {
        "component_id": web.pk,
        "since": at(-10),
        "until": at(-9),
        "status": "operational",
        "reason": "A test.",
    }
    for by, error in (("bo", NotAllowed), ("sam", NotAllowed), ("zoe", NotAllowed)):
        with pytest.raises(error):
            actions.correct_uptime(actor=world.actor(by), **given, now=NOW)
    row = actions.correct_uptime(actor=ada, **given, now=NOW)
    counted = [(span.status, span.since) for span in component_spans([web.pk], NOW)[web.pk]]
    assert counted == [
        ("operational", at(-48)),
        ("operational", at(-10)),
        ("major_outage", at(-9)),
        ("operational", at(-8)),
    ]
    assert list(web.intervals.values_list("status", flat=True)) == [
        "operational",
        "major_outage",
        "operational",
    ]
    actions.withdraw_correction(actor=ada, correction_id=row.pk)
    assert [span.status for span in component_spans([web.pk], NOW)[web.pk]] == [
        "operational",
        "major_outage",
        "operational",
    ]
    with pytest.raises(NotVisible):
        actions.withdraw_correction(actor=ada, correction_id=row.pk)
    for wrong in ({"until": at(-11)}, {"until": at(1)}, {"reason": " "}, {"status": "bad"}):
        with pytest.raises(InvalidInput):
            actions.correct_uptime(actor=ada, **given | wrong, now=NOW)


@pytest.mark.django_db
def test_a_component_set_twice_within_an_instant_leaves_no_empty_interval() -> None:
    world = make_world()
    web = part(make_page(world))
    bo = world.actor("bo")
    ComponentInterval.objects.update(since=at(-1))
    for status in ("major_outage", "partial_outage"):
        actions.set_component_status(actor=bo, component_id=web.pk, status=status, now=NOW)
    assert list(web.intervals.values_list("status", "until")) == [
        ("operational", NOW),
        ("partial_outage", None),
    ]

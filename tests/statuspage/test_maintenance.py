"""Planned work: what time does to it, moved, called off, repeated."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict, InvalidInput
from statuspage import actions
from statuspage.actions import PageSettings, Window
from statuspage.models import Component, Notice, StatusPage
from statuspage.planning import following_window
from tests.statuspage.support import make_page, part, say, tell
from tests.world import World, make_world

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
BEGINS = dt.datetime(2026, 11, 22, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def work(world: World, page: StatusPage, **window: object) -> Notice:
    given = Window(starts_at=BEGINS, ends_at=BEGINS + HOUR, **window)  # type: ignore[arg-type] # named by each test
    return tell(world, page, title="Upgrade", kind="maintenance", window=given, now=NOW)


def state(notice: Notice) -> tuple[str, str]:
    notice.refresh_from_db()
    return notice.status, Component.objects.get(page=notice.page).status


@pytest.mark.django_db
def test_time_reminds_begins_and_ends() -> None:
    world = make_world()
    page = make_page(world)
    notice = work(world, page)
    seen = []
    for at in (
        NOW,
        BEGINS - 24 * HOUR,
        BEGINS - 23 * HOUR,
        BEGINS - HOUR,
        BEGINS,
        BEGINS + HOUR / 2,
        BEGINS + HOUR,
    ):
        did = actions.work_due(at)
        seen.append((did, *state(notice), notice.announcements.filter(kind="reminder").count()))
        assert actions.work_due(at) == 0
    assert seen == [
        (0, "scheduled", "operational", 0),
        (1, "scheduled", "operational", 1),
        (0, "scheduled", "operational", 1),
        (1, "scheduled", "operational", 2),
        (1, "in_progress", "under_maintenance", 2),
        (0, "in_progress", "under_maintenance", 2),
        (1, "completed", "operational", 2),
    ]
    assert notice.resolved_at == BEGINS + HOUR
    assert notice.impact == "maintenance"


@pytest.mark.django_db
def test_after_a_standstill_it_begins_and_ends_without_late_reminders() -> None:
    world = make_world()
    notice = work(world, make_page(world))
    late = BEGINS + 3 * HOUR
    assert (actions.work_due(late), state(notice)[0]) == (1, "in_progress")
    assert (actions.work_due(late), state(notice)[0]) == (1, "completed")
    assert notice.announcements.filter(kind="reminder").count() == 0


@pytest.mark.django_db
def test_what_is_done_by_hand_is_not_done_by_time() -> None:
    world = make_world()
    notice = work(world, make_page(world), auto_start=False, auto_end=False, remind_minutes=())
    assert actions.work_due(BEGINS + HOUR) == 0
    say(world, notice, "We begin.", status="in_progress", now=BEGINS)
    assert actions.work_due(BEGINS + 2 * HOUR) == 0
    say(world, notice, "Done.", status="completed", now=BEGINS + HOUR)
    assert state(notice)[0] == "completed"


@pytest.mark.django_db
def test_moved_extended_and_called_off_is_told() -> None:
    world = make_world()
    page = make_page(world)
    bo = world.actor("bo")
    notice = work(world, page)
    later = BEGINS + 24 * HOUR
    actions.move_work(actor=bo, notice_id=notice.pk, starts_at=later, ends_at=later + HOUR, now=NOW)
    notice.refresh_from_db()
    assert (notice.scheduled_for, notice.next_at) == (later, later - 24 * HOUR)
    assert notice.updates.first().body.startswith("The time has changed: from 23 Nov 2026, 01:00 to ")
    assert actions.work_due(later) == 1
    with pytest.raises(InvalidInput):
        actions.move_work(actor=bo, notice_id=notice.pk, starts_at=later + HOUR, now=later)
    with pytest.raises(InvalidInput):
        actions.move_work(actor=bo, notice_id=notice.pk, ends_at=later - HOUR, now=later)
    actions.move_work(actor=bo, notice_id=notice.pk, ends_at=later + 2 * HOUR, now=later)
    assert actions.work_due(later + HOUR) == 0
    assert actions.work_due(later + 2 * HOUR) == 1

    other = work(world, page, repeats="weekly")
    other = actions.cancel_work(actor=bo, notice_id=other.pk, now=NOW)
    assert (other.status, other.cancelled_at, other.next_at) == ("completed", NOW, None)
    assert other.updates.first().body == "This planned work will not take place."
    assert other.announcements.count() == 2
    with pytest.raises(Conflict):
        actions.cancel_work(actor=bo, notice_id=other.pk)
    with pytest.raises(Conflict):
        actions.cancel_work(actor=bo, notice_id=tell(world, page).pk)


@pytest.mark.django_db
def test_a_series_plans_its_next_work_when_one_begins() -> None:
    world = make_world()
    page = make_page(world)
    actions.set_page(
        actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(time_zone="Europe/Berlin")
    )
    first = work(world, page, repeats="weekly", repeats_until=dt.date(2026, 11, 29))
    actions.work_due(BEGINS)
    second = Notice.objects.exclude(pk=first.pk).get()
    assert (second.scheduled_for, second.scheduled_until) == (BEGINS + 168 * HOUR, BEGINS + 169 * HOUR)
    assert (second.series, list(second.components.all())) == (first, [part(page)])
    assert [update.deliver for update in second.updates.all()] == [False]
    actions.work_due(BEGINS + 168 * HOUR)
    actions.work_due(BEGINS + 169 * HOUR)
    assert Notice.objects.count() == 2


@pytest.mark.parametrize(
    ("starts", "repeats", "wanted"),
    [
        # Clocks change between the two: the same time of day.
        ("2026-10-20T02:30+02:00", "weekly", "2026-10-27T02:30+01:00"),
        # 02:30 does not exist on 29 March 2026.
        ("2026-03-22T02:30+01:00", "weekly", "2026-03-29T03:30+02:00"),
        ("2026-01-31T22:00+01:00", "monthly", "2026-02-28T22:00+01:00"),
        ("2026-11-20T22:00+01:00", "daily", "2026-11-21T22:00+01:00"),
        ("2026-11-20T22:00+01:00", "fortnightly", "2026-12-04T22:00+01:00"),
    ],
)
def test_the_next_window_keeps_its_time_of_day(starts: str, repeats: str, wanted: str) -> None:
    begins = dt.datetime.fromisoformat(starts)
    found = following_window(begins, begins + HOUR, repeats, BERLIN)
    assert found == (dt.datetime.fromisoformat(wanted), dt.datetime.fromisoformat(wanted) + HOUR)


@given(
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1)),
    st.sampled_from(["daily", "weekly", "monthly"]),
)
def test_a_series_always_moves_on_and_keeps_its_length(naive: dt.datetime, repeats: str) -> None:
    begins = naive.replace(tzinfo=dt.UTC)
    found = following_window(begins, begins + HOUR, repeats, BERLIN)
    assert found is not None
    assert found[0] > begins
    assert found[1] - found[0] == HOUR
    assert following_window(begins, begins + HOUR, "never", BERLIN) is None

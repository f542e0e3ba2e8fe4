"""Polite reminders of documents: once for each promised time, in working hours, to the backup during leave."""

from __future__ import annotations

import datetime as dt

import pytest

from incidents.models import Incident
from incidents.timers.nags import nag
from notifications.models import Delivery
from postmortems.actions import remind_of_documents
from postmortems.models import Postmortem, PostmortemReminder
from tests.postmortems.test_documents import started
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
# A Wednesday, in UTC.
NOON = dt.datetime(2026, 12, 2, 12, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def document(world: World, **fields: object) -> Postmortem:
    row = started(world)
    values = {
        "owner": world.bo,
        "owner_backup": world.ada,
        "organiser": world.ada,
        "organiser_backup": world.bo,
    }
    values |= {"due_at": None, "review_due_at": None, **fields}
    Postmortem.objects.filter(pk=row.pk).update(**values)
    return row


def told() -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(key__contains="_late/") | Delivery.objects.filter(key__contains="_soon/")
    return [(row.user.name, row.key.split("/")[2]) for row in rows.order_by("pk")]  # type: ignore[union-attr]


def test_a_review_that_was_not_held_is_recalled_once() -> None:
    world = make_world()
    row = document(world, review_due_at=NOON - HOUR)
    assert remind_of_documents(now=NOON.replace(hour=8)) == 0
    assert remind_of_documents(now=NOON) == 1
    assert remind_of_documents(now=NOON + HOUR) == 0
    assert told() == [(world.ada.name, "review_late")]
    Postmortem.objects.filter(pk=row.pk).update(review_due_at=NOON)
    assert remind_of_documents(now=NOON + DAY) == 1
    assert PostmortemReminder.objects.count() == 2


def test_not_at_night_nor_at_the_weekend() -> None:
    world = make_world()
    document(world, review_due_at=NOON - HOUR)
    for at in (NOON.replace(hour=20), NOON.replace(day=5), NOON.replace(day=6), NOON.replace(day=7, hour=8)):
        assert remind_of_documents(now=at) == 0
    assert remind_of_documents(now=NOON.replace(day=7, hour=9)) == 1


def test_held_reviews_and_published_documents_are_left_alone() -> None:
    world = make_world()
    row = document(world, review_due_at=NOON - HOUR, due_at=NOON - HOUR)
    Incident.objects.filter(pk=row.incident_id).update(review_held_at=NOON - HOUR)
    Postmortem.objects.filter(pk=row.pk).update(status="published", published_at=NOON)
    assert remind_of_documents(now=NOON) == 0


def test_before_publishing_is_due_and_when_it_is_late() -> None:
    world = make_world()
    document(world, due_at=NOON + 2 * DAY)
    assert remind_of_documents(now=NOON) == 0
    assert remind_of_documents(now=NOON + DAY) == 1
    assert remind_of_documents(now=NOON + DAY + HOUR) == 0
    # Due on Friday noon; two hours later it is late.
    assert remind_of_documents(now=NOON + 2 * DAY + 2 * HOUR) == 1
    assert told() == [(world.bo.name, "publish_soon"), (world.bo.name, "publish_late")]


def test_a_backup_stands_in_for_whoever_has_left() -> None:
    world = make_world()
    document(world, due_at=NOON - HOUR)
    world.bo.is_active = False
    world.bo.save()
    assert remind_of_documents(now=NOON) == 1
    assert told() == [(world.ada.name, "publish_late")]


def test_the_incident_asks_for_no_review_beside_it() -> None:
    world = make_world()
    row = document(world, review_due_at=NOON - HOUR)
    Incident.objects.filter(pk=row.incident_id).update(
        resolved_at=NOON - 10 * DAY, impact_started_at=NOON - 11 * DAY
    )
    nag(NOON)
    assert not Delivery.objects.filter(title__contains="review is due").exists()
    row.delete()
    nag(NOON)
    assert Delivery.objects.filter(title__contains="review is due").exists()

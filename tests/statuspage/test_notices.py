"""What notices do to components, impact and the page; who looks at them first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from core.errors import Conflict, DomainError, InvalidInput, NotAllowed, NotVisible
from statuspage import actions
from statuspage.actions import PageSettings
from statuspage.choices import NoticeState
from statuspage.models import Component, ComponentInterval, Notice, UptimeCorrection
from statuspage.serving import Store
from teams.models import AuditEntry
from tests.incidents.support import declare
from tests.statuspage.support import document, make_page, part, say, tell
from tests.world import make_world

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def at(minutes: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def status_of(component: Component) -> str:
    component.refresh_from_db()
    return component.status


def test_a_notice_sets_components_and_its_end_gives_them_back() -> None:
    world = make_world()
    page = make_page(world, parts=("Website", "Search"))
    web, search = part(page), part(page, "Search")
    ComponentInterval.objects.update(since=NOW - HOUR)
    first = tell(world, page, statuses={web.pk: "major_outage"}, component_ids=[search.pk], now=at(0))
    assert (status_of(web), first.impact) == ("major_outage", "critical")
    second = tell(world, page, title="Also slow", statuses={web.pk: "partial_outage"}, now=at(10))
    assert status_of(web) == "partial_outage"
    say(world, second, "Over.", status="resolved", now=at(20))
    assert status_of(web) == "major_outage"
    first = say(world, first, "Over.", status="resolved", now=at(30))
    assert (status_of(web), first.impact, first.resolved_at) == ("operational", "critical", at(30))
    assert [row["new_status"] for row in first.updates.first().affected] == ["operational"]
    rows = ComponentInterval.objects.filter(component=web, since__gte=NOW).values_list(
        "status", "since", "until"
    )
    assert list(rows) == [
        ("major_outage", at(0), at(10)),
        ("partial_outage", at(10), at(20)),
        ("major_outage", at(20), at(30)),
        ("operational", at(30), None),
    ]


def test_impact_is_the_gravest_it_has_been_unless_somebody_says() -> None:
    world = make_world()
    page = make_page(world)
    web = part(page)
    told = tell(world, page, statuses={web.pk: "degraded_performance"})
    assert told.impact == "minor"
    assert say(world, told, statuses={web.pk: "major_outage"}).impact == "critical"
    assert say(world, told, statuses={web.pk: "degraded_performance"}).impact == "critical"
    assert actions.edit_notice(actor=world.actor("bo"), notice_id=told.pk, impact="minor").impact == "minor"
    assert say(world, told, statuses={web.pk: "major_outage"}).impact == "minor"
    assert tell(world, page, component_ids=[]).impact == "minor"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": "  "}, "title"),
        ({"body": " \x00"}, "body"),
        ({"body": "x" * 20_001}, "body"),
        ({"status": "completed"}, "status"),
        ({"kind": "other"}, "kind"),
        ({"impact": "huge"}, "impact"),
        ({"component_ids": [0]}, "components"),
        ({"body_in": {"xx": "y"}}, "body_in"),
        ({"next_update_at": NOW - HOUR, "now": NOW}, "next_update_at"),
        ({"kind": "maintenance"}, "scheduled_for"),
        ({"incident_number": 999_999}, "incident"),
    ],
)
def test_a_notice_with_a_fault_names_the_field(fields: dict[str, Any], field: str) -> None:
    world = make_world()
    page = make_page(world)
    with pytest.raises(InvalidInput) as caught:
        tell(world, page, **fields)
    assert set(caught.value.fields) == {field}
    assert Notice.objects.count() == 0


def test_what_is_over_takes_no_more_words_but_a_postmortem() -> None:
    world = make_world()
    page = make_page(world)
    told = tell(world, page)
    with pytest.raises(Conflict):
        say(world, told, "Early.", status="postmortem")
    told = say(world, told, "Over.", status="resolved")
    ended = told.resolved_at
    with pytest.raises(Conflict):
        say(world, told, "One thing more.")
    told = say(world, told, "What happened: …", status="postmortem")
    assert (told.status, told.resolved_at) == ("postmortem", ended)
    with pytest.raises(Conflict):
        say(world, told, "And more.", status="postmortem")


def test_words_of_responders_wait_where_a_manager_is_asked(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    web = part(page)
    actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(needs_approval=True))
    told = tell(world, page, statuses={web.pk: "major_outage"})
    assert (told.state, status_of(web)) == (NoticeState.WAITING, "operational")
    serve.refresh()
    assert document("incidents.json")["incidents"] == []
    update = told.updates.get()
    for by, error in (("bo", NotAllowed), ("sam", NotAllowed), ("zoe", NotAllowed)):
        with pytest.raises(error):
            actions.approve_words(actor=world.actor(by), update_id=update.pk)
    actions.approve_words(actor=world.actor("ada"), update_id=update.pk)
    actions.approve_words(actor=world.actor("ada"), update_id=update.pk)
    serve.refresh()
    (row,) = document("incidents.json")["incidents"]
    assert (len(row["incident_updates"]), status_of(web)) == (1, "major_outage")

    more = say(world, told, "Wrong words.").updates.get(state=NoticeState.WAITING)
    with pytest.raises(InvalidInput):
        actions.refuse_words(actor=world.actor("ada"), update_id=more.pk, reason=" ")
    actions.refuse_words(actor=world.actor("ada"), update_id=more.pk, reason="Say it plainly.")
    with pytest.raises(DomainError):
        actions.approve_words(actor=world.actor("ada"), update_id=more.pk)
    serve.refresh()
    (row,) = document("incidents.json")["incidents"]
    assert len(row["incident_updates"]) == 1
    assert tell(world, page, by="ada").state == NoticeState.PUBLISHED


def test_words_are_corrected_and_the_old_ones_stay_in_the_audit_trail(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    told = tell(world, page, body="Wrnog.")
    update = told.updates.get()
    with pytest.raises(NotAllowed):
        actions.edit_update(actor=world.actor("bo"), update_id=update.pk, body="Right.")
    actions.edit_update(actor=world.actor("ada"), update_id=update.pk, body="Right.")
    serve.refresh()
    (row,) = document("incidents.json")["incidents"]
    assert [each["body"] for each in row["incident_updates"]] == ["Right."]
    assert AuditEntry.objects.get(verb="words corrected").data["before"] == "Wrnog."


def test_a_notice_in_the_languages_of_the_page(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(languages=["en", "de"]))
    tell(
        world, page, title="Orders fail", title_in={"de": "Bestellungen gehen nicht"},
        body="Soon.", body_in={"de": "Bald."},
    )  # fmt: skip
    serve.refresh()
    english = serve.pages["shop"].files["index.html"].body.decode()
    german = serve.pages["shop"].files["de/index.html"].body.decode()
    assert "Orders fail" in english
    assert "Bestellungen" not in english
    assert "Bestellungen gehen nicht" in german
    assert "Bald." in german
    assert '<html lang="de">' in german
    assert "Abonnieren" in german


def test_backfilled_history_counts_for_uptime_and_tells_nobody() -> None:
    world = make_world()
    page = make_page(world)
    web = part(page)
    updates = [(NOW - 3 * HOUR, "investigating", "Trouble."), (NOW - 2 * HOUR, "resolved", "Over.")]
    told = actions.backfill(
        actor=world.actor("ada"), page_id=page.pk, title="Earlier", updates=updates,
        statuses={web.pk: "major_outage"}, now=NOW,
    )  # fmt: skip
    assert (told.backfilled, told.started_at, told.resolved_at) == (True, NOW - 3 * HOUR, NOW - 2 * HOUR)
    row = UptimeCorrection.objects.get()
    assert (row.component, row.since, row.until) == (web, NOW - 3 * HOUR, NOW - 2 * HOUR)
    assert status_of(web) == "operational"
    assert told.announcements.count() == 0
    for wrong in ([], updates[:1], updates[::-1], [(NOW + HOUR, "resolved", "x")]):
        with pytest.raises(InvalidInput):
            actions.backfill(actor=world.actor("ada"), page_id=page.pk, title="x", updates=wrong, now=NOW)


def test_a_removed_notice_leaves_nothing_behind(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    web = part(page)
    told = tell(world, page, title="Oops", statuses={web.pk: "major_outage"})
    with pytest.raises(NotAllowed):
        actions.remove_notice(actor=world.actor("bo"), notice_id=told.pk)
    actions.remove_notice(actor=world.actor("ada"), notice_id=told.pk)
    serve.refresh()
    assert status_of(web) == "operational"
    assert b"Oops" not in b"".join(file.body for file in serve.pages["shop"].files.values())


def test_a_drill_is_not_told_to_the_public() -> None:
    world = make_world()
    page = make_page(world)
    incident = declare(world, kind="drill")
    with pytest.raises(InvalidInput) as caught:
        tell(world, page, incident_number=incident.number)
    assert set(caught.value.fields) == {"incident"}


def test_who_may_publish() -> None:
    world = make_world("members")
    page = make_page(world)
    web = part(page)
    told = tell(world, page)
    for by, error in (("sam", NotVisible), ("zoe", NotVisible)):
        with pytest.raises(error):
            tell(world, page, by=by)
        with pytest.raises(error):
            say(world, told, by=by)
        with pytest.raises(error):
            actions.set_component_status(actor=world.actor(by), component_id=web.pk, status="major_outage")
    with pytest.raises(NotAllowed):
        actions.add_component(actor=world.actor("bo"), page_id=page.pk, name="Mine")
    with pytest.raises(NotAllowed):
        actions.set_page(actor=world.actor("bo"), page_id=page.pk, settings=PageSettings(name="Mine"))

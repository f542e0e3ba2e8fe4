"""Runbooks on incidents and alerts: which are offered, at work, ticked by several, said to have helped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from alerts.models import Alert
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from core.models import LiveEntry
from incidents import actions
from incidents.actions.visibility import set_visibility
from incidents.models import (
    Incident,
    IncidentType,
    Runbook,
    RunbookRun,
    RunbookTick,
    TimelineEntry,
)
from incidents.runbooks.live import RunbooksTopic, topic_of
from incidents.runbooks.working import offers
from incidents.sentences import sentence
from tests.factories import api_client, make_team, signed_in
from tests.incidents.support import START, at_once, declare, put
from tests.incidents.test_lists import count
from tests.world import World, make_service, make_world

BODY = (
    "Look at [the board]({{ link.dashboard }}) of {{ service }} for {{ incident }}, {{ severity }}.\n\n"
    "- [ ] Look at {{ alert.instance }}\n- [ ] Restart {{ alert.pod }}\n"
)


@pytest.fixture
def world(db: None) -> World:
    Runbook.objects.all().delete()
    return make_world()


def make(world: World, name: str = "Pool full", **fields: Any) -> Runbook:
    values: dict[str, Any] = {"team_id": None, "body": BODY, **fields}
    return actions.create_runbook(actor=world.actor("root"), name=name, **values)


def alert(world: World, incident: Incident | None, **labels: str) -> Alert:
    if incident is not None:
        incident.alert_count += 1
        incident.save(update_fields=["alert_count"])
    return Alert.objects.create(
        integration=world.integration,
        service=world.service,
        team=world.team,
        incident=incident,
        title="Pool of db-1 is full",
        dedup_key=f"k{Alert.objects.count()}",
        labels=labels,
    )


def names(world: World, incident: Incident, who: str = "ada") -> list[str]:
    services = list(incident.services.all())
    found = offers(world.actor(who), incident, services, incident.started_at)
    return [f"{offer.runbook.name}: {offer.why}" for offer in found]


def test_what_fits_stands_in_order(world: World) -> None:
    kind = IncidentType.objects.get(key="outage")
    incident = declare(world)
    actions.set_type(actor=world.actor("ada"), number=incident.number, type_key="outage")
    incident.refresh_from_db()
    other = make_team("Other")
    elsewhere = make_service(other, "elsewhere")
    make(world, "A type", type_ids=[kind.pk])
    make(world, "B service of another team", team_id=other.pk, service_ids=[world.service.pk])
    make(world, "C service", service_ids=[world.service.pk, elsewhere.pk])
    make(world, "D alert", matchers=['{alertname="PoolFull", instance=~"db-.*"}'])
    make(world, "E alert of the team", team_id=world.team.pk, matchers=['{alertname="X"}', "@title=~Pool.*"])
    make(world, "F another service", service_ids=[elsewhere.pk])
    make(world, "G another alert", matchers=['{alertname="DiskFull"}'])
    make(world, "H type of another team", team_id=other.pk, type_ids=[kind.pk])
    make(world, "I another type", type_ids=[IncidentType.objects.get(key="data").pk])
    make(world, "J by hand")
    retired = make(world, "K retired", service_ids=[world.service.pk])
    actions.edit_runbook(actor=world.actor("root"), runbook_id=retired.pk, active=False)
    make(world, "L no text", body=None, service_ids=[world.service.pk])
    without = [
        "B service of another team: for Checkout",
        "C service: for Checkout",
        "A type: for this type of incident",
    ]
    assert names(world, incident) == without
    alert(world, incident, alertname="PoolFull", instance="db-1")
    assert names(world, incident) == [
        "E alert of the team: fits the alert “Pool of db-1 is full”",
        "D alert: fits the alert “Pool of db-1 is full”",
        *without,
    ]
    page = signed_in(world.ada).get(incident.get_absolute_url()).content.decode()
    assert page.index("E alert of the team") < page.index("D alert") < page.index("B service")
    assert "F another service" not in page


def test_the_page_of_an_alert_leads_to_its_runbook(world: World) -> None:
    with time_machine.travel(START, tick=False) as clock:
        runbook = make(world, matchers=['{alertname="PoolFull"}'])
        by_service = make(world, "By service", service_ids=[world.service.pk])
        make(world, "Neither", matchers=['{alertname="DiskFull"}'])
        lone, incident = alert(world, None, alertname="PoolFull"), declare(world)
        clock.shift(dt.timedelta(days=181))
        page = signed_in(world.ada).get(lone.get_absolute_url()).content.decode()
        assert page.index(f'href="{runbook.get_absolute_url()}"') < page.index(by_service.get_absolute_url())
        assert "Stale" in page and "Neither" not in page
        attached = alert(world, incident, alertname="PoolFull")
        page = signed_in(world.ada).get(attached.get_absolute_url()).content.decode()
        assert f'href="{incident.get_absolute_url()}runbooks/{runbook.pk}/"' in page


def test_opened_on_an_incident_its_variables_are_filled(world: World) -> None:
    world.service.links.create(kind="dashboard", title="Board", url="https://grafana.example/d")
    runbook, incident = make(world), declare(world)
    actions.set_severity(actor=world.actor("ada"), number=incident.number, severity=1)
    alert(world, incident, instance="<db-1>")
    page = signed_in(world.ada).get(f"{incident.get_absolute_url()}runbooks/{runbook.pk}/").content.decode()
    assert 'href="https://grafana.example/d"' in page
    assert (
        '<span class="var">Checkout</span>' in page and f'<span class="var">#{incident.number}</span>' in page
    )
    assert '<span class="var">Sev-1</span>' in page and "&lt;db-1&gt;" in page
    assert ">alert.pod</span>" in page and "var-empty" in page
    assert not RunbookRun.objects.exists(), "opening starts nothing"


def keys(runbook: Runbook) -> list[str]:
    version = runbook.versions.order_by("-number").first()
    assert version is not None
    return version.step_keys


def test_ticking_starts_it_and_the_timeline_has_a_beginning_and_an_end(world: World) -> None:
    runbook, incident = make(world), declare(world)
    browser, base = signed_in(world.bo), f"{incident.get_absolute_url()}runbooks/{runbook.pk}/"
    first, second = keys(runbook)
    answer = browser.post(f"{base}tick/", {"tick": first})
    assert answer.status_code == 302 and answer.headers["Location"] == f"{base}#step-{first}"
    browser.post(f"{base}tick/", {"tick": first})
    part = browser.post(f"{base}tick/", {"tick": second}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "2 of 2 steps done" in part and "Bo" in part
    browser.post(f"{base}tick/", {"untick": second})
    browser.post(f"{base}tick/", {"tick": second})
    rows = TimelineEntry.objects.filter(incident=incident, kind="runbook").order_by("seq")
    assert [sentence(row) for row in rows] == [
        "Runbook Pool full started, version 1",
        "Runbook Pool full done: all 2 steps",
    ]
    incident.refresh_from_db()
    assert incident.last_seq == TimelineEntry.objects.filter(incident=incident).count()
    page = browser.get(incident.get_absolute_url()).content.decode()
    assert "2 of 2 steps done" in page and "started by Bo" in page
    assert browser.get(incident.get_absolute_url() + "timeline/?kind=tasks").status_code == 200


@pytest.mark.parametrize(
    "sent", [{}, {"tick": ""}, {"tick": "none"}, {"tick": "\x00"}, {"untick": "x" * 500}]
)
def test_bad_steps_are_refused(world: World, sent: dict[str, str]) -> None:
    runbook, incident = make(world), declare(world)
    base = f"{incident.get_absolute_url()}runbooks/{runbook.pk}/"
    assert 400 <= signed_in(world.ada).post(f"{base}tick/", sent).status_code < 500
    assert not RunbookRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_people_tick_at_once() -> None:
    world = make_world()
    runbook, incident = make(world), declare(world)
    first, second = keys(runbook)

    def tick(who: str, key: str) -> Callable[[], Any]:
        actor = world.actor(who)
        return lambda: actions.tick_step(actor=actor, number=incident.number, runbook_id=runbook.pk, key=key)

    found = at_once([tick(who, key) for key in (first, second) for who in ("ada", "bo", "root")])
    assert not [result for result in found if isinstance(result, Exception)]
    assert RunbookRun.objects.count() == 1 and RunbookTick.objects.count() == 2
    assert TimelineEntry.objects.filter(kind="runbook").count() == 2


def test_others_see_it_move(world: World) -> None:
    runbook, incident = make(world), declare(world)
    actions.start_runbook(actor=world.actor("ada"), number=incident.number, runbook_id=runbook.pk)
    topic = topic_of(incident.number)
    for key in keys(runbook):
        actions.tick_step(actor=world.actor("bo"), number=incident.number, runbook_id=runbook.pk, key=key)
    entries = LiveEntry.objects.filter(topic_id=topic)
    assert [(row.event, row.data, row.html) for row in entries] == [("runbook.progress", {}, "")] * 3
    page = signed_in(world.sam).get(f"{incident.get_absolute_url()}runbooks/{runbook.pk}/").content.decode()
    assert f"{topic}:3" in page and 'data-live-on="runbook.progress"' in page
    source = RunbooksTopic()
    assert source.may_listen(world.actor("sam"), str(incident.number))
    set_visibility(actor=world.actor("ada"), number=incident.number, visibility="restricted")
    assert not source.may_listen(world.actor("sam"), str(incident.number))
    assert source.may_listen(world.actor("ada"), str(incident.number))


def test_a_run_keeps_its_version_until_somebody_switches(world: World) -> None:
    runbook, incident = make(world), declare(world)
    ada, which = world.actor("ada"), {"number": incident.number, "runbook_id": runbook.pk}
    first, second = keys(runbook)
    with pytest.raises(Conflict):
        actions.switch_version(actor=ada, **which)
    actions.tick_step(actor=ada, **which, key=first)
    body = "- [ ] First this\n- [ ] Look at {{ alert.instance }}"
    actions.publish_runbook(actor=world.actor("root"), runbook_id=runbook.pk, body=body)
    browser, base = signed_in(world.ada), f"{incident.get_absolute_url()}runbooks/{runbook.pk}/"
    page = browser.get(base).content.decode()
    assert "Version 2 has been published meanwhile" in page and "First this" not in page
    assert browser.post(f"{base}switch/").status_code == 302
    page = browser.get(base).content.decode()
    assert "First this" in page and "1 of 2 steps done" in page and "published meanwhile" not in page
    with pytest.raises(InvalidInput):
        actions.tick_step(actor=ada, **which, key=second)


def test_what_it_was_worth(world: World) -> None:
    runbook, incident = make(world), declare(world)
    browser, base = signed_in(world.bo), f"{incident.get_absolute_url()}runbooks/{runbook.pk}/"
    assert browser.post(f"{base}rate/", {"helpful": "yes"}).status_code == 409
    browser.post(f"{base}start/")
    assert browser.post(f"{base}rate/", {"helpful": "maybe"}).status_code in (400, 422)
    put(incident, "closed")
    said = {"helpful": "partly", "comment": "<b>No word about replicas</b>"}
    assert browser.post(f"{base}rate/", said).status_code == 302
    assert browser.post(f"{base}tick/", {"tick": keys(runbook)[0]}).status_code == 409
    assert 'name="tick"' not in browser.get(base).content.decode()
    page = browser.get(runbook.get_absolute_url()).content.decode()
    assert (
        "helped partly" in page and "&lt;b&gt;No word about replicas" in page and "1 time, helped 0" in page
    )
    browser.post(f"{base}rate/", {"helpful": "yes"})
    assert "1 time, helped 1" in browser.get(runbook.get_absolute_url()).content.decode()
    assert RunbookRun.objects.get().answered_by_label == "Bo"


@pytest.mark.parametrize(
    ("who", "may"), [("ada", True), ("bo", True), ("root", True), ("sam", False), ("zoe", False)]
)
def test_who_may_tick(world: World, who: str, may: bool) -> None:
    runbook, incident = make(world), declare(world)
    browser, base = signed_in(getattr(world, who)), f"{incident.get_absolute_url()}runbooks/{runbook.pk}/"
    page = browser.get(base)
    assert page.status_code == 200
    assert ('name="tick"' in page.content.decode()) is may
    for path, sent in (
        ("start/", {}),
        ("tick/", {"tick": keys(runbook)[0]}),
        ("switch/", {}),
        ("rate/", {"helpful": "no"}),
    ):
        assert browser.post(f"{base}{path}", sent).status_code == (302 if may else 403), path
    api = api_client(getattr(world, who))
    path = f"/api/v1/incidents/{incident.number}/runbooks/"
    assert api.get(path).status_code == 200
    assert api.post(f"{path}{runbook.pk}/start/").status_code == (201 if may else 403)


def test_a_restricted_incident_shows_nothing_of_its_runbooks(world: World) -> None:
    runbook, incident = make(world, service_ids=[world.service.pk]), declare(world)
    number = incident.number
    actions.start_runbook(actor=world.actor("ada"), number=number, runbook_id=runbook.pk)
    which = {"number": number, "runbook_id": runbook.pk}
    actions.rate_runbook(actor=world.actor("ada"), **which, helpful="yes", comment="The secret plan")
    set_visibility(actor=world.actor("ada"), number=number, visibility="restricted")
    for who in ("bo", "sam", "zoe"):
        browser, api = signed_in(getattr(world, who)), api_client(getattr(world, who))
        base = f"{incident.get_absolute_url()}runbooks/{runbook.pk}/"
        assert browser.get(base).status_code == 404
        for name in ("start", "tick", "switch", "rate"):
            assert browser.post(f"{base}{name}/", {"tick": "x"}).status_code == 404
        assert api.get(f"/api/v1/incidents/{number}/runbooks/").status_code == 404
        sent = {"step": keys(runbook)[0]}
        assert (
            api.post(
                f"/api/v1/incidents/{number}/runbooks/{runbook.pk}/tick/", sent, format="json"
            ).status_code
            == 404
        )
        page = browser.get(runbook.get_absolute_url()).content.decode()
        assert "The secret plan" not in page and incident.title not in page
        with pytest.raises(NotVisible):
            actions.start_runbook(actor=world.actor(who), **which)
    assert "The secret plan" in signed_in(world.ada).get(runbook.get_absolute_url()).content.decode()


def test_a_runbook_one_may_not_see_is_not_on_the_incident(world: World) -> None:
    closed = make_team("Closed", visibility="members")
    hidden = make(world, "Hidden", team_id=closed.pk, service_ids=[world.service.pk])
    incident = declare(world)
    actions.start_runbook(actor=world.actor("root"), number=incident.number, runbook_id=hidden.pk)
    base = f"{incident.get_absolute_url()}runbooks/{hidden.pk}/"
    assert names(world, incident) == [] and names(world, incident, "root") == ["Hidden: for Checkout"]
    assert signed_in(world.ada).get(base).status_code == 404
    assert signed_in(world.ada).post(f"{base}tick/", {"tick": keys(hidden)[0]}).status_code == 404
    assert signed_in(world.ada).get(f"{incident.get_absolute_url()}runbooks/9999999/").status_code == 404


def test_it_cannot_begin_out_of_use_or_on_what_is_over(world: World) -> None:
    runbook, incident = make(world), declare(world)
    ada, which = world.actor("ada"), {"number": incident.number, "runbook_id": runbook.pk}
    actions.edit_runbook(actor=world.actor("root"), runbook_id=runbook.pk, active=False)
    with pytest.raises(Conflict):
        actions.start_runbook(actor=ada, **which)
    assert signed_in(world.ada).get(f"{incident.get_absolute_url()}runbooks/{runbook.pk}/").status_code == 404
    actions.edit_runbook(actor=world.actor("root"), runbook_id=runbook.pk, active=True)
    put(incident, "closed")
    with pytest.raises(Conflict):
        actions.start_runbook(actor=ada, **which)
    with pytest.raises(NotAllowed):
        actions.start_runbook(actor=world.actor("zoe"), **which)


def test_the_page_asks_as_often_for_three_as_for_one(world: World) -> None:
    incident = declare(world)
    browser, api = signed_in(world.ada), api_client(world.ada)
    paths = [(browser, incident.get_absolute_url()), (api, f"/api/v1/incidents/{incident.number}/runbooks/")]

    def more(name: str) -> None:
        runbook = make(world, name, matchers=["@title=~Pool.*"], service_ids=[world.service.pk])
        found = alert(world, incident, instance=name)
        which = {"number": incident.number, "runbook_id": runbook.pk}
        actions.tick_step(actor=world.actor("ada"), **which, key=keys(runbook)[0])
        paths.append((browser, found.get_absolute_url()))
        paths.append((browser, f"{incident.get_absolute_url()}runbooks/{runbook.pk}/"))

    more("one")
    once = [count(client, path) for client, path in paths[:4]]
    more("two")
    more("three")
    assert [count(client, path) for client, path in paths[:4]] == once

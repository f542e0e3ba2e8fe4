"""From the incident to the public: one approval, no internal word, and one end for both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from incidents import actions as inside
from incidents.actions.approvals import approve_update, reject_update
from incidents.actions.closing import resolve_with
from incidents.actions.impact import add_impact
from incidents.actions.merging import merge, unmerge
from incidents.actions.updates import post_update
from incidents.choices import Role
from incidents.hooks import open_notices
from incidents.models import Incident, IncidentUpdate
from services import graph
from services.models import Dependency
from statuspage import actions
from statuspage.actions import Window
from statuspage.actions.from_incident import tell_public, update_left, update_refused
from statuspage.models import Component, Notice, StatusPage
from statuspage.proposals import proposed, wording
from statuspage.serving import Store
from tests.factories import signed_in
from tests.incidents.support import declare, put
from tests.statuspage.support import document, make_page, part, say, tell
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
SECRET = "Card numbers in the logs"


def led(world: World, **fields: Any) -> Incident:
    """An incident with Ada in command, so that Bo's public words wait."""
    incident = declare(world, **fields)
    inside.assign_role(
        actor=world.actor("ada"), number=incident.number, role=Role.COMMANDER, user_id=world.ada.pk
    )
    incident.refresh_from_db()
    return incident


def open_one(world: World, page: StatusPage, incident: Incident, by: str = "ada", **fields: Any) -> Notice:
    return tell_public(
        actor=world.actor(by), number=incident.number, page_id=page.pk,
        **{"title": "Orders fail", "body": "We look into it.", **fields},
    )  # fmt: skip


def post(
    world: World, incident: Incident, text: str, audience: str = "public", by: str = "ada"
) -> IncidentUpdate:
    return post_update(actor=world.actor(by), number=incident.number, audience=audience, text=text)


def bodies(notice: Notice) -> list[str]:
    """What the public reads of it, newest first."""
    return list(notice.updates.filter(state="published").values_list("body", flat=True))


def state(row: Any) -> str:
    row.refresh_from_db()
    return str(row.state)


def test_a_commander_speaks_at_once_and_both_sides_have_the_words_once(drain: Drain) -> None:
    world = make_world()
    page, incident = make_page(world), led(world)
    web = part(page)
    notice = open_one(world, page, incident, statuses={web.pk: "major_outage"}, next_update_in_minutes=30)
    drain()
    web.refresh_from_db()
    assert (state(notice), notice.status, web.status) == ("published", "investigating", "major_outage")
    assert bodies(notice) == ["We look into it."]
    source = incident.updates.get()
    assert (source.text, source.audience, source.state) == ("We look into it.", "public", "sent")
    assert notice.updates.get().source == source
    assert notice.next_update_at == source.next_update_due_at is not None


def test_a_responder_waits_for_the_commander_and_one_approval_is_enough(drain: Drain, serve: Store) -> None:
    world = make_world()
    page, incident = make_page(world), led(world)
    actions.set_page(
        actor=world.actor("ada"), page_id=page.pk, settings=actions.PageSettings(needs_approval=True)
    )
    web = part(page)
    first, second = (
        open_one(world, page, incident, "bo", title=name, statuses={web.pk: "major_outage"})
        for name in ("One", "Two")
    )
    drain()
    serve.refresh()
    web.refresh_from_db()
    assert (state(first), state(second), web.status) == ("waiting", "waiting", "operational")
    assert document("incidents.json")["incidents"] == []
    words = {row.pk: row.updates.get() for row in (first, second)}
    # The page's manager does not decide for the incident's commander.
    for decide in (
        lambda pk: actions.approve_words(actor=world.actor("ada"), update_id=pk),
        lambda pk: actions.refuse_words(actor=world.actor("ada"), update_id=pk, reason="No."),
    ):
        with pytest.raises(Conflict):
            decide(words[first.pk].pk)
    with pytest.raises(NotAllowed):
        approve_update(actor=world.actor("zoe"), number=incident.number, update_id=0)
    for row, decide in ((first, approve_update), (second, reject_update)):
        given = {"reason": "Not yet."} if decide is reject_update else {}
        source_id = words[row.pk].source_id
        assert source_id is not None
        decide(actor=world.actor("ada"), number=incident.number, update_id=source_id, **given)  # type: ignore[operator]
        drain()
        for again in (update_left, update_refused):
            again(source_id)
    serve.refresh()
    web.refresh_from_db()
    assert (state(first), state(second), web.status) == ("published", "refused", "major_outage")
    assert [row["name"] for row in document("incidents.json")["incidents"]] == ["One"]
    assert (bodies(first), bodies(second)) == (["We look into it."], [])
    said = words[second.pk]
    said.refresh_from_db()
    assert (said.refusal, said.decided_by) == ("Not yet.", world.ada)


def test_later_public_words_reach_the_open_notice_once_and_nothing_else_does(drain: Drain) -> None:
    world = make_world()
    page, incident = make_page(world), led(world)
    notice = open_one(world, page, incident)
    other = tell(world, page, title="Of another matter")
    drain()
    for audience in ("internal", "executive", "support"):
        update_left(post(world, incident, SECRET, audience).pk)
    put(incident, "identified")
    update = post(world, incident, "A broken cable.")
    drain()
    update_left(update.pk)
    update_left(0)
    notice.refresh_from_db()
    assert (bodies(notice), notice.status) == (["A broken cable.", "We look into it."], "identified")
    assert bodies(other) == ["We look into it."]
    # What waits inside waits outside.
    waiting = post(world, incident, "Guesswork.", by="bo")
    update_left(waiting.pk)
    assert len(bodies(notice)) == 2
    # An incident that is over does not say by itself that customers are well again.
    inside.resolve(actor=world.actor("ada"), number=incident.number, override_reason="Fixed")
    drain()
    assert open_notices(incident.pk) == ["Orders fail"]
    post(world, incident, "All orders went through.")
    drain()
    notice.refresh_from_db()
    assert (bodies(notice)[0], notice.status, notice.resolved_at) == (
        "All orders went through.",
        "identified",
        None,
    )
    notice = say(world, notice, "Over.", status="resolved")
    post(world, incident, "A word more.")
    drain()
    assert bodies(notice)[0] == "Over."


def test_words_that_waited_while_the_notice_ended_stay_inside(drain: Drain) -> None:
    world = make_world()
    page, incident = make_page(world), led(world)
    notice = open_one(world, page, incident)
    late = open_one(world, page, incident, "bo", title="Again")
    drain()
    source = late.updates.get().source
    assert source is not None
    Notice.objects.filter(pk=late.pk).update(state="published", status="resolved")
    say(world, notice, "Over.", status="resolved")
    approve_update(actor=world.actor("ada"), number=incident.number, update_id=source.pk)
    drain()
    late.refresh_from_db()
    assert (late.status, bodies(late), bodies(notice)[0]) == ("resolved", [], "Over.")


def test_a_restricted_incident_gives_nothing_but_what_was_typed(drain: Drain, serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    incident = led(world, title=SECRET, impact="Whoever paid on Monday")
    Incident.objects.filter(pk=incident.pk).update(
        visibility="restricted", code_name="Blue heron", number=471147
    )
    incident.refresh_from_db()
    post(world, incident, "Legal reads along.", "executive", by="root")
    notice = open_one(
        world, page, incident, "root", title="Slow pages", body="Soon.", component_ids=[part(page).pk]
    )
    post(world, incident, "Sooner.", by="root")
    drain()
    serve.refresh()
    text = b"\n".join(file.body for file in serve.pages["shop"].files.values()).decode()
    assert bodies(notice) == ["Sooner.", "Soon."]
    for word in (SECRET, "Monday", "heron", "471147", "Legal", "Checkout", "Ada", "Root"):
        assert word not in text, word
    for word in ("Slow pages", "Sooner."):
        assert word in text


def test_who_may_and_about_what() -> None:
    world = make_world("members")
    page, incident = make_page(world), led(world)
    for by, error in (("sam", NotVisible), ("zoe", NotVisible)):
        with pytest.raises((error, InvalidInput)):
            open_one(world, page, incident, by)
    drill = led(world, title="Drill", kind="drill")
    for wrong, fields in (
        ({"page_id": 0}, {"page"}),
        ({"title": " "}, {"title"}),
        ({"body": " "}, {"text"}),
        ({"component_ids": [0]}, {"components"}),
        ({"statuses": {part(page).pk: "bad"}}, {"component_status"}),
        ({"number": drill.number}, {"incident"}),
    ):
        given: dict[str, Any] = {"number": incident.number, "page_id": page.pk, "title": "T", "body": "B"}
        with pytest.raises(InvalidInput) as caught:
            tell_public(actor=world.actor("ada"), **given | wrong)
        assert set(caught.value.fields) == fields
    organisation = make_page(world, "theirs")
    StatusPage.objects.filter(pk=organisation.pk).update(team=None)
    with pytest.raises(NotAllowed):
        open_one(world, organisation, incident, "bo")
    assert (Notice.objects.count(), IncidentUpdate.objects.count()) == (0, 0)
    panel = signed_in(world.ada).get(f"/statuspages/panel/{drill.number}/").content.decode()
    assert "/statuspages/from-incident/" not in panel


def test_both_are_resolved_at_once_or_the_notice_is_not_forgotten(drain: Drain) -> None:
    world = make_world()
    page = make_page(world)
    ada, browser = world.actor("ada"), signed_in(world.ada)
    web = part(page)
    incidents = [led(world, title=f"Incident {number}") for number in range(2)]
    told = [open_one(world, page, row, statuses={web.pk: "partial_outage"}) for row in incidents]
    drain()
    for row, words in zip(incidents, ("All is well again.", ""), strict=True):
        resolve_with(actor=ada, number=row.number, answers={}, override_reason="Fixed", public_words=words)
    drain()
    panels = [browser.get(f"/statuspages/panel/{row.number}/").content.decode() for row in incidents]
    for notice in told:
        notice.refresh_from_db()
    assert [notice.status for notice in told] == ["resolved", "investigating"]
    assert bodies(told[0])[0] == "All is well again."
    assert ["The public notice is still open" in panel for panel in panels] == [False, True]
    assert ["Orders fail" in panel for panel in panels] == [True, True]
    assert Component.objects.get().status == "partial_outage"
    say(world, told[1], "Over.", status="resolved")
    assert "still open" not in browser.get(f"/statuspages/panel/{incidents[1].number}/").content.decode()
    # A stranger sees the incident of an organisation's team, and on its panel what customers see.
    page.team.visibility = "members"
    page.team.save()
    for who in (world.sam, world.zoe):
        assert b"Orders fail" not in signed_in(who).get(f"/statuspages/panel/{incidents[0].number}/").content


def test_a_merged_incident_is_told_on_through_the_one_it_joined(drain: Drain) -> None:
    world = make_world()
    page = make_page(world)
    ada, browser = world.actor("ada"), signed_in(world.ada)
    merged, survivor = led(world, title="Merged"), led(world, title="Survivor")
    notice = open_one(world, page, merged)
    drain()
    merge(actor=ada, number=merged.number, into=survivor.number)
    post(world, survivor, "A broken cable.")
    drain()
    assert bodies(notice) == ["A broken cable.", "We look into it."]
    assert open_notices(survivor.pk) == ["Orders fail"]
    panels = {
        row.pk: browser.get(f"/statuspages/panel/{row.number}/").content.decode()
        for row in (merged, survivor)
    }
    assert ["Orders fail" in panel for panel in panels.values()] == [True, True]
    assert "still open" not in panels[merged.pk]
    unmerge(actor=ada, number=merged.number)
    assert open_notices(survivor.pk) == []
    merge(actor=ada, number=merged.number, into=survivor.number)
    resolve_with(
        actor=ada, number=survivor.number, answers={}, override_reason="Fixed", public_words="Well again."
    )
    notice.refresh_from_db()
    assert (notice.status, bodies(notice)[0]) == ("resolved", "Well again.")


def test_planned_work_belongs_to_no_incident() -> None:
    world = make_world()
    page, incident = make_page(world), led(world)
    begins = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    window = Window(starts_at=begins, ends_at=begins + dt.timedelta(hours=1))
    with pytest.raises(InvalidInput) as caught:
        tell(world, page, kind="maintenance", window=window, incident_number=incident.number)
    assert set(caught.value.fields) == {"incident"}


def test_what_is_proposed() -> None:
    world = make_world()
    page = make_page(world, parts=("Website", "Search", "Mail", "Apps", "Untouched"))
    service = {name: make_service(world.team, name) for name in ("search", "mail", "apps", "vendor")}
    service["website"] = world.service
    for name in ("Website", "Search", "Mail", "Apps"):
        part(page, name).services.add(service[name.lower()])
    Dependency.objects.create(downstream=service["apps"], upstream=service["website"], kind=graph.HARD)
    Dependency.objects.create(downstream=service["mail"], upstream=service["website"], kind="soft")
    incident = led(world, title=SECRET, impact="Payroll")
    ada = world.actor("ada")
    pk = {name: part(page, name).pk for name in ("Website", "Search", "Mail", "Apps")}
    # The incident's own service, and what cannot do without it.
    assert proposed(incident, page) == {
        pk["Website"]: "degraded_performance",
        pk["Apps"]: "degraded_performance",
    }
    for name, condition in (
        ("website", "unavailable"),
        ("search", "bug"),
        ("mail", "operational"),
    ):
        add_impact(actor=ada, number=incident.number, service_id=service[name].pk, condition=condition)
    chosen = proposed(incident, page)
    assert chosen == {
        pk["Website"]: "major_outage", pk["Search"]: "degraded_performance", pk["Apps"]: "degraded_performance",
    }  # fmt: skip
    actions.set_page(actor=ada, page_id=page.pk, settings=actions.PageSettings(languages=["en", "de"]))
    page.refresh_from_db()
    words = wording(page, chosen)
    assert set(words) == {"title", "body", "title_de", "body_de"}
    assert words["title"] == "Trouble with Website, Search, Apps"
    shown = signed_in(world.ada).get(f"/statuspages/from-incident/{incident.number}/").content.decode()
    form = shown.partition('<form class="form"')[2].partition("</form>")[0]
    assert "Trouble with Website, Search, Apps" in form
    for word in (SECRET, "Payroll", "Checkout"):
        assert word not in form + " ".join(words.values())
    assert form.count('value="major_outage" selected') == 1
    sent = {"title": " ", "body": "B"}
    assert (
        signed_in(world.ada).post(f"/statuspages/from-incident/{incident.number}/", sent).status_code == 422
    )
    sent = {"title": "T", "body": "B", f"part_{part(page).public_id}": "major_outage"}
    answer = signed_in(world.ada).post(f"/statuspages/from-incident/{incident.number}/?page=shop", sent)
    assert (answer.status_code, Notice.objects.get().impact) == (302, "critical")

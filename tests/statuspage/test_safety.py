"""What must not happen to a status page: words nobody let out, files that go stale, names that slip through."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from core.errors import InvalidInput, NotAllowed
from incidents.actions.updates import post_update
from incidents.choices import UpdateAudience
from statuspage import actions
from statuspage.actions import PageSettings
from statuspage.actions.from_incident import tell_public, update_left
from statuspage.actions.subscribers import ask
from statuspage.building import publish_due
from statuspage.models import Component, ComponentInterval, NoticeUpdate, StatusPage, Subscriber
from statuspage.serving import mirror
from statuspage.subscribers.importing import apply_import, export
from tests.factories import api_client, make_team, signed_in
from tests.incidents.pictures import png
from tests.incidents.support import declare
from tests.statuspage.subscribing import subscriber
from tests.statuspage.support import document, make_page, part, say, tell
from tests.world import World, make_service, make_world

if TYPE_CHECKING:
    from statuspage.serving import Store

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def needing_approval(world: World) -> StatusPage:
    page = make_page(world)
    actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(needs_approval=True))
    page.refresh_from_db()
    return page


def test_a_responder_changes_nothing_public_where_a_manager_is_asked(serve: Store) -> None:
    world = make_world()
    page, bo = needing_approval(world), world.actor("bo")
    told = tell(world, page, by="ada")
    with pytest.raises(NotAllowed):
        actions.edit_notice(actor=bo, notice_id=told.pk, title="Everything burns")
    window = actions.Window(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    work = tell(world, page, title="Work", by="ada", kind="maintenance", window=window, now=NOW)
    with pytest.raises(NotAllowed):
        actions.cancel_work(actor=bo, notice_id=work.pk, now=NOW)
    with pytest.raises(NotAllowed):
        actions.move_work(actor=bo, notice_id=work.pk, ends_at=NOW + 3 * HOUR, now=NOW)
    say(world, told, "Soon.", eta_at=NOW + HOUR, now=NOW)
    told.refresh_from_db()
    assert (told.eta_at, told.updates.filter(state="waiting").count()) == (None, 1)
    waiting = tell(world, page, title="Mine")
    actions.edit_notice(actor=bo, notice_id=waiting.pk, title="Mine, better")
    serve.refresh()
    assert [row["name"] for row in document("incidents.json")["incidents"]] == ["Orders fail"]


def test_public_words_of_an_incident_wait_on_pages_of_other_teams() -> None:
    world = make_world()
    page, incident = make_page(world), declare(world)
    ada = world.actor("ada")
    notice = tell_public(actor=ada, number=incident.number, page_id=page.pk, title="Slow", body="First.")
    make_team("Elsewhere", manager=world.zoe)
    row = post_update(actor=ada, number=incident.number, audience=UpdateAudience.PUBLIC, text="Second.")
    type(row).objects.filter(pk=row.pk).update(author=world.zoe)
    for _again in range(2):
        update_left(row.pk)
    words = NoticeUpdate.objects.get(notice=notice, source=row)
    assert words.state == "waiting"
    actions.approve_words(actor=ada, update_id=words.pk)
    update_left(row.pk)
    assert NoticeUpdate.objects.get(notice=notice, source=row).state == "published"


def test_a_lone_responder_waits_for_the_page_that_asks_for_approval() -> None:
    world = make_world()
    page, incident = needing_approval(world), declare(world)
    notice = tell_public(
        actor=world.actor("bo"), number=incident.number, page_id=page.pk, title="Slow", body="First."
    )
    words = notice.updates.get()
    assert words.source is not None
    update_left(words.source.pk)
    notice.refresh_from_db()
    assert (words.source.state, notice.state) == ("sent", "waiting")
    actions.approve_words(actor=world.actor("ada"), update_id=words.pk)
    notice.refresh_from_db()
    assert notice.state == "published"


def test_two_versions_of_the_program_do_not_publish_against_each_other() -> None:
    with time_machine.travel(NOW, tick=False):
        page = make_page(make_world())
    StatusPage.objects.update(built_with="older")
    assert publish_due(NOW + dt.timedelta(seconds=2)) == 0
    assert publish_due(NOW + dt.timedelta(minutes=6)) == 1
    StatusPage.objects.update(built_with="older")
    assert publish_due(NOW + dt.timedelta(minutes=6, seconds=2)) == 0
    page.refresh_from_db()
    assert page.version == 3


def test_a_zone_this_machine_does_not_know_stops_nothing(serve: Store) -> None:
    make_page(make_world())
    StatusPage.objects.update(time_zone="Atlantis/Capital", built_with="older")
    assert publish_due(NOW + dt.timedelta(days=3650)) == 1
    serve.refresh()
    assert document("status.json")["page"]["time_zone"] == "Atlantis/Capital"


def test_a_page_that_cannot_be_made_does_not_stop_the_next(monkeypatch: Any) -> None:
    world = make_world()
    bad, good = make_page(world, "bad"), make_page(world, "good")
    publishing = importlib.import_module("statuspage.building.publish")
    real = publishing.publish

    def broken(page: StatusPage, *args: Any, **fields: Any) -> Any:
        if page.pk == bad.pk:
            raise ValueError("What nobody has thought of")
        return real(page, *args, **fields)

    monkeypatch.setattr(publishing, "publish", broken)
    StatusPage.objects.update(rebuild_at=NOW)
    versions = bad.version, good.version + 1
    assert publish_due(NOW + 2400 * HOUR) == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.version, good.version) == versions


def test_settings_reach_every_file_though_the_clock_was_put_back(serve: Store) -> None:
    world = make_world()
    with time_machine.travel(NOW + HOUR, tick=False):
        page = make_page(world)
    with time_machine.travel(NOW, tick=False):
        actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(name="Another"))
    serve.refresh()
    assert b"Another" in serve.pages["shop"].files["404.html"].body


def test_intervals_do_not_overlap_though_the_clock_was_put_back() -> None:
    world = make_world()
    page, ada = make_page(world), world.actor("ada")
    web = part(page)
    ComponentInterval.objects.filter(component=web).update(since=NOW)
    for at, status in ((NOW + HOUR, "major_outage"), (NOW + HOUR / 2, "degraded_performance")):
        actions.set_component_status(actor=ada, component_id=web.pk, status=status, now=at)
    rows = ComponentInterval.objects.filter(component=web).order_by("since")
    assert list(rows.values_list("status", "since", "until")) == [
        ("operational", NOW, NOW + HOUR),
        ("degraded_performance", NOW + HOUR, None),
    ]


def test_a_full_disk_stops_neither_serving_nor_domains(serve: Store, monkeypatch: Any) -> None:
    world = make_world()
    page = make_page(world)
    serve.refresh()
    actions.set_page(
        actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(domain="status.example.com")
    )

    def full(*_args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(mirror, "write", full)
        with pytest.raises(OSError, match="No space"):
            serve.refresh()
        assert serve.hosts == {"status.example.com": "shop"}
        serve.refresh()
    serve._again_at = 0.0
    serve.refresh()
    assert [row.domain for row in mirror.read(serve.folder)] == ["status.example.com"]


def test_what_is_private_leaves_the_folder_even_when_the_disk_is_full(serve: Store, monkeypatch: Any) -> None:
    world = make_world()
    page = make_page(world)
    serve.refresh()
    public = serve.folder / "pages" / "shop"
    assert public.is_dir()
    actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(access="signed_in"))

    def full(*_args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mirror, "_fill", full)
    with pytest.raises(OSError, match="No space"):
        serve.refresh()
    assert not public.exists()


def test_names_of_services_are_for_who_may_see_them(client: Any) -> None:
    world = make_world()
    page = make_page(world)
    hidden = make_team("Hidden", visibility="members", manager=world.ada)
    secret = make_service(hidden, slug="blue-heron")
    web = part(page)
    web.services.add(secret, world.service)
    ours, others = f"/api/v1/status-pages/{page.slug}/", "components/"
    for path in (ours, f"{ours}{others}"):
        assert "blue-heron" in api_client(world.ada).get(path).content.decode()
        text = api_client(world.bo).get(path).content.decode()
        assert ("blue-heron" in text, "checkout" in text) == (False, True)
    shown = signed_in(world.bo).get(f"/statuspages/{page.slug}/components/").content.decode()
    assert secret.name not in shown
    other = make_team("Third", manager=world.zoe)
    StatusPage.objects.filter(pk=page.pk).update(team=other)
    # A manager who does not see the service does not take it away by saving the rest.
    actions.edit_component(
        actor=world.actor("zoe"), component_id=web.pk, service_ids=[world.service.pk], name="Web"
    )
    assert set(web.services.all()) == {secret, world.service}


def test_a_paused_hook_is_not_handed_to_whoever_names_its_address() -> None:
    world = make_world()
    page = make_page(world)
    row = subscriber(page, "https://hooks.example.net/in", kind="webhook", state="quarantined", failures=10)
    ask(page=page, kind="webhook", address="https://hooks.example.net/in", contact="thief@example.net")
    row.refresh_from_db()
    assert (row.state, row.contact, row.messages.count()) == ("quarantined", "", 0)


def test_followers_of_one_notice_are_not_exported_as_those_of_the_page() -> None:
    world = make_world()
    page = make_page(world)
    subscriber(page, "reader@example.net")
    Subscriber.objects.create(
        page=page, address="x", address_digest="x", notice=tell(world, page), state="active"
    )
    assert len(list(export(actor=world.actor("ada"), page_id=page.pk))) == 2


def test_a_host_of_this_installation_is_no_domain_of_a_page(settings: Any) -> None:
    world = make_world()
    page = make_page(world)
    settings.ALLOWED_HOSTS = ["watchbill.internal.example", "localhost"]
    for host in ("watchbill.internal.example", "WATCHBILL.internal.example."):
        with pytest.raises(InvalidInput):
            actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(domain=host))


def test_a_logo_that_was_taken_away_is_not_served_any_more(serve: Store) -> None:
    world = make_world()
    page, ada = make_page(world), world.actor("ada")
    actions.set_logo(actor=ada, page_id=page.pk, content=png(40, 20))
    actions.set_logo(actor=ada, page_id=page.pk, content=b"")
    serve.refresh()
    assert [path for path in serve.pages["shop"].files if "logo" in path] == []


def test_a_table_of_another_page_makes_nobody_agree_who_had_not() -> None:
    world = make_world()
    page = make_page(world)
    states = ("active", "ended", "pending", "bounced")
    text = "address,state\n" + "".join(f"{state}@example.net,{state}\n" for state in states)
    plan = apply_import(actor=world.actor("ada"), page_id=page.pk, text=text, agreed=True)
    assert [row.what for row in plan.rows] == ["active", "asked", "asked", "asked"]


def test_addresses_of_chat_rooms_are_shown_to_nobody() -> None:
    world = make_world()
    page = make_page(world)
    subscriber(page, "https://hooks.slack.example/services/T0/B0/secret", kind="slack")
    (row,) = api_client(world.ada).get("/api/v1/status-pages/shop/subscribers/").json()["results"]
    assert row["address"] == "hooks.slack.example"


def test_an_update_names_further_components_without_setting_them(serve: Store) -> None:
    world = make_world()
    page = make_page(world, parts=("Website", "Search"))
    told = tell(world, page)
    say(world, told, "Search too.", component_ids=[part(page, "Search").pk])
    serve.refresh()
    (row,) = document("incidents.json")["incidents"]
    assert [(each["name"], each["status"]) for each in row["components"]] == [
        ("Website", "operational"),
        ("Search", "operational"),
    ]


def test_a_component_set_by_hand_from_now_on_stays_as_it_is() -> None:
    world = make_world()
    page = make_page(world)
    web, ada = part(page), world.actor("ada")
    actions.edit_component(actor=ada, component_id=web.pk, follows="incidents")
    Component.objects.filter(pk=web.pk).update(status="major_outage")
    row = actions.edit_component(actor=ada, component_id=web.pk, follows="hand")
    assert (row.status, row.override) == ("major_outage", "major_outage")
    row = actions.set_component_status(actor=ada, component_id=web.pk, status="operational")
    assert (row.status, row.override) == ("operational", "")


def test_words_that_wait_are_among_what_needs_a_manager() -> None:
    world = make_world()
    page = needing_approval(world)
    told = tell(world, page, title="Orders fail")
    shown = {
        name: "Orders fail" in signed_in(getattr(world, name)).get("/").content.decode()
        for name in ("ada", "bo", "zoe")
    }
    assert shown == {"ada": True, "bo": False, "zoe": False}
    actions.approve_words(actor=world.actor("ada"), update_id=told.updates.get().pk)
    assert "Orders fail" not in signed_in(world.ada).get("/").content.decode()

"""The manage pages do what they say, name the field that is wrong, and cost the same for any number of rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from statuspage import actions
from statuspage.actions import Window
from statuspage.models import (
    Component,
    ComponentGroup,
    Metric,
    Notice,
    NoticeTemplate,
    NoticeUpdate,
    PageLogo,
    StatusPage,
    StatusSnapshot,
    UptimeCorrection,
)
from tests.factories import signed_in
from tests.incidents.pictures import gif, png
from tests.statuspage.support import make_page, part, tell
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db
BASE = "/statuspages/shop/"
EVIL = "<script>alert(1)</script>"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def shop(world: World) -> StatusPage:
    return make_page(world)


@pytest.fixture
def ada(world: World) -> Client:
    return signed_in(world.ada)


@pytest.fixture
def bo(world: World) -> Client:
    return signed_in(world.bo)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def saved(answer: Any, to: str = "") -> None:
    assert (answer.status_code, answer.url.partition("#")[0]) == (302, f"{BASE}{to}"), text(answer)


def faulty(answer: Any, *fields: str, form: str = "form") -> None:
    """Refused with the fields named, and the form shown again."""
    assert answer.status_code == 422
    assert set(answer.context[form].errors) == set(fields)


def settings(**values: Any) -> dict[str, Any]:
    usual = {
        "name": "Shop", "access": "public", "languages": ["en"], "first": "en", "time_zone": "UTC",
        "shows_uptime": "on", "takes_subscribers": "on",
    }  # fmt: skip
    return {**usual, **values}


def picture(size: tuple[int, int] = (40, 20)) -> SimpleUploadedFile:
    return SimpleUploadedFile("logo.png", png(*size), "image/png")


def test_a_page_is_made_and_taken_away(world: World, ada: Client) -> None:
    new = "/statuspages/new/"
    given = {"name": "Our Shop", "team": world.team.pk, "time_zone": "Europe/Berlin"}
    saved_at = ada.post(new, given)
    shop = StatusPage.objects.get()
    assert (saved_at.status_code, saved_at.url, shop.slug) == (
        302,
        "/statuspages/our-shop/components/",
        "our-shop",
    )
    faulty(ada.post(new, given), "slug")
    faulty(ada.post(new, given | {"slug": "new"}), "slug")
    faulty(ada.post(new, {"name": " ", "team": 0, "time_zone": "Mars/Base"}), "name", "team", "time_zone")
    remove = "/statuspages/our-shop/settings/remove/"
    faulty(ada.post(remove, {"confirm": "Our Shop"}), "confirm", form="remove_form")
    assert StatusPage.objects.count() == 1
    assert ada.post(remove, {"confirm": "our-shop"}).url == "/statuspages/"
    assert StatusPage.objects.count() == 0


def test_settings(world: World, shop: StatusPage, ada: Client) -> None:
    url = f"{BASE}settings/"
    assert 'name="first"' in text(ada.get(url))
    wanted = settings(
        name="Our shop", languages=["en", "de", "ja"], first="de", domain="Status.Example.com",
        accent="#0F6670", time_zone="Asia/Tokyo", home_url="https://example.com", hidden_from_search="on",
    )  # fmt: skip
    saved(ada.post(url, wanted), "settings/")
    shop.refresh_from_db()
    assert (shop.name, shop.languages, shop.domain) == ("Our shop", ["de", "en", "ja"], "status.example.com")
    assert (shop.accent, shop.time_zone, shop.hidden_from_search) == ("#0f6670", "Asia/Tokyo", True)
    # A box that is not ticked is sent as nothing.
    saved(ada.post(url, settings(first="fr", languages=["en"]) | {"takes_subscribers": ""}), "settings/")
    shop.refresh_from_db()
    assert (shop.languages, shop.domain, shop.takes_subscribers) == (["fr", "en"], None, False)

    make_page(world, "other")
    saved(ada.post(url, settings(domain="a.example.com")), "settings/")
    for values, field in (
        ({"domain": "a.example.com"}, "domain"),
        ({"domain": "not a host"}, "domain"),
        ({"access": "password"}, "password"),
        ({"access": "password", "password": "short"}, "password"),
        ({"accent": "red"}, "accent"),
        ({"home_url": "javascript:alert(1)"}, "home_url"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"languages": []}, "languages"),
        ({"first": "tlh"}, "first"),
    ):
        faulty(ada.post("/statuspages/other/settings/", settings(**values)), field)
    secret = "a long password"
    saved(ada.post(url, settings(access="password", password=secret)), "settings/")
    shop.refresh_from_db()
    kept = shop.password
    assert secret not in kept
    saved(ada.post(url, settings(access="password")), "settings/")
    shop.refresh_from_db()
    assert (shop.password, secret in text(ada.get(url))) == (kept, False)


def test_the_logo(shop: StatusPage, ada: Client) -> None:
    url = f"{BASE}settings/logo/"
    saved(ada.post(url, {"logo": picture()}), "settings/")
    logo = PageLogo.objects.get()
    assert (logo.content_type, logo.width, logo.height) == ("image/png", 40, 20)
    assert "40 × 20" in text(ada.get(f"{BASE}settings/"))
    junk = SimpleUploadedFile("logo.png", b"\x89PNG\r\n\x1a\n" + b"x" * 50, "image/png")
    script = SimpleUploadedFile("logo.svg", f"<svg>{EVIL}</svg>".encode(), "image/svg+xml")
    moving = SimpleUploadedFile("logo.gif", gif(), "image/gif")
    large = SimpleUploadedFile("logo.png", b"\x89PNG" + b"x" * 600_000, "image/png")
    for wrong in (junk, script, large, picture((2100, 4)), moving):
        faulty(ada.post(url, {"logo": wrong}), "logo", form="logo_form")
    faulty(ada.post(url, {}), "logo", form="logo_form")
    assert bytes(PageLogo.objects.get().content) == bytes(logo.content)
    saved(ada.post(url, {"do": "remove"}), "settings/")
    assert PageLogo.objects.count() == 0


def test_components_and_groups(world: World, shop: StatusPage, ada: Client, bo: Client) -> None:
    given = {"name": "Search", "follows": "incidents", "services": [world.service.pk], "showcase": "on"}
    saved(ada.post(f"{BASE}components/new/", given), "components/")
    search = part(shop, "Search")
    assert (search.follows, list(search.services.all()), search.showcase) == (
        "incidents",
        [world.service],
        True,
    )
    url = f"{BASE}components/{search.public_id}/"
    for wrong, field in (
        ({"name": "Website"}, "name"),
        ({"name": ""}, "name"),
        ({"follows": "stars"}, "follows"),
        ({"services": [0]}, "services"),
        ({"group": 0}, "group"),
        ({"start_date": "0001-01-01"}, "start_date"),
    ):
        faulty(ada.post(url, given | wrong), field)
    saved(ada.post(f"{BASE}groups/", {"name": "Pay", "folded": "on"}), "components/")
    group = ComponentGroup.objects.get()
    faulty(ada.post(f"{BASE}groups/", {"name": "Pay"}), "name")
    saved(ada.post(f"{BASE}groups/{group.public_id}/save/", {"name": "Payments"}), "components/")
    saved(
        ada.post(url, given | {"name": "Find", "group": group.pk, "start_date": "2026-01-02"}), "components/"
    )
    search.refresh_from_db()
    group.refresh_from_db()
    assert (search.name, search.group, search.start_date) == ("Find", group, dt.date(2026, 1, 2))
    assert (group.name, group.folded) == ("Payments", False)
    shown = text(bo.get(f"{BASE}components/"))
    assert "Payments" in shown
    assert "Checkout" in shown

    saved(bo.post(f"{url}set/", {"status": "partial_outage"}), "components/")
    saved(bo.post(f"{url}set/", {"status": "partial_outage"}), "components/")
    search.refresh_from_db()
    assert (search.status, search.override) == ("partial_outage", "partial_outage")
    assert "Set by hand" in text(bo.get(f"{BASE}components/"))
    assert bo.post(f"{url}set/", {"status": "broken"}).status_code == 422
    saved(bo.post(f"{url}set/", {"status": ""}), "components/")
    search.refresh_from_db()
    assert (search.status, search.override) == ("operational", "")

    saved(ada.post(f"{BASE}groups/{group.public_id}/save/", {"do": "remove"}), "components/")
    search.refresh_from_db()
    assert search.group is None
    saved(ada.post(f"{url}remove/"), "components/")
    assert [row.name for row in shop.components.all()] == ["Website"]
    assert ada.post(f"{url}remove/").status_code == 404


def test_up_and_down(world: World, shop: StatusPage, ada: Client) -> None:
    actor = world.actor("ada")
    group = actions.add_group(actor=actor, page_id=shop.pk, name="Payments")
    for name in ("Cards", "Invoices"):
        actions.add_component(actor=actor, page_id=shop.pk, name=name, group_id=group.pk)
    actions.add_component(actor=actor, page_id=shop.pk, name="Mail")

    def order() -> list[str]:
        rows = [*shop.groups.all(), *shop.components.all()]
        return [row.name for row in sorted(rows, key=lambda row: row.position)]

    def move(row: Any, to: str) -> list[str]:
        saved(ada.post(f"{BASE}arrange/{row.public_id}/", {"to": to}), "components/")
        return order()

    assert order() == ["Website", "Payments", "Cards", "Invoices", "Mail"]
    # What stands in a group moves within it; ends stay ends.
    assert move(part(shop, "Invoices"), "up") == ["Website", "Payments", "Invoices", "Cards", "Mail"]
    assert move(part(shop, "Invoices"), "up") == ["Website", "Payments", "Invoices", "Cards", "Mail"]
    assert move(group, "up") == ["Payments", "Website", "Invoices", "Cards", "Mail"]
    assert move(part(shop, "Mail"), "down") == ["Payments", "Website", "Invoices", "Cards", "Mail"]
    assert move(part(shop, "Mail"), "up") == ["Payments", "Mail", "Invoices", "Cards", "Website"]
    assert ada.post(f"{BASE}arrange/zzzzzzzzzzzz/", {"to": "up"}).status_code == 404


def test_a_notice_from_a_template(world: World, shop: StatusPage, ada: Client, bo: Client) -> None:
    actions.add_component(actor=world.actor("ada"), page_id=shop.pk, name="Search")
    web, search = part(shop), part(shop, "Search")
    ready = {
        "name": "Slow",
        "kind": "incident",
        "title": "{{ components }} slow",
        "body": "{{ page }}: {{ components }}",
    }
    saved(ada.post(f"{BASE}templates/new/", ready), "templates/")
    faulty(ada.post(f"{BASE}templates/new/", ready), "name")
    faulty(ada.post(f"{BASE}templates/new/", ready | {"body": " ", "kind": "x"}), "body", "kind")
    template = NoticeTemplate.objects.get()
    NoticeTemplate.objects.update(status="identified")
    saved(ada.post(f"{BASE}templates/{template.pk}/", ready | {"name": "Slowness"}), "templates/")
    template.refresh_from_db()
    assert (template.name, template.status) == ("Slowness", "identified")
    assert "Slowness" in text(bo.get(f"{BASE}templates/"))

    shown = text(bo.get(f"{BASE}notices/new/?template={template.pk}"))
    assert "{{ components }} slow" in shown
    given = {
        "title": template.title, "body": template.body, "status": "identified", "deliver": "on",
        f"part_{web.public_id}": "-", f"part_{search.public_id}": "partial_outage",
    }  # fmt: skip
    seen = text(bo.post(f"{BASE}notices/preview/", given))
    assert "Website, Search slow" in seen
    assert "{{" not in seen
    assert bo.post(f"{BASE}notices/new/", given).status_code == 302
    notice = Notice.objects.get()
    assert (notice.title, notice.updates.get().body) == ("Website, Search slow", "Shop: Website, Search")
    assert (notice.status, notice.impact, notice.components.count()) == ("identified", "major", 2)
    search.refresh_from_db()
    assert search.status == "partial_outage"
    for wrong, field in (
        ({"title": " "}, "title"),
        ({"body": ""}, "body"),
        ({"status": "completed"}, "status"),
        ({"next_update_at": "2001-01-01T10:00"}, "next_update_at"),
        ({"eta_at": "9999-12-31T23:59"}, "eta_at"),
        ({f"part_{web.public_id}": "broken"}, f"part_{web.public_id}"),
    ):
        faulty(bo.post(f"{BASE}notices/new/", given | wrong), field)
    assert Notice.objects.count() == 1
    saved(ada.post(f"{BASE}templates/{template.pk}/remove/"), "templates/")
    assert NoticeTemplate.objects.count() == 0


def test_the_preview_escapes_and_stores_nothing(shop: StatusPage, bo: Client) -> None:
    before = (Notice.objects.count(), StatusSnapshot.objects.count())
    given = {
        "title": EVIL,
        "body": f"{EVIL}\x00 https://example.com/a",
        f"part_{part(shop).public_id}": "major_outage",
    }
    shown = text(bo.post(f"{BASE}notices/preview/", given))
    # Once for the document inside the frame, once for the attribute it stands in.
    assert "<script" not in shown
    assert "&lt;script" not in shown
    assert "&amp;lt;script&amp;gt;alert(1)" in shown
    assert "sandbox" in shown
    assert "Website" in shown
    odd = {"status": "x", "impact": "y", "eta_at": "9999-12-31T23:59", "scheduled_for": "0001-01-01T00:00"}
    for values in ({}, odd, {"next_update_at": "2026-11-20T10:00+14:00"}, {"body": "x" * 30_000}):
        assert bo.post(f"{BASE}notices/preview/", values).status_code == 200
    assert (Notice.objects.count(), StatusSnapshot.objects.count()) == before


def test_what_is_said_about_a_notice(world: World, shop: StatusPage, ada: Client, bo: Client) -> None:
    web = part(shop)
    told = tell(world, shop, title=EVIL)
    url = f"{BASE}notices/{told.public_id}/"
    back = f"notices/{told.public_id}/"
    assert EVIL not in text(bo.get(url))
    more = {"status": "identified", "body": "A broken cable.", f"part_{web.public_id}": "major_outage"}
    saved(bo.post(f"{url}say/", more), back)
    web.refresh_from_db()
    said = told.updates.first()
    assert (web.status, said.body, said.deliver) == ("major_outage", "A broken cable.", False)
    faulty(bo.post(f"{url}say/", more | {"body": " ", "status": "scheduled"}), "body", "status")
    saved(bo.post(f"{url}edit/", {"title": "Orders fail", "impact": "minor"}), back)
    faulty(bo.post(f"{url}edit/", {"title": " ", "impact": "huge"}), "title", "impact", form="edit_form")
    told.refresh_from_db()
    assert (told.title, told.impact, told.impact_override) == ("Orders fail", "minor", "minor")
    correct = f"{BASE}words/{said.public_id}/correct/"
    saved(ada.post(correct, {"body": "A broken wire."}), back)
    saved(ada.post(correct, {"body": " "}), back)
    said.refresh_from_db()
    assert (said.body, said.edited_at is not None) == ("A broken wire.", True)
    saved(bo.post(f"{url}say/", {"status": "resolved", "body": "Over."}), back)
    web.refresh_from_db()
    assert web.status == "operational"
    assert "Add the postmortem" in text(bo.get(url))
    assert bo.post(f"{url}say/", {"status": "postmortem", "body": "Why it broke."}).status_code == 302
    assert bo.post(f"{url}say/", {"status": "postmortem", "body": "Again."}).status_code in (409, 422)
    saved(ada.post(f"{url}remove/"))
    assert Notice.objects.count() == 0


def test_a_manager_looks_first(shop: StatusPage, ada: Client, bo: Client) -> None:
    saved(ada.post(f"{BASE}settings/", settings(needs_approval="on")), "settings/")
    given = {"title": "Orders fail", "body": "Soon.", "status": "investigating"}
    for _each in range(2):
        assert bo.post(f"{BASE}notices/new/", given).status_code == 302
    first, second = NoticeUpdate.objects.order_by("pk")
    assert text(bo.get(BASE)).count("A manager of the team decides.") == 2
    decide = f"{BASE}words/{first.public_id}/decide/"
    saved(ada.post(decide, {"do": "refuse", "reason": " "}), f"notices/{first.notice.public_id}/")
    first.refresh_from_db()
    assert first.state == "waiting"
    ada.post(decide, {"do": "refuse", "reason": "Say it plainly."})
    ada.post(f"{BASE}words/{second.public_id}/decide/", {"do": "approve"})
    assert list(NoticeUpdate.objects.order_by("pk").values_list("state", flat=True)) == [
        "refused",
        "published",
    ]
    assert "Say it plainly." in text(bo.get(f"{BASE}notices/{first.notice.public_id}/"))
    assert ada.post(decide, {"do": "approve"}).status_code == 409


def test_planned_work_is_written_moved_and_called_off(shop: StatusPage, bo: Client) -> None:
    day = (clock.now() + 48 * HOUR).date()
    given = {
        "title": "Upgrade", "body": "We upgrade.", "scheduled_for": f"{day}T01:00", "scheduled_until": f"{day}T02:00",
        "auto_start": "on", "auto_end": "on", "remind": ["60"], "repeats": "weekly", "deliver": "on",
        f"part_{part(shop).public_id}": "-",
    }  # fmt: skip
    new = f"{BASE}notices/new/?kind=maintenance"
    for wrong, field in (
        ({"scheduled_until": f"{day}T01:00"}, "scheduled_until"),
        ({"scheduled_for": ""}, "scheduled_for"),
        ({"scheduled_for": "0001-01-01T00:00"}, "scheduled_for"),
        ({"scheduled_for": "9999-12-31T22:00", "scheduled_until": "9999-12-31T23:00"}, "scheduled_for"),
        ({"remind": ["7"]}, "remind"),
        ({"repeats": "hourly"}, "repeats"),
    ):
        faulty(bo.post(new, given | wrong), field)
    assert bo.post(new, given).status_code == 302
    work = Notice.objects.get()
    assert (work.status, work.remind_minutes, work.repeats, work.auto_end) == (
        "scheduled",
        [60],
        "weekly",
        True,
    )
    url = f"{BASE}notices/{work.public_id}/"
    move = {"scheduled_for": f"{day}T03:00", "scheduled_until": f"{day}T05:00"}
    faulty(
        bo.post(f"{url}move/", move | {"scheduled_until": f"{day}T03:00"}),
        "scheduled_until",
        form="move_form",
    )
    saved(bo.post(f"{url}move/", move), f"notices/{work.public_id}/")
    work.refresh_from_db()
    assert (work.scheduled_until - work.scheduled_for, work.updates.count()) == (2 * HOUR, 2)
    saved(bo.post(f"{url}cancel/", {"body": "Not tonight."}), f"notices/{work.public_id}/")
    work.refresh_from_db()
    assert (work.status, work.updates.first().body) == ("completed", "Not tonight.")
    assert "Called off" in text(bo.get(url))
    assert bo.post(f"{url}cancel/").status_code == 409


def test_corrections_and_numbers(shop: StatusPage, ada: Client) -> None:
    now = clock.now()
    stamps = {
        name: (now - hours * HOUR).strftime("%Y-%m-%dT%H:%M") for name, hours in (("since", 3), ("until", 2))
    }
    given = {"component": part(shop).pk, "status": "operational", "reason": "A test.", **stamps}
    url = f"{BASE}figures/corrections/"
    for wrong, field in (
        ({"until": stamps["since"]}, "until"),
        ({"since": "0001-01-01T00:00"}, "since"),
        ({"reason": ""}, "reason"),
        ({"component": 0}, "component"),
    ):
        faulty(ada.post(url, given | wrong), field, form="correction_form")
    saved(ada.post(url, given), "figures/")
    row = UptimeCorrection.objects.get()
    assert "A test." in text(ada.get(f"{BASE}figures/"))
    saved(ada.post(f"{url}{row.pk}/"), "figures/")
    assert UptimeCorrection.objects.count() == 0
    saved(ada.post(f"{BASE}figures/metrics/", {"name": "Latency", "suffix": "ms", "decimals": 1}), "figures/")
    faulty(
        ada.post(f"{BASE}figures/metrics/", {"name": "Latency", "decimals": 9}),
        "decimals",
        form="metric_form",
    )
    faulty(
        ada.post(f"{BASE}figures/metrics/", {"name": "Latency", "decimals": 0}), "name", form="metric_form"
    )
    metric = Metric.objects.get()
    assert f"/metrics/{metric.public_id}/points/" in text(ada.get(f"{BASE}figures/"))
    saved(ada.post(f"{BASE}figures/metrics/{metric.public_id}/"), "figures/")
    assert Metric.objects.count() == 0


def add_one_of_each(world: World, shop: StatusPage, number: int) -> None:
    ada, now = world.actor("ada"), clock.now()
    make_page(world, f"shop-{number}")
    service = make_service(world.team, f"service-{number}")
    group = actions.add_group(actor=ada, page_id=shop.pk, name=f"Group {number}")
    for name, group_id in (("Inside", group.pk), ("Alone", None)):
        row = actions.add_component(
            actor=ada, page_id=shop.pk, name=f"{name} {number}", group_id=group_id, service_ids=[service.pk]
        )
    parts = {"component_ids": [row.pk], "statuses": {row.pk: "partial_outage"}, "now": now}
    tell(world, shop, title=f"Open {number}", **parts)
    tell(world, shop, title=f"Over {number}", status="resolved", component_ids=[row.pk])
    window = Window(starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    tell(
        world,
        shop,
        title=f"Planned {number}",
        kind="maintenance",
        window=window,
        component_ids=[row.pk],
        now=now,
    )
    StatusPage.objects.filter(pk=shop.pk).update(needs_approval=True)
    tell(world, shop, title=f"Waiting {number}")
    StatusPage.objects.filter(pk=shop.pk).update(needs_approval=False)
    actions.save_template(actor=ada, page_id=shop.pk, name=f"Template {number}", title="T", body="B")
    actions.correct_uptime(
        actor=ada, component_id=row.pk, since=now - HOUR, until=now, status="operational", reason="R", now=now
    )


def test_lists_cost_the_same_for_any_number_of_rows(world: World, shop: StatusPage, ada: Client) -> None:
    paths = (
        "/statuspages/",
        *(f"{BASE}{name}" for name in ("", "components/", "log/", "figures/", "templates/")),
    )

    def counts() -> dict[str, int]:
        found = {}
        for path in paths:
            with CaptureQueriesContext(
                connection,
            ) as caught:
                assert ada.get(path).status_code == 200
            found[path] = len(caught)
        return found

    add_one_of_each(world, shop, 1)
    counts()
    one = counts()
    add_one_of_each(world, shop, 2)
    add_one_of_each(world, shop, 3)
    assert counts() == one
    assert Component.objects.filter(page=shop).count() == 7
    shown = text(ada.get(BASE))
    for title in ("Open 3", "Over 3", "Planned 3", "Waiting 3"):
        assert title in shown

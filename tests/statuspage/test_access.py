"""Who may do what on the manage side and through the API: every address, everybody, and nothing half-done."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver

from core import clock
from statuspage import actions, urls
from statuspage.actions import PageSettings, Window
from statuspage.models import (
    Component,
    ComponentGroup,
    Metric,
    MetricPoint,
    Notice,
    NoticeTemplate,
    NoticeUpdate,
    PageLogo,
    StatusPage,
    StatusSnapshot,
    UptimeCorrection,
)
from tests.factories import api_client, signed_in
from tests.incidents.support import declare
from tests.statuspage.support import make_page, part, tell
from tests.world import make_world

pytestmark = pytest.mark.django_db
EVERYBODY = ("root", "ada", "bo", "sam", "zoe")
HOUR = dt.timedelta(hours=1)
# Who may, of those who see the page.
ALL, PUBLISH, MANAGE = frozenset(EVERYBODY), frozenset({"root", "ada", "bo"}), frozenset({"root", "ada"})
KINDS = (
    StatusPage, PageLogo, StatusSnapshot, Component, ComponentGroup, Notice, NoticeUpdate, NoticeTemplate,
    UptimeCorrection, Metric, MetricPoint,
)  # fmt: skip


class Scene:
    """A page with one of everything, and the addresses of it all."""

    def __init__(self, visibility: str) -> None:
        self.world = world = make_world(visibility)
        ada, bo, now = world.actor("ada"), world.actor("bo"), clock.now()
        self.page = page = make_page(world)
        web = part(page)
        group = actions.add_group(actor=ada, page_id=page.pk, name="Payments")
        metric = actions.add_metric(actor=ada, page_id=page.pk, name="Latency", suffix="ms")
        template = actions.save_template(actor=ada, page_id=page.pk, name="Slow", title="Slow", body="Slow.")
        correction = actions.correct_uptime(
            actor=ada, component_id=web.pk, since=now - 2 * HOUR, until=now - HOUR, status="operational",
            reason="A test.", now=now,
        )  # fmt: skip
        window = Window(starts_at=now + HOUR, ends_at=now + 2 * HOUR)
        work = tell(world, page, title="Upgrade", kind="maintenance", window=window, now=now)
        told = tell(world, page)
        actions.set_page(actor=ada, page_id=page.pk, settings=PageSettings(needs_approval=True))
        waiting = actions.update_notice(actor=bo, notice_id=told.pk, words=actions.Words(body="More."))
        self.names = {
            "slug": page.slug,
            "component": web.public_id,
            "group": group.public_id,
            "metric": metric.public_id,
            "template": template.pk,
            "correction": correction.pk,
            "work": work.public_id,
            "notice": told.public_id,
            "waiting": waiting.updates.get(state="waiting").public_id,
            "said": told.updates.get(state="published").public_id,
            "incident": declare(world).number,
            "until": (now + 3 * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "since": (now - 5 * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "then": (now - 4 * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self.web = web

    def may_see(self, who: str | None) -> bool:
        return who is not None and (self.world.team.visibility == "organisation" or who in PUBLISH)

    def state(self) -> list[list[dict[str, Any]]]:
        return [list(kind.objects.order_by("pk").values()) for kind in KINDS]


@pytest.fixture(params=["organisation", "members"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


def filled(value: Any, names: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {filled(key, names): filled(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [filled(entry, names) for entry in value]
    return value.format(**names) if isinstance(value, str) else value


# Address below the page, its name in `urls`, who may read it, who may post and what.
PAGES: tuple[tuple[str, str, frozenset[str] | None, frozenset[str] | None, dict[str, Any]], ...] = (
    ("", "manage", ALL, None, {}),
    ("settings/", "settings", MANAGE, MANAGE, {}),
    ("settings/logo/", "logo", None, MANAGE, {"do": "remove"}),
    ("settings/remove/", "remove", None, MANAGE, {"confirm": "wrong"}),
    ("log/", "log", ALL, None, {}),
    ("components/", "components", ALL, None, {}),
    ("components/new/", "component_new", MANAGE, MANAGE, {"name": "New", "follows": "hand"}),
    ("components/{component}/", "component", MANAGE, MANAGE, {"name": "Site", "follows": "hand"}),
    ("components/{component}/set/", "component_set", None, PUBLISH, {"status": "major_outage"}),
    ("components/{component}/remove/", "component_remove", None, MANAGE, {}),
    ("arrange/{component}/", "arrange", None, MANAGE, {"to": "down"}),
    ("groups/", "group_new", None, MANAGE, {"name": "Group"}),
    ("groups/{group}/", "group", MANAGE, None, {}),
    ("groups/{group}/save/", "group_save", None, MANAGE, {"name": "Changed"}),
    ("notices/new/", "notice_new", PUBLISH, PUBLISH, {"title": "T", "body": "B", "status": "identified"}),
    ("notices/backfill/", "backfill", MANAGE, MANAGE, {
        "title": "T", "impact": "minor", "first_words": "A", "last_words": "B",
        "began_at": "2026-11-10T10:00", "ended_at": "2026-11-10T11:00",
    }),
    ("notices/preview/", "notice_preview", None, ALL, {"title": "T"}),
    ("notices/{notice}/", "notice", ALL, None, {}),
    ("notices/{notice}/say/", "notice_say", None, PUBLISH, {"status": "identified", "body": "B"}),
    ("notices/{notice}/edit/", "notice_edit", None, PUBLISH, {"title": "Changed"}),
    ("notices/{work}/move/", "notice_move", None, PUBLISH, {"scheduled_until": "{until}"}),
    ("notices/{work}/cancel/", "notice_cancel", None, PUBLISH, {}),
    ("notices/{notice}/remove/", "notice_remove", None, MANAGE, {}),
    ("words/{waiting}/decide/", "words_decide", None, MANAGE, {"do": "refuse", "reason": "No."}),
    ("words/{said}/correct/", "words_correct", None, MANAGE, {"body": "Right."}),
    ("figures/", "figures", ALL, None, {}),
    ("figures/corrections/", "correct", None, MANAGE, {}),
    ("figures/corrections/{correction}/", "withdraw", None, MANAGE, {}),
    ("figures/metrics/", "metric_new", None, MANAGE, {"name": "Number", "decimals": 0}),
    ("figures/metrics/{metric}/", "metric_remove", None, MANAGE, {}),
    ("templates/", "templates", ALL, None, {}),
    ("templates/new/", "template_new", MANAGE, MANAGE, {"name": "N", "kind": "incident", "title": "T", "body": "B"}),
    ("templates/{template}/", "template", MANAGE, MANAGE, {"name": "C", "kind": "incident", "title": "T", "body": "B"}),
    ("templates/{template}/remove/", "template_remove", None, MANAGE, {}),
)  # fmt: skip
# What this table leaves out is looked at elsewhere: subscribers, and what is no page's own.
ELSEWHERE = frozenset({"list", "new", "panel", "from_incident", "unlock", "read"})


def test_every_address_is_in_the_table() -> None:
    def names(patterns: Any) -> set[str]:
        found: set[str] = set()
        for row in patterns:
            if isinstance(row, URLPattern):
                found.add(str(row.name))
            elif isinstance(row, URLResolver) and isinstance(row.urlconf_name, list):
                found |= names(row.url_patterns)
        return found

    assert names(urls.urlpatterns) - ELSEWHERE == {row[1] for row in PAGES}


def test_pages(scene: Scene) -> None:
    """A refusal is known by its number and leaves everything as it was."""
    browsers = {who: signed_in(getattr(scene.world, who)) for who in EVERYBODY} | {None: signed_in(None)}
    wrong: list[str] = []
    before = scene.state()
    for path, _name, readers, writers, body in PAGES:
        url = f"/statuspages/shop/{path}".format(**scene.names)
        for who, browser in browsers.items():
            wanted: dict[str, tuple[int, ...]] = {}
            for method, allowed in (("GET", readers), ("POST", writers)):
                if who is None:
                    wanted[method] = (302,)
                elif allowed is None and method == "GET":
                    wanted[method] = (405,)
                elif allowed is not None and not scene.may_see(who):
                    wanted[method] = (404,)
                elif allowed is not None and who not in allowed:
                    wanted[method] = (403,)
                elif allowed is not None and method == "GET":
                    wanted[method] = (200,)
            for method, codes in wanted.items():
                data = filled(body, scene.names)
                answer = browser.get(url) if method == "GET" else browser.post(url, data)
                if answer.status_code not in codes:
                    wrong.append(f"{method} {path} as {who}: {answer.status_code}, not {codes}")
                if who is None and not answer.url.startswith("/accounts/login/"):
                    wrong.append(f"{method} {path} signed out: to {answer.url}")
    assert wrong == []
    assert scene.state() == before


def test_pages_beside_the_page(scene: Scene) -> None:
    number = scene.names["incident"]
    found: dict[str | None, list[int]] = {}
    for who in (*EVERYBODY, None):
        browser = signed_in(getattr(scene.world, who) if who else None)
        listed = browser.get("/statuspages/")
        paths = (
            "/statuspages/new/",
            f"/statuspages/panel/{number}/",
            f"/statuspages/from-incident/{number}/",
        )
        found[who] = [listed.status_code, *(browser.get(path).status_code for path in paths)]
        assert (b"/statuspages/shop/" in listed.content) == scene.may_see(who)
        if who:
            panel = browser.get(paths[1])
            shown = b"Orders fail" in panel.content
            assert shown is False
    stranger = 200 if scene.may_see("zoe") else 404
    told = 403 if scene.may_see("zoe") else 404
    # Support reads every incident, whoever's it is, but no members-only team's.
    assert found == {
        "root": [200] * 4,
        "ada": [200] * 4,
        "bo": [200, 403, 200, 200],
        "sam": [200, 403, stranger, told],
        "zoe": [200, 403, stranger, told],
        None: [302] * 4,
    }


# Method, address below the page, who may, what is sent.
API: tuple[tuple[str, str, frozenset[str], dict[str, Any] | None], ...] = (
    ("get", "", ALL, None),
    ("patch", "", MANAGE, {"name": "Mine"}),
    ("delete", "?confirm=wrong", MANAGE, None),
    ("get", "components/", ALL, None),
    ("post", "components/", MANAGE, {"name": "New"}),
    ("patch", "components/{component}/", MANAGE, {"name": "New"}),
    ("delete", "components/{component}/", MANAGE, None),
    ("post", "components/{component}/set-status/", PUBLISH, {"status": "major_outage"}),
    ("post", "groups/", MANAGE, {"name": "G"}),
    ("patch", "groups/{group}/", MANAGE, {"name": "G"}),
    ("delete", "groups/{group}/", MANAGE, None),
    ("post", "arrange/", MANAGE, {"order": ["{component}", "{group}"]}),
    ("get", "metrics/", ALL, None),
    ("post", "metrics/", MANAGE, {"name": "N"}),
    ("delete", "metrics/{metric}/", MANAGE, None),
    ("post", "metrics/{metric}/points/", PUBLISH, {"points": [{"at": "{since}", "value": 1}]}),
    ("get", "corrections/", ALL, None),
    (
        "post",
        "corrections/",
        MANAGE,
        {
            "component": "{component}",
            "since": "{since}",
            "until": "{then}",
            "status": "operational",
            "reason": "R",
        },
    ),
    ("delete", "corrections/{correction}/", MANAGE, None),
    ("get", "templates/", ALL, None),
    ("post", "templates/", MANAGE, {"name": "N", "title": "T", "body": "B"}),
    ("put", "templates/{template}/", MANAGE, {"name": "N", "title": "T", "body": "B"}),
    ("delete", "templates/{template}/", MANAGE, None),
    ("get", "versions/", ALL, None),
    ("get", "uptime/", ALL, None),
    ("get", "notices/", ALL, None),
    ("post", "notices/", PUBLISH, {"title": "T", "body": "B"}),
    ("post", "notices/from-incident/", PUBLISH, {"incident": "{incident}", "title": "T", "body": "B"}),
    (
        "post",
        "notices/backfill/",
        MANAGE,
        {"title": "T", "updates": [{"at": "{since}", "status": "resolved", "body": "B"}]},
    ),
    ("get", "notices/{notice}/", ALL, None),
    ("patch", "notices/{notice}/", PUBLISH, {"title": "T"}),
    ("delete", "notices/{notice}/", MANAGE, None),
    ("post", "notices/{notice}/updates/", PUBLISH, {"body": "B"}),
    ("post", "notices/{work}/move/", PUBLISH, {"scheduled_until": "{until}"}),
    ("post", "notices/{work}/cancel/", PUBLISH, {}),
    ("patch", "notices/updates/{said}/", MANAGE, {"body": "B"}),
    ("post", "notices/updates/{waiting}/approve/", MANAGE, None),
    ("post", "notices/updates/{waiting}/refuse/", MANAGE, {"reason": "R"}),
)


def test_api(scene: Scene) -> None:
    """What may not be is refused by its number; a token that only reads changes nothing; nothing is half-done."""
    clients = {who: api_client(getattr(scene.world, who)) for who in EVERYBODY} | {None: api_client(None)}
    readers = {who: api_client(getattr(scene.world, who), scopes=("read",)) for who in PUBLISH}
    wrong: list[str] = []
    before = scene.state()
    for method, path, allowed, body in API:
        url = f"/api/v1/status-pages/shop/{path}".format(**scene.names)
        data = filled(body, scene.names)
        for who, client in clients.items():
            sees = scene.may_see(who)
            wanted = 401 if who is None else 404 if not sees else 403 if who not in allowed else 200
            if wanted == 200 and method != "get":
                # Scopes do not ask who sees the page: once is enough.
                if who is not None and scene.may_see("zoe"):
                    answer = getattr(readers[who], method)(url, data, format="json")
                    if answer.status_code != 403:
                        wrong.append(
                            f"{method} {path} as {who} with a token that reads: {answer.status_code}"
                        )
                continue
            answer = getattr(client, method)(url, data, format="json")
            if answer.status_code != wanted:
                wrong.append(f"{method} {path} as {who}: {answer.status_code}, not {wanted}")
    listed = {who: bool(clients[who].get("/api/v1/status-pages/").json()["results"]) for who in EVERYBODY}
    assert wrong == []
    assert listed == {who: scene.may_see(who) for who in EVERYBODY}
    assert scene.state() == before

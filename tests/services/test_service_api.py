"""`services/` and `changes/` on the wire."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from services import hooks
from services.models import ChangeEvent, Dependency, Service
from tests.factories import People
from tests.world import make_policy, make_service

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


def test_the_fields_of_a_service(people: People) -> None:
    api, policy = people.api("owner"), make_policy(people.team)
    body = {
        "slug": "pay",
        "name": "Payments API",
        "team": people.team.slug,
        "tier": 1,
        "lifecycle": "production",
        "description": "Takes the money.",
        "escalation_policy": policy.pk,
        "links": [{"kind": "runbook", "title": "Runbook", "url": "https://wiki.example.com/pay"}],
    }
    with time_machine.travel(NOW, tick=False):
        made = api.post("/api/v1/services/", body)
    assert made.status_code == 201, made.json()
    pk = made.json()["id"]
    untold = {
        "kind": "service",
        "system": None,
        "labels": {},
        "custom": {},
        "contacts": [],
        "environments": [],
    }
    full = {**body, **untold, "id": pk, "stands_alone": False, "external_id": ""}
    full |= {"created_at": "2026-11-20T12:00:00Z", "url": "/services/pay/"}
    assert made.json() == full
    assert api.get("/api/v1/services/pay/").json() == full
    assert api.get(f"/api/v1/services/{pk}/").json() == full
    assert api.get("/api/v1/services/?q=PAYM&tier=1").json() == {
        "next": None,
        "previous": None,
        "results": [full],
    }
    patched = api.patch("/api/v1/services/pay/", {"tier": 2, "links": [], "escalation_policy": None})
    assert patched.json() == {**full, "tier": 2, "links": [], "escalation_policy": None}
    assert api.delete("/api/v1/services/pay/").status_code == 204
    assert api.get("/api/v1/services/pay/").status_code == 404


WRONG = [
    ({"name": ""}, "name"),
    ({"name": 5}, "name"),
    ({"slug": "Not A Slug"}, "slug"),
    ({"slug": "42"}, "slug"),
    ({"slug": "new"}, "slug"),
    ({"slug": "taken"}, "slug"),
    ({"slug": "x" * 64}, "slug"),
    ({"team": "nobody"}, "team"),
    ({"team": [1]}, "team"),
    ({"team": True}, "team"),
    ({"tier": 5}, "tier"),
    ({"tier": "1"}, "tier"),
    ({"tier": True}, "tier"),
    ({"tier": 1.0}, "tier"),
    ({"lifecycle": "old"}, "lifecycle"),
    ({"lifecycle": {}}, "lifecycle"),
    ({"description": 4}, "description"),
    ({"escalation_policy": 10**12}, "escalation_policy"),
    ({"escalation_policy": "x"}, "escalation_policy"),
    ({"links": "x"}, "links"),
    ({"links": [1]}, "links.0"),
    ({"links": [{"url": "javascript:alert(1)"}]}, "links.0.url"),
    ({"links": [{"url": "https://x.example", "kind": "x"}]}, "links.0.kind"),
    ({"links": [{"url": "https://x.example"}] * 31}, "links"),
]


def test_wrong_services_are_refused_by_field(people: People) -> None:
    make_service(people.team, "taken")
    api, good = people.api("owner"), {"name": "A", "team": people.team.slug}
    found = []
    for change, _field in WRONG:
        answer = api.post("/api/v1/services/", {**good, **change})
        found.append((change, answer.status_code, list(answer.json().get("errors", {}))[:1]))
    assert found == [(change, 400, [field]) for change, field in WRONG]
    assert Service.objects.count() == 1
    assert api.patch("/api/v1/services/taken/", {"slug": "other"}).status_code == 400
    for query in ("tier=9", "lifecycle=x"):
        assert api.get(f"/api/v1/services/?{query}").status_code == 400
    for query in ("q=%00", "team=%00", "cursor=%00", "cursor=cD0lMDA="):
        assert api.get(f"/api/v1/services/?{query}").status_code in (200, 404)


def test_dependencies(people: People) -> None:
    shop, pay = make_service(people.team, "shop"), make_service(people.team, "pay")
    api, url = people.api("owner"), "/api/v1/services/shop/dependencies/"
    made = api.post(url, {"upstream": "pay", "kind": "soft", "note": "falls back"})
    edge = {
        "id": made.json()["id"],
        "downstream": "shop",
        "upstream": "pay",
        "kind": "soft",
        "note": "falls back",
        "source": "",
    }
    assert (made.status_code, made.json()) == (201, edge)
    again = api.post(url, {"upstream": pay.pk})
    assert (again.status_code, again.json()) == (200, {**edge, "kind": "hard", "note": ""})
    assert api.get(url).json() == {
        "results": [again.json()],
        "downstream": [],
        "next": None,
        "previous": None,
    }
    assert api.get("/api/v1/services/pay/dependencies/").json()["downstream"] == [again.json()]
    for body, field in [
        ({"upstream": "shop"}, "upstream"),
        ({"upstream": "none"}, "upstream"),
        ({"upstream": None}, "upstream"),
        ({}, "upstream"),
        ({"upstream": "pay", "kind": "x"}, "kind"),
        ({"upstream": "pay", "note": 5}, "note"),
    ]:
        answer = api.post(url, body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert api.delete(url).status_code == 400
    assert api.delete(f"{url}?upstream=pay").status_code == 204
    assert api.delete(f"{url}?upstream=pay").status_code == 404
    for how in ("path", "body"):
        api.post(url, {"upstream": "pay"})
        answer = api.delete(f"{url}pay/") if how == "path" else api.delete(url, {"upstream": "pay"})
        assert answer.status_code == 204
    assert not Dependency.objects.filter(downstream=shop).exists()


def test_blast_radius_and_suspects(people: People) -> None:
    db, pay = make_service(people.team, "db", tier=1), make_service(people.team, "pay", tier=2)
    shop, mail = make_service(people.team, "shop", tier=1), make_service(None, "mail", tier=4)
    for downstream, upstream, kind in [
        (pay, db, "hard"),
        (shop, pay, "soft"),
        (shop, mail, "hard"),
        (mail, shop, "hard"),
    ]:
        Dependency.objects.create(downstream=downstream, upstream=upstream, kind=kind)
    api, slug = people.api("stranger"), people.team.slug
    assert api.get("/api/v1/services/db/blast-radius/").json() == {
        "service": "db",
        "affected": [
            {"slug": "pay", "depth": 1, "kind": "hard", "path": ["db", "pay"], "tier": 2, "team": slug},
            {
                "slug": "shop",
                "depth": 2,
                "kind": "soft",
                "path": ["db", "pay", "shop"],
                "tier": 1,
                "team": slug,
            },
            {
                "slug": "mail",
                "depth": 3,
                "kind": "soft",
                "path": ["db", "pay", "shop", "mail"],
                "tier": 4,
                "team": None,
            },
        ],
        "counts_by_tier": {"1": 1, "2": 1, "4": 1},
        "teams": [slug],
        "cycles": [["mail", "shop"]],
    }
    with time_machine.travel(NOW, tick=False):
        recent = ChangeEvent.objects.create(service=db, summary="v2", happened_at=NOW - dt.timedelta(hours=1))
        ChangeEvent.objects.create(service=db, summary="v1", happened_at=NOW - dt.timedelta(hours=3))
        incident = hooks.OpenIncident(7, "Down", "investigating", 1, "/incidents/7/")
        kept = list(hooks._open_incidents)
        hooks.register_open_incidents(lambda ids, actor: {db.pk: [incident]} if db.pk in ids else {})
        try:
            found = api.get("/api/v1/services/pay/suspects/").json()
        finally:
            hooks._open_incidents[:] = kept
    assert found == {
        "service": "pay",
        "affected": [
            {
                "slug": "db",
                "depth": 1,
                "kind": "hard",
                "path": ["pay", "db"],
                "tier": 1,
                "team": slug,
                "open_incidents": [
                    {
                        "number": 7,
                        "title": "Down",
                        "status": "investigating",
                        "severity": 1,
                        "url": "/incidents/7/",
                    }
                ],
                "recent_changes": [
                    {
                        "id": recent.pk,
                        "service": "db",
                        "kind": "deploy",
                        "summary": "v2",
                        "source": "",
                        "happened_at": "2026-11-20T11:00:00Z",
                        "links": [],
                    }
                ],
            }
        ],
        "counts_by_tier": {"1": 1},
        "teams": [slug],
        "cycles": [],
    }


def test_changes(people: People) -> None:
    make_service(people.team, "pay")
    api = people.api("teammate")
    body = {
        "service": "pay",
        "kind": "config",
        "summary": "Limit 5",
        "source": "terraform",
        "links": ["https://ci.example/1"],
    }
    with time_machine.travel(NOW, tick=False):
        made = api.post("/api/v1/changes/", {**body, "happened_at": "2026-11-20T12:30:00+01:00"})
        assert made.status_code == 201, made.json()
        full = {
            **body,
            "id": made.json()["id"],
            "happened_at": "2026-11-20T11:30:00Z",
            "links": [{"url": "https://ci.example/1", "title": ""}],
        }
        assert made.json() == full
        assert api.get("/api/v1/changes/?service=pay&kind=config&from=2026-11-20").json()["results"] == [full]
        assert api.get("/api/v1/changes/?service=other").json()["results"] == []
        for change, field in [
            ({"service": "x"}, "service"),
            ({"summary": ""}, "summary"),
            ({"kind": "x"}, "kind"),
            ({"happened_at": "9999-01-01T00:00:00Z"}, "happened_at"),
            ({"happened_at": "2026-11-21T00:00:00Z"}, "happened_at"),
            ({"links": ["javascript:alert(1)"]}, "links.0.url"),
            ({"links": [5]}, "links.0"),
            ({"links": {"a": 1}}, "links"),
        ]:
            answer = api.post("/api/v1/changes/", {**body, **change})
            assert (answer.status_code, [key.split(".non")[0] for key in answer.json()["errors"]]) == (
                400,
                [field],
            ), change
        assert people.api("stranger").post("/api/v1/changes/", body).status_code == 403

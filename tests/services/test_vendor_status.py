"""Vendors' status pages: read strictly, asked when due, told as changes; what fails is said."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from core import clock
from services import actions
from services.models import ChangeEvent, Vendor
from services.vendors import polling
from services.vendors.reading import Unreadable, read, summary_url
from tests.factories import People, actor_of
from tests.oncall.calendar_server import calendar_server
from tests.world import make_service

PAGE = {"id": "kctbh9vrtdwd", "name": "Cards", "url": "https://status.cards.example", "time_zone": "Etc/UTC"}


def summary(indicator: str = "none", **parts: Any) -> dict[str, Any]:
    return {
        "page": PAGE,
        "status": {"indicator": indicator, "description": "All Systems Operational"},
        "components": [],
        "incidents": [],
        "scheduled_maintenances": [],
        **parts,
    }


INCIDENT = {
    "id": "p31zjtct2jer",
    "name": "Elevated errors",
    "status": "investigating",
    "impact": "major",
    "shortlink": "https://stspg.example/p31",
    "started_at": "2026-11-22T02:40:00.000Z",
    "created_at": "2026-11-22T02:45:00.000Z",
}


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("https://status.example.com", "https://status.example.com/api/v2/summary.json"),
        ("https://status.example.com/", "https://status.example.com/api/v2/summary.json"),
        ("https://status.example.com/api/v2/status.json", "https://status.example.com/api/v2/summary.json"),
        ("https://example.com/status/shop/?a=1#b", "https://example.com/status/shop/api/v2/summary.json"),
    ],
)
def test_where_the_summary_is(typed: str, asked: str) -> None:
    assert summary_url(typed) == asked


def test_what_a_summary_says() -> None:
    body = summary(
        "major",
        status={"indicator": "major", "description": "Partial System Outage"},
        components=[
            {"name": "API", "status": "operational", "group": False},
            {"name": "Europe", "status": "partial_outage", "group": True},
            {"name": "Cards", "status": "major_outage", "group": False},
            "nonsense",
        ],
        incidents=[
            {**INCIDENT, "name": "Older", "started_at": "2026-11-21T02:40:00+02:00"},
            INCIDENT,
            {**INCIDENT, "status": "resolved"},
            {
                **INCIDENT,
                "name": "Odd",
                "shortlink": "javascript:alert(1)",
                "started_at": "soon",
                "created_at": None,
            },
        ],
        scheduled_maintenances=[
            {**INCIDENT, "name": "Planned", "status": "scheduled"},
            {**INCIDENT, "name": "Running", "status": "in_progress", "started_at": "2026-11-20T00:00:00Z"},
        ],
    )
    found = read(json.dumps(body).encode())
    assert (found.indicator, found.description) == ("major", "Partial System Outage")
    assert found.components == [{"name": "Cards", "status": "major_outage"}]
    assert [(row["name"], row["at"], row["url"]) for row in found.incidents] == [
        ("Elevated errors", "2026-11-22T02:40:00+00:00", INCIDENT["shortlink"]),
        ("Older", "2026-11-21T00:40:00+00:00", INCIDENT["shortlink"]),
        ("Running", "2026-11-20T00:00:00+00:00", INCIDENT["shortlink"]),
        ("Odd", "", ""),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"status": "none"}',
        b'{"status": {"indicator": 7}}',
        b'{"status": {"indicator": "on fire"}}',
        b'{"status": {"indicator": "unknown"}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_what_is_no_such_page(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read(content)


@pytest.mark.parametrize("link", ["https://[x", "javascript:alert(1)", "//e.example", "https"])
def test_an_address_that_is_none_is_left_out(link: str) -> None:
    content = json.dumps(summary(incidents=[INCIDENT | {"shortlink": link}])).encode()
    assert [row["url"] for row in read(content).incidents] == [""]


@pytest.mark.django_db
def test_a_page_nobody_thought_of_holds_up_no_other(
    people: People, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(*_args: Any, **_options: Any) -> Any:
        raise ValueError("odd")

    monkeypatch.setattr(polling, "fetch", odd)
    Vendor.objects.create(service=make_service(people.team, "more", kind="vendor"))
    Vendor.objects.update(status_url="https://status.example.com", next_at=clock.now())
    assert polling.poll_due() == 2
    assert set(Vendor.objects.values_list("failure", "leased_until")) == {
        ("Internal error: ValueError.", None)
    }
    assert not Vendor.objects.filter(next_at__lte=clock.now()).exists()


@pytest.fixture
def local(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)


@pytest.fixture
def vendor(people: People, local: None) -> Vendor:
    service = make_service(people.team, "cards", kind="vendor")
    return Vendor.objects.create(service=service)


def point(people: People, vendor: Vendor, url: str) -> None:
    actions.set_vendor(actor=actor_of(people.owner), service_id=vendor.service_id, status_url=url)


@pytest.mark.django_db
def test_a_page_is_asked_and_its_turns_become_changes(people: People, vendor: Vendor) -> None:
    with calendar_server() as server:
        base = server.url.removesuffix("/cal/secret-4711.ics")
        server.give(json.dumps(summary()).encode(), ETag='"one"')
        point(people, vendor, base)
        assert polling.poll_due() == 1
        vendor.refresh_from_db()
        assert (vendor.indicator, vendor.failure, vendor.etag) == ("none", "", '"one"')
        assert server.calls[0][0] == "/api/v2/summary.json"
        assert not ChangeEvent.objects.exists()
        assert polling.poll_due() == 0

        # Trouble: told once as a change, and asked for more often.
        server.give(json.dumps(summary("major", incidents=[INCIDENT])).encode())
        due(vendor)
        assert polling.poll_due() == 1
        assert server.calls[-1][1]["if-none-match"] == '"one"'
        change = ChangeEvent.objects.get()
        assert (change.kind, change.service_id) == ("vendor", vendor.service_id)
        assert change.summary == "Status page: Major trouble. Elevated errors"
        vendor.refresh_from_db()
        assert vendor.next_at is not None and vendor.read_at is not None
        assert vendor.next_at - vendor.read_at <= dt.timedelta(seconds=31)
        due(vendor)
        polling.poll_due()
        assert ChangeEvent.objects.count() == 1

        # Nothing new, then nothing at all: what was read last stands, and the failure is said.
        server.give(b"", status=304)
        due(vendor)
        polling.poll_due()
        vendor.refresh_from_db()
        assert (vendor.indicator, vendor.failure) == ("major", "")
        server.give(b"<html>sorry</html>")
        due(vendor)
        polling.poll_due()
        vendor.refresh_from_db()
        assert vendor.indicator == "major"
        assert vendor.failure.startswith("The answer is no JSON")
        server.give(json.dumps(summary()).encode())
        due(vendor)
        polling.poll_due()
        vendor.refresh_from_db()
        assert (vendor.indicator, vendor.failure) == ("none", "")
        assert ChangeEvent.objects.first().summary.startswith("Status page: All well")


def due(vendor: Vendor) -> None:
    Vendor.objects.filter(pk=vendor.pk).update(next_at=clock.now() - dt.timedelta(seconds=5))


@pytest.mark.django_db
def test_what_was_asked_of_another_address_is_not_kept(
    people: People, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with calendar_server() as server:
        server.give(json.dumps(summary("critical")).encode())
        point(people, vendor, server.url)
        asked = Vendor.objects.get()
        point(people, vendor, "https://status.example.com")
        polling.ask(asked)
    vendor.refresh_from_db()
    assert (vendor.indicator, vendor.read_at) == ("unknown", None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["ftp://x.example", "javascript:alert(1)", "https://user:pw@x.example", "https://x.example:22"]
)
def test_addresses_that_are_refused(people: People, url: str) -> None:
    make_service(people.team, "cards", kind="vendor")
    answer = people.api("owner").put("/api/v1/services/cards/vendor/", {"status_url": url}, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["status_url"])


@pytest.mark.django_db
def test_private_networks_are_not_asked(people: People) -> None:
    service = make_service(people.team, "cards", kind="vendor")
    row = Vendor.objects.create(service=service, status_url="http://127.0.0.1:8000/", next_at=clock.now())
    polling.poll_due()
    row.refresh_from_db()
    assert "private network" in row.failure


@pytest.mark.django_db
def test_who_sees_and_changes_a_vendor(private_people: People) -> None:
    people = private_people
    make_service(people.team, "cards", kind="vendor")
    make_service(people.team, "plain")
    seen = {who: people.api(who).get("/api/v1/services/cards/vendor/").status_code for who in WHO}
    assert seen == {"owner": 200, "teammate": 200, "support": 404, "stranger": 404}
    body = {"support": "call them"}
    put = {
        who: people.api(who).put("/api/v1/services/cards/vendor/", body, format="json").status_code
        for who in WHO
    }
    assert put == {"owner": 200, "teammate": 403, "support": 404, "stranger": 404}
    assert people.api("owner").get("/api/v1/services/plain/vendor/").status_code == 404
    pages = {who: people.browser(who).get("/services/cards/vendor/").status_code for who in WHO}
    assert pages == {"owner": 200, "teammate": 403, "support": 404, "stranger": 404}
    for who in WHO:
        text = people.browser(who).get("/services/vendors/").content.decode()
        assert ("Cards" in text) is (who in ("owner", "teammate")), who


WHO = ("owner", "teammate", "support", "stranger")

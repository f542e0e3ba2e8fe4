"""The map's data, live state and pages: who sees what, how many statements, what nonsense in the address does."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from services import hooks
from services.models import Dependency, Service, System
from teams.choices import TeamVisibility
from tests.factories import People, make_people, make_team, signed_in
from tests.world import make_service

pytestmark = pytest.mark.django_db
MEMBERS = ("owner", "teammate", "admin")
OTHERS = ("support", "stranger")
Opened = dict[int, list[hooks.OpenIncident]]
INCIDENT = hooks.OpenIncident(41, "Disks are full", "investigating", 1, "/incidents/41/")


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open incidents by service id, as the higher app would tell them."""
    rows: Opened = {}
    kept = list(hooks._open_incidents)
    hooks.register_open_incidents(lambda ids, actor: dict(rows))
    yield rows
    hooks._open_incidents[:] = kept


def needs(down: Service, up: Service, kind: str = "hard") -> None:
    Dependency.objects.create(downstream=down, upstream=up, kind=kind)


def shop(people: People) -> dict[str, Service]:
    """storefront → checkout → payments → payments-db; checkout ⇢ mailer ⇢ payments; postal is a vendor's."""
    kinds = {
        "storefront": "journey",
        "checkout": "service",
        "payments": "api",
        "payments-db": "database",
        "mailer": "job",
        "postal": "vendor",
    }
    made = {slug: make_service(people.team, slug, kind=kind) for slug, kind in kinds.items()}
    needs(made["storefront"], made["checkout"])
    needs(made["checkout"], made["payments"])
    needs(made["payments"], made["payments-db"])
    needs(made["checkout"], made["mailer"], "soft")
    needs(made["mailer"], made["postal"])
    needs(made["mailer"], made["payments"], "soft")
    return made


def edges_of(data: Mapping[str, Any]) -> set[tuple[str, str, int]]:
    names = [node["id"] for node in data["nodes"]]
    flat: Sequence[int] = data["edges"]
    return {(names[flat[n]], names[flat[n + 1]], flat[n + 2]) for n in range(0, len(flat), 3)}


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def read(people: People, who: str, path: str) -> Any:
    response = people.browser(who).get(path)
    assert response.status_code == 200, response.status_code
    return orjson.loads(response.content)


def test_the_graph_is_told_as_it_is(people: People) -> None:
    made = shop(people)
    system = System.objects.create(slug="money", name="Money")
    Service.objects.filter(pk=made["payments"].pk).update(system=system, lifecycle="deprecated", tier=1)
    data = read(people, "stranger", "/services/map/data/")
    payments = next(node for node in data["nodes"] if node["id"] == "payments")
    assert payments == {
        "id": "payments",
        "name": "Payments",
        "kind": "api",
        "layer": 1,
        "tier": 1,
        "team": people.team.slug,
        "lifecycle": "deprecated",
        "system": "money",
    }
    assert {node["id"]: node["layer"] for node in data["nodes"]}["postal"] == 3
    assert edges_of(data) == {
        ("storefront", "checkout", 1),
        ("checkout", "payments", 1),
        ("payments", "payments-db", 1),
        ("checkout", "mailer", 0),
        ("mailer", "postal", 1),
        ("mailer", "payments", 0),
    }
    assert data["teams"][people.team.slug]["name"] == "Payments"
    assert data["systems"] == {"money": {"name": "Money"}}


def test_a_second_visit_is_answered_304_until_something_changes(people: People) -> None:
    made, browser = shop(people), people.browser("stranger")
    first = browser.get("/services/map/data/", HTTP_ACCEPT_ENCODING="gzip")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert len(orjson.loads(gzip.decompress(first.content))["nodes"]) == 6
    tag = first.headers["ETag"]
    again = browser.get("/services/map/data/", HTTP_IF_NONE_MATCH=tag)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    needs(made["storefront"], made["mailer"], "soft")
    assert browser.get("/services/map/data/", HTTP_IF_NONE_MATCH=tag).status_code == 200


@pytest.mark.parametrize("who", [*MEMBERS, *OTHERS])
def test_a_closed_teams_services_are_for_its_members_alone(who: str, opened: Opened) -> None:
    closed = make_people(visibility=TeamVisibility.MEMBERS)
    public = make_team("Everybody")
    shown = make_service(public, "shown")
    secret, below = make_service(closed.team, "secret"), make_service(public, "below")
    needs(shown, secret)
    needs(secret, below)
    opened[secret.pk] = [INCIDENT]
    sees = who in MEMBERS
    data = read(closed, who, "/services/map/data/")
    assert {node["id"] for node in data["nodes"]} == {"shown", "below"} | ({"secret"} if sees else set())
    assert edges_of(data) == ({("shown", "secret", 1), ("secret", "below", 1)} if sees else set())
    assert (closed.team.slug in data["teams"]) is sees
    states = read(closed, who, "/services/map/state/")
    assert set(states) == ({"secret", "shown"} if sees else set())
    browser = closed.browser(who)
    for path in (
        "/services/map/?view=list",
        "/services/map/",
        "/services/map/?view=list&focus=shown&hops=all",
        "/services/map/?view=list&focus=below&hops=all",
        "/services/map/?view=list&show=incident",
    ):
        page = text_of(browser.get(path))
        assert ("Secret" in page or "#41" in page) is sees, path
    alone = text_of(browser.get("/services/map/?view=list&focus=secret"))
    assert ("There is no such service" in alone) is not sees
    if not sees:
        assert "Failing" not in text_of(browser.get("/services/map/?view=list"))


@pytest.mark.parametrize("path", ["/services/map/", "/services/map/data/", "/services/map/state/"])
def test_visitors_sign_in_first_and_nobody_posts(people: People, path: str) -> None:
    assert signed_in(None).get(path).status_code == 302
    assert people.browser("owner").post(path).status_code == 405


def test_states_say_how_far_and_from_where(people: People, opened: Opened) -> None:
    made = shop(people)
    graver = hooks.OpenIncident(42, "Worse", "investigating", 0, "/incidents/42/")
    drill = hooks.OpenIncident(43, "Drill", "investigating", 0, "/incidents/43/", drill=True)
    opened[made["payments-db"].pk] = [INCIDENT, graver]
    opened[made["postal"].pk] = [drill]
    states = read(people, "stranger", "/services/map/state/")
    assert {slug: (row["state"], row["depth"], row["origin"]) for slug, row in states.items()} == {
        "payments-db": ("failing", 0, "payments-db"),
        "payments": ("hit", 1, "payments-db"),
        "checkout": ("hit", 2, "payments-db"),
        "storefront": ("hit", 3, "payments-db"),
        "mailer": ("degraded", 2, "payments-db"),
    }
    assert states["mailer"]["incident"] == {
        "number": 42,
        "title": "Worse",
        "severity": 0,
        "url": "/incidents/42/",
    }
    opened.clear()
    assert read(people, "stranger", "/services/map/state/") == {}


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/services/map/data/", 3),
        ("/services/map/state/", 1),
        ("/services/map/?view=list", 1),
        ("/services/map/?view=list&focus=checkout&hops=all", 1),
        ("/services/map/", 1),
    ],
)
def test_statements_do_not_grow(people: People, opened: Opened, path: str, most: int) -> None:
    made, browser = shop(people), people.browser("owner")
    opened[made["payments-db"].pk] = [INCIDENT]
    browser.get(path)
    few = statements(browser.get, path)
    for number in range(3):
        more = make_service(make_team(), f"more-{number}", lifecycle="deprecated")
        needs(made["checkout"], more)
        needs(more, made["payments-db"])
        opened[more.pk] = [INCIDENT]
    browser.get(path)
    assert statements(browser.get, path) == few
    of_the_catalog = [row for row in few if "services_" in row]
    assert len(of_the_catalog) <= most, of_the_catalog


def statements(get: Callable[[str], Any], path: str) -> list[str]:
    """The statements, without their values: how many parameters one has may differ."""
    with CaptureQueriesContext(
        connection,
    ) as found:
        get(path)
    return [row["sql"].partition(" WHERE ")[0] for row in found]

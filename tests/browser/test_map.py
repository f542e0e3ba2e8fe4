"""The dependency map in a browser: from a suffering service along the failing chain to its cause, and folded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.support import CALL, script_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.enable_socket]
SOON = 30_000
CHAIN = ["map-test-storefront", "map-test-checkout", "map-test-db"]
FEW = """
from services.models import Dependency, Service
from teams.models import Team
team = Team.objects.get(slug="checkout")
kinds = {"map-test-storefront": "journey", "map-test-checkout": "service", "map-test-db": "database"}
made = [
    Service.objects.create(slug=slug, name=slug.replace("-", " ").capitalize(), kind=kind, team=team)
    for slug, kind in kinds.items()
]
for down, up in zip(made, made[1:]):
    Dependency.objects.create(downstream=down, upstream=up)
"""
MANY = """
from services.models import Dependency, Service
from teams.models import Team
teams = list(Team.objects.order_by("pk")[:3])
made = Service.objects.bulk_create(
    Service(slug=f"map-test-{n:03}", name=f"Map test {n:03}", team=teams[n % len(teams)]) for n in range(300)
)
Dependency.objects.bulk_create(
    Dependency(downstream=made[n], upstream=made[(n * 7 + 1) % 300]) for n in range(299) if n != (n * 7 + 1) % 300
)
"""
REMOVE = """
from services.models import Service
Service.objects.filter(slug__startswith="map-test-").delete()
"""


@pytest.fixture
def services(product: str, product_folder: Path) -> Iterator[Callable[[str], object]]:
    """Makes services by a script; they are gone afterwards."""
    yield lambda script: script_in(product_folder, script)
    script_in(product_folder, REMOVE)


@pytest.fixture
def page(product: str, chromium: Any, states: Callable[[str], Any]) -> Any:
    context = chromium.new_context(
        base_url=product, viewport={"width": 1440, "height": 1000}, storage_state=states("manager")
    )
    made = context.new_page()
    made.set_default_timeout(SOON)
    said: list[str] = []
    made.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    made.on("pageerror", lambda error: said.append(str(error)))
    yield made
    context.close()
    assert said == []


def ready(page: Any) -> Any:
    drawn = page.locator("wb-map[data-ready]")
    drawn.wait_for()
    return drawn


def click_on(page: Any, slug: str) -> None:
    """A click on the canvas where the service stands."""
    place = page.evaluate("slug => document.querySelector('wb-map').placeOf(slug)", slug)
    page.locator(".map__stage").click(position=place)


def test_from_who_suffers_to_the_cause(page: Any, services: Callable[[str], object]) -> None:
    from playwright.sync_api import expect

    services(FEW)
    page.goto("/incidents/declare/")
    told = {"title": "Map test: the disk is full", "services": [CHAIN[-1]]}
    number = page.evaluate(CALL, ["/api/v1/incidents/", told])["number"]

    # By keyboard alone: find it, open it, follow the chain.
    page.goto("/services/map/")
    drawn = ready(page)
    field = page.locator("#map-q")
    field.focus()
    page.keyboard.type("map test store")
    expect(page.locator("#map-suggestions [role=option]").first).to_contain_text("Map test storefront")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("wb-map")).to_have_attribute("data-selected", CHAIN[0])
    panel = page.locator(".map-panel")
    expect(panel).to_contain_text(f"Hit: needs Map test db, 2 hops, failing in #{number}")
    expect(page.locator(".map__stage")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.locator("h2")).to_be_focused()
    follow = panel.locator("[data-follow]")
    for _tab in range(6):
        if follow.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(drawn).to_have_attribute("data-chain", " ".join(CHAIN))
    expect(drawn).to_have_attribute("data-selected", CHAIN[-1])
    expect(panel.locator("h2")).to_have_text("Map test db")
    expect(panel.locator("h2")).to_be_focused()
    expect(panel).to_contain_text(f"Failing in #{number}")
    expect(panel.locator(".map-chain li")).to_have_count(3)
    expect(page.locator(".map__spoken")).to_contain_text(
        "Map test storefront, Map test checkout, Map test db"
    )

    # By pointer, from an address somebody was sent; arrow keys go along the lines.
    page.goto(f"/services/map/?focus={CHAIN[0]}&hops=2&way=up")
    expect(ready(page)).to_have_attribute("data-nodes", "3")
    page.locator(".map__stage").focus()
    page.keyboard.press("ArrowRight")
    expect(drawn).to_have_attribute("data-selected", CHAIN[1])
    click_on(page, CHAIN[0])
    expect(drawn).to_have_attribute("data-selected", CHAIN[0])
    panel.locator("[data-follow]").click()
    expect(drawn).to_have_attribute("data-selected", CHAIN[-1])
    expect(page).to_have_url(re.compile(f"at={CHAIN[-1]}.*from={CHAIN[0]}"))
    expect(panel.get_by_role("link", name=f"#{number}")).to_have_attribute("href", f"/incidents/{number}/")

    # The list says the same.
    page.locator("[data-list]").click()
    names = ["Map test storefront", "Map test checkout", "Map test db"]
    expect(page.locator("main [data-chain] a")).to_have_text(names)
    expect(page.locator("main")).to_contain_text(f"needs Map test db, 2 hops, failing in #{number}")

    # It ends by itself where it is looked at.
    page.goto(f"/services/map/?focus={CHAIN[0]}")
    expect(panel).to_contain_text(f"failing in #{number}")
    expect(page.locator(".live-dot").first).to_have_attribute("data-state", "live")
    page.evaluate(CALL, [f"/api/v1/incidents/{number}/resolve/", {"override_reason": "Disk emptied"}])
    expect(panel).to_contain_text("Nothing known to be wrong")


def test_three_hundred_are_folded_and_unfold_by_team(page: Any, services: Callable[[str], object]) -> None:
    from playwright.sync_api import expect

    services(MANY)
    page.goto("/services/map/")
    drawn = ready(page)
    expect(drawn).to_have_attribute("data-folded", "team")
    groups = int(drawn.get_attribute("data-nodes"))
    assert groups < 20, groups
    expect(page.locator(".map__note")).to_contain_text("folded into")
    page.locator(".map__stage").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("[data-open-groups] a")).to_have_count(1)
    expect(ready(page)).to_have_attribute("data-folded", "team")
    expect(drawn).not_to_have_attribute("data-nodes", str(groups))
    assert int(drawn.get_attribute("data-nodes")) > groups
    page.locator("[data-open-groups] a").click()
    expect(drawn).to_have_attribute("data-nodes", str(groups))

    # Around one of them: its neighbours, not the others.
    page.goto("/services/map/?focus=map-test-042&hops=1")
    expect(ready(page)).to_have_attribute("data-selected", "map-test-042")
    assert int(drawn.get_attribute("data-nodes")) < 10

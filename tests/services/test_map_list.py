"""The map as a list: the same facts without script, by layer and outward from one service."""

from __future__ import annotations

import re

import pytest

from services.choices import Layer
from services.selectors import map as maps
from services.selectors import map_list
from services.selectors.map_list import Wanted
from services.views.map import wanted_of
from tests.factories import People
from tests.services.test_map import INCIDENT, Opened, needs, opened, shop, text_of
from tests.world import make_service

__all__ = ["opened"]
pytestmark = pytest.mark.django_db


def links(page: str) -> list[str]:
    """Slugs of the focus links of the tables' first column."""
    return re.findall(r'class="row-link" href="\?view=list&amp;focus=([\w-]+)', page)


def test_without_services_it_says_what_to_do(people: People) -> None:
    for view in ("", "?view=list", "?focus=none", "?show=incident"):
        page = text_of(people.browser("owner").get(f"/services/map/{view}"))
        assert ("No service yet" in page, "<wb-map" in page) == (True, False)


def test_one_service_alone_is_a_map(people: People) -> None:
    make_service(people.team, "alone")
    assert "<wb-map" in text_of(people.browser("owner").get("/services/map/"))
    page = text_of(people.browser("owner").get("/services/map/?view=list&focus=alone"))
    assert page.count("Nothing known.") == 2


def test_the_map_holds_the_list_for_those_without_script(people: People) -> None:
    shop(people)
    page = text_of(people.browser("stranger").get("/services/map/"))
    inside = page.partition("<noscript>")[2].partition("</noscript>")[0]
    assert links(inside) == ["storefront", "checkout", "mailer", "payments", "payments-db", "postal"]
    listed = text_of(people.browser("stranger").get("/services/map/?view=list"))
    assert ("<noscript>" in listed, "<wb-map" in listed, links(listed) == links(inside)) == (
        False,
        False,
        True,
    )


def test_by_layer_with_state_and_neighbours(people: People, opened: Opened) -> None:
    made = shop(people)
    opened[made["payments-db"].pk] = [INCIDENT]
    page = text_of(people.browser("stranger").get("/services/map/?view=list"))
    heads = re.findall(r'map-panel__part">([\w ]+?) <', page)
    assert heads == ["Customer journeys", "Services", "Data", "Vendors"]
    assert "needs Payments-Db, 3 hops, failing in #41" in page
    assert "needs Payments-Db, 2 hops, failing in #41" in page
    assert 'href="/incidents/41/"' in page
    actor = people.actor("stranger")
    rows = {row.node.slug: row for row in map_list.by_layer(maps.seen(actor), Wanted()).rows}
    assert [node.slug for node in rows["checkout"].needs] == ["mailer", "payments"]
    assert [node.slug for node in rows["payments"].needed_by] == ["checkout", "mailer"]
    assert (rows["storefront"].needs_count, rows["storefront"].needed_by_count) == (1, 0)


def test_hundred_a_page_there_and_back(people: People) -> None:
    for number in range(205):
        make_service(people.team, f"s-{number:03}", kind="service" if number < 150 else "database")
    browser = people.browser("stranger")
    seen: list[str] = []
    cursor, pages = "", []
    while True:
        page = browser.get("/services/map/", {"view": "list", "cursor": cursor}).content.decode()
        pages.append(links(page))
        seen += pages[-1]
        following = re.search(r'href="[^"]*cursor=(a[^"&]+)', page)
        if not following:
            break
        cursor = following[1]
    assert seen == [f"s-{number:03}" for number in range(205)]
    assert [len(rows) for rows in pages] == [100, 100, 5]
    back = browser.get("/services/map/?view=list&cursor=b2.s-200").content.decode()
    assert links(back) == pages[1]


def test_filters(people: People, opened: Opened) -> None:
    made = shop(people)
    make_service(people.team, "elsewhere")
    opened[made["payments"].pk] = [INCIDENT]
    browser = people.browser("stranger")

    def listed(query: str) -> set[str]:
        return set(links(text_of(browser.get(f"/services/map/?view=list&{query}"))))

    assert listed("layer=2&layer=3") == {"payments-db", "postal"}
    assert listed("q=PAY") == {"payments", "payments-db"}
    assert listed("q=pay&layer=1") == {"payments"}
    # What fails, whom it hits, and what it stands on.
    assert listed("show=incident") == {"payments", "payments-db", "checkout", "storefront", "mailer"}
    nothing = text_of(browser.get("/services/map/?view=list&q=nothing-like-it"))
    assert "No service fits these filters" in nothing


def test_outward_by_hops_with_the_path(people: People, opened: Opened) -> None:
    made = shop(people)
    opened[made["payments-db"].pk] = [INCIDENT]
    browser = people.browser("stranger")
    page = text_of(browser.get("/services/map/?view=list&focus=storefront&hops=all&way=up"))
    assert [word for word in ("1 hop<", "2 hops<", "3 hops<", "4 hops<") if word in page] == [
        "1 hop<",
        "2 hops<",
        "3 hops<",
    ]
    assert ("It needs" in page, "Needed by" in page) == (True, False)
    chain = re.search(r"data-chain>(.*?)</p>", page)
    assert chain
    assert re.findall(r">([\w-]+)</a>", chain[1]) == ["Storefront", "Checkout", "Payments", "Payments-Db"]
    two = text_of(browser.get("/services/map/?view=list&focus=storefront&hops=2&way=up"))
    assert ("2 hops<" in two, "3 hops<" in two) == (True, False)
    down = text_of(browser.get("/services/map/?view=list&focus=postal&way=down&layer=0&hops=5"))
    assert ("Storefront" in down, "2 more do not fit the filters." in down) == (True, True)


def test_what_makes_no_sense_counts_as_not_given(people: People) -> None:
    shop(people)
    browser = people.browser("stranger")
    for query in (
        "focus=no-such",
        "focus=%00",
        "focus=checkout&hops=0",
        "focus=checkout&hops=99&way=sideways",
        "focus=checkout&hops=%C2%B2",
        "layer=x&layer=9&layer=%00",
        "fold=none&q=%00&at=%3Cscript%3E",
        "cursor=a9.x",
        "cursor=a1.%00&view=list",
        "cursor=b",
        "view=nonsense&show=everything",
    ):
        for view in ("", "&view=list"):
            assert browser.get(f"/services/map/?{query}{view}").status_code == 200, query
    assert "There is no such service" in text_of(browser.get("/services/map/?focus=no-such"))


def test_the_address_is_read_whole(rf: object) -> None:
    request = rf.get("/?focus=a&hops=all&way=down&layer=3&layer=0&q=x&show=incident")  # type: ignore[attr-defined]
    assert wanted_of(request.GET) == Wanted(
        "a", 0, "down", "x", frozenset({Layer.JOURNEYS, Layer.VENDORS}), affected=True
    )


def test_a_circle_ends(people: People, opened: Opened) -> None:
    made = shop(people)
    needs(made["payments-db"], made["storefront"])
    opened[made["mailer"].pk] = [INCIDENT]
    seen = maps.seen(people.actor("stranger"))
    chains = {
        node.slug: [each.slug for each in condition.chain]
        for node in seen.graph.nodes
        if (condition := seen.condition(node))
    }
    assert chains["payments"] == ["payments", "payments-db", "storefront", "checkout", "mailer"]
    assert chains["mailer"] == ["mailer"]


def test_the_chain_prefers_hard_edges_to_the_alphabet(people: People, opened: Opened) -> None:
    top, soft, hard, base = (make_service(people.team, slug) for slug in ("top", "a-soft", "b-hard", "base"))
    needs(top, soft, "soft")
    needs(top, hard)
    needs(soft, base)
    needs(hard, base)
    opened[base.pk] = [INCIDENT]
    seen = maps.seen(people.actor("stranger"))
    node = seen.find("top")
    condition = seen.condition(node) if node else None
    assert condition
    assert [each.slug for each in condition.chain] == ["top", "b-hard", "base"]

"""The import page: a plan first, then exactly that; and the export."""

from __future__ import annotations

import random
import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from services.importing.form import Carried, pack, unpack
from services.models import Dependency, Service
from tests.factories import People
from tests.world import make_service

pytestmark = pytest.mark.django_db
URL = "/services/import/"
TEXT = """\
kind: Component
metadata: {name: shop, title: "<b>Shop</b>"}
spec: {owner: payments, dependsOn: [component:pay, component:gone]}
---
kind: Component
metadata: {name: pay, title: Pay, labels: {watchbill.dev/tier: "1"}}
spec: {owner: payments, dependsOn: [component:shop]}
---
kind: Component
metadata: {name: no good}
---
kind: Group
metadata: {name: payments}
"""


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def carried(response: Any) -> str:
    found = re.search(r'name="carried" value="([^"]+)"', response.content.decode())
    assert found is not None
    return unescape(found[1])


def shown(browser: Any, text: str = TEXT) -> Any:
    answer = browser.post(URL, {"op": "plan", "text": text})
    assert answer.status_code == 200, words(answer)
    return answer


def test_a_plan_is_shown_and_applied(people: People) -> None:
    browser = people.browser("owner")
    assert browser.get(URL).status_code == 200
    make_service(people.team, "pay", tier=3)
    plan = shown(browser)
    text = words(plan)
    for part in (
        "New 1",
        "Changed 1",
        "Problems 1",
        "&lt;b&gt;Shop&lt;/b&gt;",
        "Tier 3 · standard → Tier 1 · critical",
        "10 component:no good metadata.name Letters, digits",
        "2 services need each other in a cycle: pay, shop.",
        "shop needs component:default/gone, which is not in the catalog.",
        "managed under Teams",
        "Dependencies added 2",
    ):
        assert part in text, (part, text)
    assert (Service.objects.count(), Dependency.objects.count()) == (1, 0)
    done = browser.post(URL, {"op": "apply", "carried": carried(plan)}, follow=True)
    assert "Imported: 1 new, 1 changed, 0 as before." in unescape(done.content.decode())
    assert (Service.objects.get(slug="pay").tier, Dependency.objects.count()) == (1, 2)
    again = shown(browser)
    assert ("The catalog says all this already" in words(again), b"carried" in again.content) == (True, False)


def test_a_plan_that_is_old_is_shown_anew(people: People) -> None:
    browser = people.browser("owner")
    old = carried(shown(browser))
    make_service(people.team, "shop")
    refused = browser.post(URL, {"op": "apply", "carried": old})
    assert (refused.status_code, "The catalog has changed meanwhile" in words(refused)) == (409, True)
    assert not Dependency.objects.exists()
    make_service(people.team, "unrelated")
    done = browser.post(URL, {"op": "apply", "carried": carried(refused)})
    assert (done.status_code, Dependency.objects.count()) == (302, 2)


def test_a_file_is_taken_in_any_format(people: People) -> None:
    browser = people.browser("owner")
    file = SimpleUploadedFile("shop.csv", b"slug,owner\nshop,payments\n", "text/csv")
    plan = browser.post(URL, {"op": "plan", "file": file})
    assert "New 1" in words(plan)
    assert browser.post(URL, {"op": "apply", "carried": carried(plan)}).status_code == 302
    assert Service.objects.get().external_id == "csv:shop"


def test_what_cannot_be_used_is_said_beside_the_file(people: People) -> None:
    browser = people.browser("owner")
    bodies: list[tuple[dict[str, Any], str]] = [
        ({}, "Choose a file or paste it."),
        ({"text": "hello"}, "This is no catalog file"),
        ({"text": TEXT, "format": "csv"}, "no column “slug”"),
        ({"text": TEXT, "format": "xml"}, "Select a valid choice"),
        ({"file": SimpleUploadedFile("a.yaml", b"\x89PNG\xff")}, "not text in UTF-8"),
        ({"file": SimpleUploadedFile("a.yaml", b"")}, "The file is empty."),
        ({"file": SimpleUploadedFile("a.yaml", b"#" * (10 * 1024 * 1024 + 1))}, "At most 10 MB."),
    ]
    for body, sentence in bodies:
        answer = browser.post(URL, {"op": "plan", **body})
        assert (answer.status_code, sentence in words(answer)) == (422, True), (sentence, words(answer))
    for token in ("", "x", "a:b:c:d", carried(shown(browser)) + "x"):
        assert browser.post(URL, {"op": "apply", "carried": token}).status_code == 422
    nothing = shown(browser, "kind: Component\nmetadata: {name: x}\nspec: {owner: nobody}\n")
    assert "Nothing to import" in words(nothing)
    assert not Service.objects.exists()


def test_who_imports_and_exports(people: People) -> None:
    plan = shown(people.browser("owner"))
    for who in ("teammate", "support", "stranger"):
        browser = people.browser(who)
        assert browser.get(URL).status_code == 403
        assert browser.post(URL, {"op": "plan", "text": TEXT}).status_code == 403
        assert browser.post(URL, {"op": "apply", "carried": carried(plan)}).status_code == 403
        assert browser.get("/services/export.yaml").status_code == 200
    # What was shown to one person is nothing another could send.
    assert people.browser("admin").post(URL, {"op": "apply", "carried": carried(plan)}).status_code == 422
    assert people.browser("admin").get(URL).status_code == 200
    make_service(people.team, "pay")
    file = people.browser("stranger").get("/services/export.yaml")
    assert (file["Content-Type"], b"name: pay" in file.content) == ("application/yaml; charset=utf-8", True)
    assert file["Content-Disposition"] == 'attachment; filename="catalog-info.yaml"'
    assert people.browser("stranger").get("/services/export.yaml?team=nobody").status_code == 422
    assert people.browser("stranger").post("/services/export.yaml").status_code == 405


def test_a_file_too_long_to_carry_goes_to_the_api() -> None:
    small = Carried(b"slug\nx\n", "csv", "d" * 64)
    assert unpack(pack(small, 1), 1) == small
    assert unpack(pack(small, 1), 2) is None
    noise = Carried(random.Random(1).randbytes(1_000_000), "", "d")
    assert pack(noise, 1) == ""
    large = Carried(b"kind: Component\n" * 500_000, "", "d")
    assert unpack(pack(large, 1), 1) == large

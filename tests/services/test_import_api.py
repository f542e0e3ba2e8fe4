"""Importing a catalog: what it changes, who may, and that the same file again changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from services.importing.joining import join_dangling, join_system
from services.models import (
    DanglingReference,
    Dependency,
    Domain,
    GraphChange,
    Service,
    ServiceLink,
    System,
    Vendor,
)
from teams.choices import TeamVisibility
from teams.models import AuditEntry
from tests.factories import People, actor_of, make_team
from tests.world import make_service

pytestmark = pytest.mark.django_db
IMPORT, EXPORT = "/api/v1/services/import/", "/api/v1/services/export/"
SHOP = """\
kind: Domain
metadata: {name: retail}
spec: {owner: payments}
---
kind: Domain
metadata: {name: web-shop, description: Sells things.}
spec: {owner: payments, subdomainOf: retail}
---
kind: System
metadata: {name: shop, title: The shop}
spec: {owner: payments, domain: web-shop}
---
kind: Component
metadata:
  name: Checkout
  title: Checkout
  annotations: {watchbill.dev/tier: "1", example.com/x: "y", watchbill.dev/soft: "resource:cache"}
  links: [{url: "https://wiki.example.com/checkout", type: runbook}]
  tags: [java]
spec:
  type: website
  lifecycle: production
  owner: payments
  system: shop
  dependsOn: [resource:orders-db, resource:cache, component:search]
  consumesApis: [ledger-api]
---
kind: Component
metadata: {name: ledger}
spec: {type: service, owner: payments, providesApis: [ledger-api], dependsOn: ["resource:orders-db"]}
---
kind: API
metadata: {name: ledger-api}
spec: {type: openapi, owner: payments}
---
kind: Resource
metadata: {name: orders-db}
spec: {type: postgresql, owner: payments, dependencyOf: [component:checkout]}
---
kind: Resource
metadata: {name: cache}
spec: {type: redis, owner: payments}
---
kind: Group
metadata: {name: payments}
"""


def send(client: Any, text: str | bytes, query: str = "", kind: str = "application/yaml") -> Any:
    content = text.encode() if isinstance(text, str) else text
    return client.post(IMPORT + query, content, content_type=kind)


def ok(client: Any, text: str, query: str = "", kind: str = "application/yaml") -> dict[str, Any]:
    answer = send(client, text, query, kind)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def counts(answer: dict[str, Any]) -> tuple[int, int, int]:
    return answer["created"], answer["updated"], answer["unchanged"]


def edges() -> set[tuple[str, str, str, str]]:
    rows = Dependency.objects.values_list("downstream__slug", "upstream__slug", "kind", "source")
    return set(rows)


def writes(queries: CaptureQueriesContext) -> list[str]:
    """Statements that change the catalog, its history or the graph."""
    words = ("INSERT", "UPDATE", "DELETE")
    own = ("services_", "teams_auditentry")
    return [
        row["sql"]
        for row in queries.captured_queries
        if row["sql"].startswith(words) and any(name in row["sql"] for name in own)
    ]


def marks() -> int:
    return GraphChange.objects.count()


def test_backstage_makes_the_catalog(people: People) -> None:
    api = people.api("owner")
    answer = ok(api, SHOP)
    assert (counts(answer), answer["problems"], answer["removed_edges"]) == ((8, 0, 0), [], 0)
    checkout = Service.objects.get(slug="checkout")
    assert checkout.external_id == "component:default/checkout"
    assert (checkout.name, checkout.kind, checkout.tier, checkout.lifecycle) == (
        "Checkout",
        "website",
        1,
        "production",
    )
    assert (checkout.team, checkout.labels) == (people.team, {"java": ""})
    assert checkout.annotations == {"example.com/x": "y"}
    assert checkout.system is not None and checkout.system.domain is not None
    assert (checkout.system.name, checkout.system.domain.parent) == (
        "The shop",
        Domain.objects.get(slug="retail"),
    )
    assert list(ServiceLink.objects.values_list("kind", "title")) == [("runbook", "Runbook")]
    assert edges() == {
        ("checkout", "orders-db", "hard", "backstage"),
        ("checkout", "cache", "soft", "backstage"),
        ("checkout", "ledger-api", "hard", "backstage"),
        ("ledger", "orders-db", "hard", "backstage"),
        ("ledger-api", "ledger", "hard", "backstage:upstream"),
    }
    (missing,) = DanglingReference.objects.all()
    assert (missing.service, missing.kind, missing.reference) == (
        checkout,
        "needs",
        "component:default/search",
    )
    assert [row["kind"] for row in answer["findings"]] == ["not_imported", "dangling"]
    assert "managed under Teams" in answer["findings"][0]["message"]
    told = AuditEntry.objects.get(object_type="service", object_id=checkout.pk)
    assert (told.verb, told.team, told.data["after"]["needs"]) == (
        "created",
        people.team,
        ["orders-db", "cache", "ledger-api"],
    )
    assert AuditEntry.objects.filter(object_type="catalog", data__created=8).count() == 1


def test_the_same_file_again_writes_nothing(people: People) -> None:
    api = people.api("owner")
    ok(api, SHOP)
    before = marks(), AuditEntry.objects.count()
    with CaptureQueriesContext(connection) as queries:
        again = ok(api, SHOP)
    assert (counts(again), writes(queries)) == ((0, 0, 8), [])
    assert (marks(), AuditEntry.objects.count()) == before
    plan = ok(api, SHOP, "?plan=1")
    assert (counts(plan), plan["changes"]) == ((0, 0, 8), [])


def test_the_statements_do_not_grow_with_the_file(people: People) -> None:
    api = people.api("owner")

    def file(count: int, first: str) -> str:
        rows = [f"{first}{n},T,payments,{first}{(n + 1) % count} nobody{n}" for n in range(count)]
        return "slug,name,owner,depends_on\n" + "\n".join(rows)

    used = []
    for count, first in ((3, "a"), (30, "b")):
        with CaptureQueriesContext(connection) as queries:
            assert ok(api, file(count, first), kind="text/csv")["created"] == count
        used.append(len(queries))
    assert used[0] == used[1]


def test_a_plan_changes_nothing_and_tells_all(people: People) -> None:
    api = people.api("owner")
    ok(api, SHOP)
    text = SHOP.replace("title: Checkout", "title: Till").replace(", component:search", ", component:till")
    text = text.replace("resource:orders-db, resource:cache", "resource:cache") + (
        "---\nkind: Component\nmetadata: {name: till}\nspec: {owner: payments, dependsOn: [component:checkout]}\n"
    )
    text = text.replace("dependencyOf: [component:checkout]", "dependencyOf: []")
    before = marks(), AuditEntry.objects.count(), edges()
    plan = ok(api, text, "?plan=1")
    assert (marks(), AuditEntry.objects.count(), edges()) == before
    assert (counts(plan), plan["removed_edges"]) == ((1, 1, 7), 1)
    rows = {row["slug"]: row for row in plan["changes"]}
    assert rows["checkout"] == {
        "slug": "checkout",
        "type": "service",
        "action": "updated",
        "fields": {"name": ["Checkout", "Till"], "missing": [["component:default/search"], []]},
        "edges_added": [{"upstream": "till", "kind": "hard"}],
        "edges_removed": [{"upstream": "orders-db", "kind": "hard"}],
        "edges_changed": [],
    }
    assert (rows["till"]["action"], rows["till"]["fields"]["name"]) == ("created", [None, "till"])
    assert [row["services"] for row in plan["findings"] if row["kind"] == "cycle"] == [["checkout", "till"]]
    done = ok(api, text)
    assert {name: plan[name] for name in done} == done
    assert Service.objects.get(slug="checkout").name == "Till"
    told = AuditEntry.objects.filter(object_type="service", verb="changed").get()
    assert told.data["before"] == {
        "name": "Checkout",
        "missing": ["component:default/search"],
        "needs": ["orders-db"],
    }
    assert told.data["after"] == {"name": "Till", "missing": [], "needs": ["till"]}


def test_what_the_file_does_not_say_stays(people: People) -> None:
    api = people.api("owner")
    ok(api, SHOP)
    Service.objects.filter(slug="ledger").update(
        tier=1, name="Ledger!", description="By hand", labels={"a": "b"}, lifecycle="deprecated"
    )
    ledger, search = Service.objects.get(slug="ledger"), make_service(people.team, "search")
    ledger.links.create(kind="chat", title="Talk", url="https://chat.example.com")
    Dependency.objects.create(downstream=ledger, upstream=search)
    Dependency.objects.filter(downstream=ledger, upstream__slug="orders-db").update(kind="soft", source="")
    again = ok(api, SHOP)
    # Search has come meanwhile, made without the action that joins it: the file joins it now.
    assert counts(again) == (0, 1, 7)
    assert ("checkout", "search", "hard", "backstage") in edges()
    ledger.refresh_from_db()
    assert (ledger.tier, ledger.name, ledger.description, ledger.labels) == (
        1,
        "Ledger!",
        "By hand",
        {"a": "b"},
    )
    assert ledger.links.count() == 1
    assert {("ledger", "search", "hard", ""), ("ledger", "orders-db", "soft", "")} <= edges()


def test_the_history_tells_runbooks_apart_as_an_edit_does(people: People) -> None:
    api = people.api("owner")
    ok(api, SHOP)
    ok(api, SHOP.replace("https://wiki.example.com/checkout", "https://wiki.example.com/new"))
    entry = AuditEntry.objects.filter(object_type="service", verb="changed", object_label="Checkout").get()
    told = [entry.data[when]["runbooks"][0][1] for when in ("before", "after")]
    assert told == ["https://wiki.example.com/checkout", "https://wiki.example.com/new"]


def test_rows_are_found_by_external_id_then_adopted_by_address(people: People) -> None:
    api = people.api("owner")
    make_service(people.team, "ledger", tier=1)
    make_service(people.team, "cart", external_id="csv:cart")
    moved = make_service(people.team, "old-name", external_id="component:default/search")
    answer = ok(
        api,
        "kind: Component\nmetadata: {name: Ledger}\n---\nkind: Component\nmetadata: {name: search, title: S}\n"
        "---\nkind: Component\nmetadata: {name: cart}\n---\nkind: API\nmetadata: {name: Ledger}\n",
    )
    assert counts(answer) == (0, 2, 0)
    assert Service.objects.get(slug="ledger").external_id == "component:default/ledger"
    moved.refresh_from_db()
    assert (moved.slug, moved.name) == ("old-name", "S")
    problems = [(row["document"], row["entity"], row["field"], row["message"]) for row in answer["problems"]]
    assert problems == [
        (3, "component:cart", "metadata.name", "Another service has this address. It came as csv:cart."),
        (
            4,
            "api:Ledger",
            "metadata.name",
            "component:Ledger of this file has the address “ledger” (line 1).",
        ),
    ]


def test_missing_references_are_joined_when_they_come(people: People) -> None:
    api = people.api("owner")
    first = (
        "kind: Component\nmetadata: {name: a}\nspec: {owner: payments, dependsOn: [b, my_db], system: s}\n"
    )
    ok(api, first + "---\nkind: Component\nmetadata: {name: z}\nspec: {owner: payments, dependencyOf: [b]}\n")
    assert (DanglingReference.objects.count(), edges()) == (4, set())
    answer = ok(api, "kind: Resource\nmetadata: {name: b}\nspec: {owner: payments}\n")
    assert counts(answer) == (1, 1, 0)
    assert edges() == {("a", "b", "hard", "backstage"), ("b", "z", "hard", "backstage:upstream")}
    assert join_dangling(make_service(people.team, "my-db"), actor_of(people.owner)) == 1
    assert join_dangling(make_service(people.team, "other"), actor_of(people.owner)) == 0
    assert ("a", "my-db", "hard", "backstage") in edges()
    assert join_system(System.objects.create(slug="s", name="S", team=people.team)) == 1
    assert (DanglingReference.objects.count(), Service.objects.get(slug="a").system) == (
        0,
        System.objects.get(),
    )
    assert counts(ok(api, first)) == (0, 0, 1)
    ok(api, first.replace("name: a", "name: q").replace("system: s", "system: t"))
    ok(api, "kind: System\nmetadata: {name: t}\nspec: {owner: payments}\n")
    assert (Service.objects.get(slug="q").system, DanglingReference.objects.count()) == (
        System.objects.get(slug="t"),
        0,
    )


def test_edges_merge_self_edges_are_told_and_cycles_accepted(people: People) -> None:
    text = (
        "kind: Component\nmetadata: {name: a, annotations: {watchbill.dev/soft: b}}\n"
        "spec: {owner: payments, dependsOn: [component:b, component:default/B, component:a]}\n---\n"
        "kind: Component\nmetadata: {name: b}\nspec: {owner: payments, dependencyOf: [a], dependsOn: [a]}\n"
    )
    answer = ok(people.api("owner"), text)
    assert edges() == {("a", "b", "hard", "backstage"), ("b", "a", "hard", "backstage")}
    assert [(row["line"], row["field"]) for row in answer["problems"]] == [(3, "spec.dependsOn.2")]
    assert [row["services"] for row in answer["findings"]] == [["a", "b"]]


def test_an_edge_belongs_to_who_says_it(people: People) -> None:
    api = people.api("owner")
    needed = "kind: Resource\nmetadata: {name: db}\nspec: {owner: payments, dependencyOf: [component:a]}\n"
    needs = "kind: Component\nmetadata: {name: a}\nspec: {owner: payments, dependsOn: [component:b]}\n"
    ok(api, f"{needs}---\n{needed}---\n{needs.replace('a}', 'b}').replace('[component:b]', '[]')}")
    assert counts(ok(api, needs)) == (0, 0, 1)
    assert edges() == {("a", "db", "hard", "backstage:upstream"), ("a", "b", "hard", "backstage")}
    ok(api, "slug,owner,depends_on\nc,payments,soft:a\n", kind="text/csv")
    ok(api, needed.replace("[component:a]", "[]"))
    assert edges() == {("a", "b", "hard", "backstage"), ("c", "a", "soft", "csv")}
    ok(api, "slug,owner,depends_on\nc,payments,a\n", kind="text/csv")
    assert ("c", "a", "hard", "csv") in edges()


def test_names_of_one_table_say_nothing_of_another(people: People) -> None:
    text = (
        "kind: System\nmetadata: {name: a}\nspec: {owner: ghosts}\n---\n"
        "kind: Domain\nmetadata: {name: a}\nspec: {owner: payments, subdomainOf: a}\n---\n"
        "kind: Component\nmetadata: {name: a}\nspec: {owner: payments, system: a}\n"
    )
    answer = ok(people.api("admin"), text)
    assert (counts(answer), DanglingReference.objects.count()) == ((3, 0, 0), 0)
    assert [(row["document"], row["field"]) for row in answer["problems"]] == [
        (1, "spec.owner"),
        (2, "spec.subdomainOf"),
    ]
    assert Service.objects.get().system == System.objects.get()


def test_vendors_and_the_other_formats(people: People) -> None:
    api = people.api("owner")
    ok(api, "slug,name,kind,owner\nstripe,Stripe,saas,payments\n", kind="text/csv")
    assert Vendor.objects.get().service.slug == "stripe"
    cart = (
        "version: 1\ncomponent: {name: My Cart, owner: payments, aliases: [cart, basket],"
        " dependencies: [{alias: stripe, notes: cards}, {alias: basket_db}]}\n"
    )
    assert ok(api, cart)["created"] == 1
    assert edges() == {("my-cart", "stripe", "hard", "opslevel")}
    assert Dependency.objects.get().note == "cards"
    db = "version: 1\ncomponent: {name: Basket DB, owner: payments, type: database, dependencies: [{alias: basket}]}\n"
    answer = ok(api, db)
    assert (counts(answer), len(answer["findings"])) == ((1, 1, 0), 1)
    assert ("basket-db", "my-cart", "hard", "opslevel") in edges()
    assert counts(ok(api, cart)) == counts(ok(api, db)) == (0, 0, 1)


def test_who_may_import_what(people: People) -> None:
    make_team("Search")
    make_service(None, "nobodys")
    text = (
        "kind: Component\nmetadata: {name: own}\nspec: {owner: payments, dependencyOf: [nobodys], dependsOn: [nobodys]}"
        "\n---\nkind: Component\nmetadata: {name: theirs}\nspec: {owner: search}\n"
        "---\nkind: Component\nmetadata: {name: nobodys, title: X}\nspec: {owner: payments}\n"
        "---\nkind: Component\nmetadata: {name: ownerless}\n"
        "---\nkind: Component\nmetadata: {name: ghosts}\nspec: {owner: ghosts}\n"
    )
    for who, status in (("teammate", 403), ("support", 403), ("stranger", 403)):
        assert send(people.api(who), text).status_code == status
    assert send(people.api("owner", scopes=["read", "respond"]), text).status_code == 403
    answer = ok(people.api("owner"), text)
    told = [(row["entity"], row["field"], row["message"]) for row in answer["problems"]]
    assert told == [
        ("component:own", "spec.dependencyOf.0", "“nobodys” belongs to a team you do not manage."),
        ("component:theirs", "spec.owner", "It belongs to a team you do not manage."),
        ("component:nobodys", "", "It belongs to a team you do not manage."),
        ("component:ownerless", "spec.owner", "Say an owner: a team you manage."),
        ("component:ghosts", "spec.owner", "There is no team “ghosts”."),
    ]
    assert (counts(answer), edges()) == ((1, 0, 0), {("own", "nobodys", "hard", "backstage")})
    answer = ok(people.api("admin"), text)
    assert [row["entity"] for row in answer["problems"]] == ["component:ghosts"]
    assert counts(answer) == (3, 1, 1)
    assert DanglingReference.objects.get(kind="owner").reference == "group:default/ghosts"
    make_team("Ghosts")
    assert counts(ok(people.api("admin"), text)) == (0, 1, 4)
    assert not DanglingReference.objects.exists()


def test_nothing_leaks_of_what_one_does_not_see(people: People) -> None:
    hidden = make_team("Hidden", visibility=TeamVisibility.MEMBERS)
    secret = make_service(hidden, "secret", external_id="component:default/secret")
    own = make_service(people.team, "own", external_id="component:default/own")
    edge = Dependency.objects.create(downstream=own, upstream=secret, source="backstage")
    text = (
        "kind: Component\nmetadata: {name: own}\nspec: {dependsOn: [component:secret]}\n"
        "---\nkind: Component\nmetadata: {name: secret}\nspec: {owner: payments}\n"
        "---\nkind: Component\nmetadata: {name: x}\nspec: {owner: hidden}\n"
    )
    answer = ok(people.api("owner"), text)
    told = [(row["entity"], row["message"]) for row in answer["problems"]]
    assert told == [
        ("component:secret", "Another service has this address."),
        ("component:x", "There is no team “hidden”."),
    ]
    assert [row["reference"] for row in answer["findings"]] == ["component:default/secret"]
    assert list(Dependency.objects.all()) == [edge]
    assert "secret" not in people.api("owner").get(EXPORT).content.decode().replace(
        "component:default/secret", ""
    )
    wait = DanglingReference.objects.create(service=secret, kind="needs", reference="component:default/fresh")
    answer = ok(people.api("owner"), "kind: Component\nmetadata: {name: fresh}\nspec: {owner: payments}\n")
    assert (counts(answer), answer["added_edges"]) == ((1, 0, 0), 0)
    assert not DanglingReference.objects.filter(pk=wait.pk).exists()
    assert ("secret", "fresh", "hard", "") in edges()
    assert not AuditEntry.objects.filter(object_type="service", object_id=secret.pk).exists()
    bound = people.api("admin", team=people.team)
    answer = ok(bound, text.replace("owner: payments", "owner: search"))
    assert [row["message"] for row in answer["problems"]] == [
        "Another service has this address.",
        "There is no team “hidden”.",
    ]
    free = ok(bound, "kind: Component\nmetadata: {name: free}\n")
    assert (counts(free), free["problems"][0]["field"]) == ((0, 0, 0), "spec.owner")


def test_refusals(people: People) -> None:
    api = people.api("owner")
    assert send(api, "hello").status_code == 400
    assert send(api, b"\x89PNG\xff").json()["errors"] == {
        "file": ["The file is not text in UTF-8: see byte 1."]
    }
    assert send(api, SHOP, "?format=xml").json()["errors"].keys() == {"format"}
    assert send(api, SHOP, "?format=csv").status_code == 400
    assert send(api, SHOP, "?format=backstage&plan=1").status_code == 200
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/html"):
        assert send(api, "{}", kind=kind).status_code == 415, kind
    large = send(api, b"#" * (10 * 1024 * 1024 + 1))
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert api.get(IMPORT).status_code == 405
    assert api.get(EXPORT, {"team": "nobody"}).status_code == 400
    assert not Service.objects.exists()


def test_a_repeated_key_acts_once_and_a_plan_is_another_question(people: People) -> None:
    api = people.api("owner")
    options = {"content_type": "application/yaml", "HTTP_IDEMPOTENCY_KEY": "k"}
    first = api.post(IMPORT, SHOP.encode(), **options)
    again = api.post(IMPORT, SHOP.encode(), **options)
    assert (first.status_code, again.json(), again["Idempotent-Replayed"]) == (200, first.json(), "true")
    assert api.post(f"{IMPORT}?plan=1", SHOP.encode(), **options).status_code == 409

"""Catalog files are read whatever is in them: formats, faults by line, and what strangers send."""

from __future__ import annotations

import pytest

from services.importing import reading
from services.importing.documents import MAX_NODES, documents
from services.importing.entities import Entity, Parsed, Unreadable

BACKSTAGE = """\
# the shop
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Check_out.v2
  title: Checkout
  description: |
    Takes orders.
  labels: {tier: "1", pci: "yes", watchbill.dev/tier: "2"}
  tags: [java, shop]
  annotations:
    github.com/project-slug: shop/checkout
    watchbill.dev/stands-alone: "false"
    watchbill.dev/soft: resource:orders-cache, search
  links:
    - {url: "https://wiki.example.com/checkout", title: Runbook}
    - {url: "https://grafana.example.com/d/1", title: Checkout, icon: dashboard}
spec:
  type: service
  lifecycle: on
  owner: group:Payments
  system: shop
  dependsOn: [resource:orders-cache, component:other/Search, search]
  consumesApis: [ledger]
  providesApis: [checkout-api]
  subcomponentOf: storefront
---
kind: Resource
metadata: {name: orders-cache, namespace: Data}
spec: {type: s3-bucket, owner: user:ada, dependencyOf: [component:default/checkout]}
---
kind: Group
metadata: {name: payments}
spec: {type: team, children: []}
"""


def parsed(text: str | bytes, media_type: str = "", form: str = "") -> Parsed:
    content = text.encode() if isinstance(text, str) else text
    return reading.read(content, media_type=media_type, form=form)


def faults(read: Parsed) -> list[tuple[int, int, str]]:
    return [(row.document, row.line, row.field) for row in read.problems]


def statements(entity: Entity) -> tuple[list[tuple[str, bool]], list[str]]:
    needs = [(each.ref.text, each.soft) for each in entity.needs]
    return needs, [each.ref.text for each in entity.needed_by]


def test_backstage() -> None:
    read = parsed(BACKSTAGE)
    checkout, cache = read.entities
    assert (checkout.identities, checkout.slug) == (("component:default/check_out.v2",), "check-out-v2")
    assert checkout.values == {
        "name": "Checkout",
        "description": "Takes orders.",
        "annotations": {"github.com/project-slug": "shop/checkout"},
        "stands_alone": False,
        "kind": "service",
        "tier": 2,
        "labels": {"java": "", "pci": "yes", "shop": "", "tier": "1"},
    }
    assert [tuple(link) for link in checkout.links or []] == [
        ("runbook", "Runbook", "https://wiki.example.com/checkout"),
        ("dashboard", "Checkout", "https://grafana.example.com/d/1"),
    ]
    assert checkout.owner is not None and checkout.owner.text == "group:default/payments"
    assert checkout.container is not None and checkout.container.text == "system:default/shop"
    assert statements(checkout) == (
        [
            ("resource:default/orders-cache", True),
            ("component:other/search", False),
            ("component:default/search", True),
            ("api:default/ledger", False),
        ],
        ["api:default/checkout-api", "component:default/storefront"],
    )
    assert (cache.identities, cache.namespace) == (("resource:data/orders-cache",), "data")
    assert cache.values["kind"] == "storage"
    assert cache.values["annotations"] == {"watchbill.dev/type": "s3-bucket"}
    assert statements(cache) == ([], ["component:default/checkout"])
    assert read.skipped == {"group": ["payments"]}
    assert faults(read) == [(1, 21, "spec.lifecycle"), (2, 31, "spec.owner")]


def test_opslevel() -> None:
    read = parsed(
        """\
version: 1
service:
  name: Shopping Cart
  type: service
  owner: payments
  lifecycle: generally_available
  tier: tier_1
  system: shop
  language: Python
  aliases: [cart, shopping_cart_service]
  tags: [{key: pci, value: on}, {key: db}]
  tools:
    - {name: Cart board, category: metrics, url: "https://grafana.example.com/d/2", environment: Production}
    - {name: Bad, category: logs, url: "ftp://example.com"}
  repositories: [{name: shop/cart}, {name: "gitlab.com/shop/cart", path: /}]
  dependencies:
    - {alias: payments_api, notes: pays}
    - alias: search
      notes: "soft: suggestions"
    - alias: [1]
"""
    )
    (cart,) = read.entities
    assert (read.source, cart.source, cart.slug) == ("opslevel", "opslevel", "shopping-cart")
    assert cart.identities == ("opslevel:cart", "opslevel:shopping_cart_service")
    assert cart.values == {
        "name": "Shopping Cart",
        "kind": "service",
        "lifecycle": "production",
        "tier": 1,
        "labels": {"db": "", "pci": "on"},
        "annotations": {
            "opslevel.com/language": "Python",
            "opslevel.com/aliases": "cart,shopping_cart_service",
        },
    }
    assert [tuple(link) for link in cart.links or []] == [
        ("dashboard", "Cart board (Production)", "https://grafana.example.com/d/2"),
        ("repository", "shop/cart", "https://github.com/shop/cart"),
        ("repository", "gitlab.com/shop/cart", "https://gitlab.com/shop/cart"),
    ]
    assert [(each.ref.name, each.soft, each.note) for each in cart.needs] == [
        ("payments_api", False, "pays"),
        ("search", True, "suggestions"),
    ]
    assert faults(read) == [
        (1, 14, "service.tools.1.url"),
        (1, 20, "service.dependencies.2"),
    ]
    assert faults(parsed("version: 2\ncomponent: {name: X}\n")) == [(1, 1, "version")]
    assert parsed("repository: {owner: x}\n").skipped == {"repository": [""]}


def test_csv() -> None:
    read = parsed(
        "\ufeffSlug;Name;Type;Team;Tier;Colour;depends_on;labels;runbook;links\r\n"
        'pay;"Pay;ments";db;money;T2;red;"ledger soft:search;resource:x/y";"a=1;b";https://wiki.example.com;\r\n'
        "\r\n"
        "ledger;Ledger;what;;9;;;;ftp://x;Docs=https://docs.example.com\r\n"
        "short;row\r\n"
        ";No slug;;;;;;;;\r\n"
        "shop;Shop;system;;;;;;;\r\n"
    )
    pay, ledger, shop = read.entities
    assert (pay.identities, pay.values) == (
        ("csv:pay",),
        {"name": "Pay;ments", "kind": "database", "tier": 2, "labels": {"a": "1", "b": ""}},
    )
    assert statements(pay)[0] == [
        ("component:default/ledger", False),
        ("component:default/search", True),
        ("resource:x/y", False),
    ]
    assert [tuple(link) for link in ledger.links or []] == [("other", "Docs", "https://docs.example.com")]
    assert (shop.table, shop.identities) == ("system", ("csv:system/shop",))
    assert faults(read) == [
        (0, 1, "colour"),
        (2, 4, "kind"),
        (2, 4, "tier"),
        (2, 4, "runbook"),
        (3, 5, ""),
        (4, 6, "slug"),
    ]


WHOLE = {
    "empty": b" \n",
    "comments": b"# nothing\n---\n",
    "binary": b"\x89PNG\r\n\x1a\n\xff\xfe",
    "nul": b"kind: Component\0",
    "utf-16 half": b"\xff\xfeab\x00",
    "prose": b"hello world",
    "html": b"<!doctype html><p>not here</p>",
    "list": b"- a\n- b\n",
    "tab": b"kind: Component\nmetadata:\n\tname: x\n",
    "other yaml": b"openapi: 3.0.0\ninfo: {}\n",
    "bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(12)),
    "too many documents": b"---\nkind: Group\n" * 20_001,
    "too many values": b"- a\n" * (MAX_NODES + 1),
    "large": b"#" * (10 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_cannot_be_used_at_all_says_why(name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parsed(WHOLE[name])
    assert str(caught.value).endswith(".")


def test_csv_without_usable_columns() -> None:
    for text in ("name,tier\nx,1\n", "slug,slug\nx,x\n"):
        with pytest.raises(Unreadable, match="slug"):
            parsed(text, "text/csv")
    read = parsed('slug,name\n"a"b,c\nx,X\nd,"e\n', "text/csv")
    assert [entity.slug for entity in read.entities] == ["x"]
    assert faults(read) == [(1, 2, ""), (3, 4, "")]


GOOD = "kind: Component\nmetadata: {name: good}\n"
NASTY = {
    "not yaml": "kind: [\n",
    "tabs": "kind: Component\nmetadata:\n\tname: x\n",
    "deep": "kind: " + "[" * 60 + "\n",
    "recursive": "kind: Component\nmetadata: &m {name: x, annotations: *m}\n",
    "no such alias": "kind: *nothing\n",
    "list key": "[a, b]: c\n",
    "a list": "- a\n",
    "a text": "hello\n",
    "unknown kind": "kind: Robot\nmetadata: {name: x}\n",
    "kind is a list": "kind: [Component]\nmetadata: {name: x}\n",
    "no kind": "metadata: {name: x}\n",
    "no metadata": "kind: Component\n",
    "metadata is a text": "kind: Component\nmetadata: x\n",
    "spec is a list": "kind: Component\nmetadata: {name: x}\nspec: []\n",
    "no name": "kind: Component\nmetadata: {title: x}\n",
    "name is a list": "kind: Component\nmetadata: {name: [x]}\n",
    "spaces in a name": "kind: Component\nmetadata: {name: my service}\n",
    "long name": f"kind: Component\nmetadata: {{name: {'x' * 64}}}\n",
    "foreign letters": "kind: Component\nmetadata: {name: größe}\n",
    "namespace is a list": "kind: Component\nmetadata: {name: x, namespace: [a]}\n",
    "key twice": "kind: Component\nmetadata: {name: x, name: y}\n",
    "merged text": "kind: Component\nmetadata:\n  <<: text\n  name: x\n",
}


@pytest.mark.parametrize("name", NASTY)
def test_a_faulty_document_leaves_the_others_alone(name: str) -> None:
    read = parsed(f"{GOOD}---\n{NASTY[name]}---\n{GOOD.replace('good', 'best')}")
    assert [entity.slug for entity in read.entities] == ["good", "best"]
    assert {row.document for row in read.problems} == {2}
    assert all(row.line >= 4 and row.message for row in read.problems)


FIELDS = [
    ("title: [x]", "metadata.title"),
    ("labels: x", "metadata.labels"),
    ("labels: {a b: c}", "metadata.labels.a b"),
    ("labels: {a: [c]}", "metadata.labels.a"),
    ("tags: {a: b}", "metadata.tags"),
    ("tags: [c++]", "metadata.tags.0"),
    ("annotations: x", "metadata.annotations"),
    ("annotations: {a: [b]}", "metadata.annotations.a"),
    ("annotations: {watchbill.dev/tier: '9'}", "metadata.annotations.watchbill.dev/tier"),
    ("annotations: {watchbill.dev/soft: nobody}", "metadata.annotations.watchbill.dev/soft"),
    ("annotations: {watchbill.dev/stands-alone: perhaps}", "metadata.annotations.watchbill.dev/stands-alone"),
    ("links: {a: b}", "metadata.links"),
    ("links: [x]", "metadata.links.0"),
    ("links: [{url: 'javascript:alert(1)'}]", "metadata.links.0.url"),
    ("links: [{title: x}]", "metadata.links.0.url"),
    ("links: [{url: [x]}]", "metadata.links.0"),
    (f"links: [{{url: 'https://example.com/{'x' * 500}'}}]", "metadata.links.0.url"),
]
SPEC = [
    ("type: {a: b}", "spec.type"),
    ("lifecycle: someday", "spec.lifecycle"),
    ("owner: [a]", "spec.owner"),
    ("owner: component:x", "spec.owner"),
    ("system: domain:x", "spec.system"),
    ("dependsOn: [null]", "spec.dependsOn.0"),
    ("dependsOn: a b", "spec.dependsOn"),
    (f"dependsOn: ['component:default/{'x' * 300}']", "spec.dependsOn.0"),
    ("dependsOn: [system:shop]", "spec.dependsOn.0"),
    ("dependsOn: [{kind: [x], name: y}]", "spec.dependsOn.0"),
    ("dependsOn: [a/b/c]", "spec.dependsOn.0"),
]


@pytest.mark.parametrize(("line", "field"), [*FIELDS, *((f"name: x\nspec:\n  {s}", f) for s, f in SPEC)])
def test_a_faulty_field_is_named_and_left_out(line: str, field: str) -> None:
    name = "" if line.startswith("name") else "\n  name: x"
    read = parsed(f"kind: Component\nmetadata:\n  {line}{name}\n")
    assert [entity.slug for entity in read.entities] == ["x"]
    assert [row.field for row in read.problems] == [field]


def test_labels_are_said_when_there_are_any_but_ours() -> None:
    said = {
        "labels: {watchbill.dev/tier: '1'}": None,
        "labels: {}": {},
        "tags: []": {},
        "labels: {a: b}": {"a": "b"},
    }
    for line, labels in said.items():
        (entity,) = parsed(f"kind: Component\nmetadata:\n  name: x\n  {line}\n").entities
        assert entity.values.get("labels") == labels


def test_words_stay_words_and_merge_keys_work() -> None:
    values = [each.value for each in documents("a: on\nb: 1.10\nc: ~\nd: 'null'\ne: 2026-11-01\nf: 0x1f\n")]
    assert values == [{"a": "on", "b": "1.10", "c": None, "d": "null", "e": "2026-11-01", "f": "0x1f"}]
    merged = "%YAML 1.1\n---\nbase: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n...\n---\n- last\n"
    assert [each.value for each in documents(merged)] == [
        {"base": {"x": "1", "y": "2"}, "own": {"x": "1", "y": "3"}},
        ["last"],
    ]


def test_the_format_is_told_by_type_content_or_name() -> None:
    table = "slug,name\nx,X\n"
    assert parsed(table).source == "csv"
    assert parsed(table, "text/csv").source == "csv"
    assert parsed(table, "application/octet-stream", "csv").source == "csv"
    with pytest.raises(Unreadable):
        parsed(table, "application/yaml")
    with pytest.raises(Unreadable):
        parsed(GOOD, "", "opslevel")
    mixed = parsed(f"{GOOD}---\ncomponent: {{name: Cart}}\n")
    assert [(entity.slug, entity.source) for entity in mixed.entities] == [
        ("good", "backstage"),
        ("cart", "opslevel"),
    ]
    assert parsed(GOOD.encode("utf-16")).entities[0].slug == "good"

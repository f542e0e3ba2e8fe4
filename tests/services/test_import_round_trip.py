"""The export of any catalog, imported again, changes nothing; the same file twice makes what it made once."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.actions.importing import import_catalog, read_catalog
from services.choices import ServiceKind
from services.importing.exporting import export
from services.importing.plan import Plan
from services.models import DanglingReference, Dependency, Domain, Service, ServiceLink, System
from teams.actor import Actor, system_actor
from teams.choices import TeamVisibility
from tests.factories import People, make_team
from tests.world import make_service

pytestmark = pytest.mark.django_db
EXPORT = "/api/v1/services/export/"


def run(actor: Actor, text: str, form: str = "") -> Plan:
    parsed = read_catalog(actor=actor, content=text.encode(), form=form)
    return import_catalog(actor=actor, parsed=parsed)


def everything() -> list[Any]:
    """The catalog as rows; the times of making them show that nothing was made anew."""
    columns: dict[Any, tuple[str, ...]] = {
        Domain: ("pk", "slug", "name", "description", "team", "parent", "external_id"),
        System: ("pk", "slug", "name", "description", "team", "domain", "external_id"),
        Service: (
            *("pk", "slug", "name", "kind", "description", "team", "tier", "lifecycle", "system"),
            *("labels", "stands_alone", "external_id", "annotations"),
        ),
        ServiceLink: ("pk", "service", "kind", "title", "url", "position"),
        Dependency: ("pk", "downstream", "upstream", "kind", "note", "source", "created_at"),
        DanglingReference: ("pk", "service", "kind", "reference", "edge_kind", "note", "source"),
    }
    return [list(model.objects.order_by("pk").values_list(*names)) for model, names in columns.items()]


def assert_unchanged(actor: Actor, text: str) -> None:
    reset_queries()
    before = everything()
    with CaptureQueriesContext(connection) as queries:
        plan = run(actor, text)
    assert plan.changes == []
    assert everything() == before
    changing = [
        row["sql"] for row in queries.captured_queries if row["sql"][:6] in ("INSERT", "UPDATE", "DELETE")
    ]
    assert changing == []


def test_a_catalog_made_by_hand_comes_back_as_it_is(people: People) -> None:
    domain = Domain.objects.create(slug="retail", name="Retail: on", description="a\nb", team=people.team)
    shop = System.objects.create(slug="shop", name="Shop", team=people.team, domain=domain)
    rows = [
        make_service(
            people.team,
            f"x-{kind}",
            kind=kind,
            tier=1 + number % 4,
            lifecycle=("production", "deprecated")[number % 2],
            description="# A: 'quoted' \"text\"\n\n- with: lists\n\ttabs ü 🙂",
            labels={"tag": "", "on": "null", "a/b": "~"},
            annotations={"watchbill.dev/type": "s3-bucket", "e.com/x": "yes"},
            stands_alone=not number % 3,
            system=shop if number % 2 else None,
            external_id=("", f"csv:x-{kind}", f"api:other/x_{kind}", f"component:default/x-{kind}")[
                number % 4
            ],
        )
        for number, kind in enumerate(ServiceKind.values)
    ]
    for number, row in enumerate(rows):
        row.links.create(
            kind="runbook", title="Read: me", url=f"https://wiki.example.com/{number}", position=1
        )
        for other in rows[number + 1 :: 2]:
            kind = "soft" if other.pk % 3 else "hard"
            source = ("", "backstage", "csv", "backstage:upstream")[other.pk % 4]
            Dependency.objects.create(downstream=row, upstream=other, kind=kind, note="n", source=source)
    for kind, name in (
        ("needs", "component:default/gone"),
        ("needed_by", "api:a/b"),
        ("system", "system:default/s"),
    ):
        DanglingReference.objects.create(
            service=rows[0], kind=kind, reference=name, edge_kind="hard", source="backstage"
        )
    DanglingReference.objects.create(
        service=rows[2], kind="needs", reference="component:default/soft", edge_kind="soft", source="csv"
    )
    text = export(system_actor(), team="")
    assert_unchanged(system_actor(), text)
    assert_unchanged(people.actor("owner"), export(people.actor("owner"), team=people.team.slug))
    kept = [(row.slug, row.name, row.kind, row.tier, row.labels, row.lifecycle) for row in rows]
    pairs = set(Dependency.objects.values_list("downstream__slug", "upstream__slug", "kind"))
    Service.objects.all().delete()
    System.objects.all().delete()
    Domain.objects.all().delete()
    plan = run(system_actor(), text)
    assert (plan.counts, plan.problems) == ({"created": len(rows) + 2, "updated": 0, "unchanged": 0}, [])
    made = Service.objects.order_by("pk")
    assert sorted((r.slug, r.name, r.kind, r.tier, r.labels, r.lifecycle) for r in made) == sorted(kept)
    assert set(Dependency.objects.values_list("downstream__slug", "upstream__slug", "kind")) == pairs
    assert System.objects.get().domain == Domain.objects.get()
    assert_unchanged(system_actor(), text)


NAMES = st.sampled_from(["a", "b", "C", "d_e", "f.g", "h-1"])
REFS = st.sampled_from(
    [
        "a",
        "component:b",
        "C",
        "api:c",
        "resource:d_e",
        "other/f.g",
        "component:default/H-1",
        "gone",
        "team:x",
        "a b",
    ]
)
LISTS = st.lists(REFS, max_size=4)
TEXTS = st.one_of(
    st.none(), st.sampled_from(["", "on", "Tier 1", "null", "2026-11-01", "1", "ä: b"]), st.text(max_size=12)
)


@st.composite
def entities(draw: Any) -> dict[str, Any]:
    kind = draw(st.sampled_from(["Component", "API", "Resource", "System", "Domain", "Group", "Robot"]))
    metadata: dict[str, Any] = {"name": draw(NAMES)}
    if draw(st.booleans()):
        metadata |= {
            "title": draw(TEXTS),
            "description": draw(TEXTS),
            "tags": draw(st.lists(NAMES, max_size=3)),
        }
        metadata["annotations"] = {
            "example.com/x": draw(TEXTS),
            "watchbill.dev/tier": draw(st.sampled_from(["1", "tier_2", "9"])),
            "watchbill.dev/soft": draw(REFS),
        }
    if draw(st.booleans()):
        metadata["namespace"] = draw(st.sampled_from(["default", "Other"]))
    spec = {
        "type": draw(st.sampled_from(["service", "s3-bucket", "odd thing", "saas", None])),
        "lifecycle": draw(st.sampled_from(["production", "beta", "someday", None])),
        "owner": draw(st.sampled_from(["payments", "group:default/Payments", "ghosts", "user:x", None])),
        draw(st.sampled_from(["system", "domain", "subdomainOf"])): draw(st.one_of(NAMES, st.none())),
    }
    for field in ("dependsOn", "dependencyOf", "consumesApis", "providesApis"):
        if draw(st.booleans()):
            spec[field] = draw(LISTS)
    return {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


@given(
    files=st.lists(st.lists(entities(), min_size=1, max_size=6), min_size=1, max_size=3), soft=st.booleans()
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_file_twice_is_once_and_any_export_is_nothing_new(people: People, files: Any, soft: bool) -> None:
    Service.objects.all().delete()
    System.objects.all().delete()
    Domain.objects.all().delete()
    actor = people.actor("admin")
    for file in files:
        text = yaml.safe_dump_all(file, allow_unicode=soft, explicit_start=True)
        run(actor, text, "backstage")
        assert_unchanged(actor, text)
        if Service.objects.exists() or System.objects.exists() or Domain.objects.exists():
            assert_unchanged(actor, export(actor))


def test_an_api_and_its_provider_that_need_each_other_come_back_as_they_are(people: People) -> None:
    provider, api = make_service(people.team, "shop"), make_service(people.team, "orders", kind="api")
    Dependency.objects.create(downstream=api, upstream=provider, kind="hard", source="backstage")
    Dependency.objects.create(downstream=provider, upstream=api, kind="soft", source="backstage")
    assert_unchanged(system_actor(), export(system_actor()))


def test_who_exports_what(private_people: People) -> None:
    people = private_people
    open_team = make_team("Open")
    pay, shop = make_service(people.team, "pay"), make_service(open_team, "shop")
    Dependency.objects.create(downstream=shop, upstream=pay)

    def names(who: str, query: str = "", **options: Any) -> list[str]:
        answer = people.api(who, **options).get(EXPORT + query)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/yaml; charset=utf-8")
        assert who in ("owner", "teammate", "admin") or "pay" not in answer.content.decode()
        return [row["metadata"]["name"] for row in yaml.safe_load_all(answer.content) if row]

    assert names("owner") == names("teammate") == names("admin") == ["pay", "shop"]
    assert names("support") == names("stranger") == ["shop"]
    assert names("owner", f"?team={people.team.slug}") == ["pay"]
    assert names("admin", team=people.team) == ["pay"]
    assert people.api("stranger").get(f"{EXPORT}?team={people.team.slug}").status_code == 400
    accepting = people.api("owner").get(EXPORT, headers={"Accept": "application/yaml"})
    assert accepting.status_code == 200
    pay.delete(), shop.delete()
    assert names("owner") == []


def test_exporting_takes_the_same_statements_for_any_number(people: People) -> None:
    used = []
    for count in (1, 3):
        for number in range(count):
            make_service(people.team, f"s{count}-{number}")
        with CaptureQueriesContext(connection) as queries:
            export(people.actor("owner"))
        used.append(len(queries))
    assert used[0] == used[1]


def test_the_team_filter_keeps_to_the_team(people: People) -> None:
    other = make_team("Other", visibility=TeamVisibility.ORGANISATION)
    api, provider = make_service(people.team, "api-1", kind="api"), make_service(other, "provider")
    Dependency.objects.create(downstream=api, upstream=provider)
    (entity,) = yaml.safe_load_all(export(people.actor("owner"), team=people.team.slug))
    assert entity["spec"]["dependsOn"] == ["component:default/provider"]
    whole = list(yaml.safe_load_all(export(people.actor("owner"))))
    assert [row["spec"].get("providesApis") for row in whole] == [None, ["api:default/api-1"]]

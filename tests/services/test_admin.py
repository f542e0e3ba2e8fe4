"""Django admin of the catalog: everything is there, lists are cheap, saves use the actions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from services.models import (
    AccessConfirmation,
    AccessItem,
    Agreement,
    ChangeEvent,
    DanglingReference,
    Dependency,
    Domain,
    Environment,
    OwnershipTransfer,
    Service,
    ServiceContact,
    ServiceEnvironment,
    ServiceField,
    System,
    Vendor,
)
from teams.models import AuditEntry
from tests.factories import People, make_team
from tests.world import make_policy, make_service

pytestmark = pytest.mark.django_db
MODELS = [model for model in apps.get_app_config("services").get_models() if model._meta.managed]
ON_A_PAGE_OF_ITS_OWN = [model for model in MODELS if model in admin.site._registry]
TODAY = timezone.now().date()


def furnish(people: People, number: int) -> None:
    policy = make_policy(people.team, (5, [people.owner]), name=f"Policy {number}")
    one, two = (make_service(people.team, f"{slug}-{number}", escalation_policy=policy) for slug in "ab")
    Dependency.objects.create(downstream=one, upstream=two)
    one.links.create(title="x", url="https://x.example")
    ChangeEvent.objects.create(service=one, summary="c")
    domain = Domain.objects.create(name="d", slug=f"d-{number}", team=people.team)
    System.objects.create(name="s", slug=f"s-{number}", team=people.team, domain=domain)
    environment = Environment.objects.create(name=f"e-{number}", slug=f"e-{number}")
    ServiceEnvironment.objects.create(service=one, environment=environment)
    ServiceField.objects.create(name="f", key=f"f-{number}", kind="text")
    ServiceContact.objects.create(service=one, part="owner", user=people.owner)
    Vendor.objects.create(service=two)
    Agreement.objects.create(service=two, name="a", target=99, period="month", starts_on=TODAY)
    OwnershipTransfer.objects.create(
        service=one, from_team=people.team, to_team=make_team(f"Other {number}"), asked_by=people.owner
    )
    DanglingReference.objects.create(service=one, kind="needs", reference="x", source="catalog-info")
    item = AccessItem.objects.create(service=one, text="The console")
    AccessConfirmation.objects.create(item=item, user=people.owner)


def inlines(browser: Any, url: str) -> dict[str, str]:
    """What the page says of the rows below its form, as a browser sends it back."""
    page = browser.get(url).content.decode()
    counts = re.findall(r'name="(\w+-(?:TOTAL|INITIAL)_FORMS)" value="(\d+)"', page)
    assert counts, url
    return dict(counts)


def test_every_model_is_there_with_a_cheap_searchable_list(people: People) -> None:
    browser = people.browser("admin")
    beside = {inline.model for shown in admin.site._registry.values() for inline in shown.inlines}
    assert {model for model in MODELS if model in admin.site._registry or model in beside} == set(MODELS)
    urls = {model: f"/admin/services/{model._meta.model_name}/?q=a" for model in ON_A_PAGE_OF_ITS_OWN}

    def counts() -> dict[str, int]:
        found = {}
        for model, url in urls.items():
            browser.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(url).status_code == 200, url
            found[model.__name__] = len(queries)
        return found

    furnish(people, 1)
    one = counts()
    furnish(people, 2)
    furnish(people, 3)
    assert counts() == one
    for model in MODELS:
        row = model._default_manager.first()
        assert row is not None, model
        if model in ON_A_PAGE_OF_ITS_OWN:
            assert (
                browser.get(f"/admin/services/{model._meta.model_name}/{row.pk}/change/").status_code == 200
            )


def test_saves_go_through_the_actions(people: People) -> None:
    browser = people.browser("admin")
    add = "/admin/services/service/add/"
    form = {"name": "Pay", "slug": "pay", "team": people.team.pk, "tier": 1, "lifecycle": "production"}
    form |= {"kind": "service", "labels": "{}"}
    answer = browser.post(add, form | inlines(browser, add))
    assert answer.status_code == 302, answer.content[:3000]
    assert Service.objects.get().slug == "pay"
    entries = AuditEntry.objects.filter(via="admin").values_list("verb", "object_type", "actor__name")
    assert list(entries) == [("created", "service", "Ada Admin")]


def test_links_and_needs_are_shown_and_changed_elsewhere(people: People) -> None:
    browser = people.browser("admin")
    furnish(people, 1)
    assert browser.get("/admin/services/servicelink/add/").status_code == 403
    service = Service.objects.get(slug="a-1")
    change = f"/admin/services/service/{service.pk}/change/"
    form = {"name": "Renamed", "team": service.team_id, "tier": 1, "lifecycle": "production"}
    form |= {"kind": "service", "labels": "{}"}
    answer = browser.post(change, form | inlines(browser, change))
    assert answer.status_code == 302, answer.content[:3000]
    service.refresh_from_db()
    assert (service.name, service.links.count(), service.upstream_edges.count()) == ("Renamed", 1, 1)


def test_edges_are_changed_and_removed_by_the_actions(people: People) -> None:
    browser = people.browser("admin")
    one, two = (make_service(people.team, slug) for slug in "ab")
    edge = Dependency.objects.create(downstream=one, upstream=two)
    address = f"/admin/services/dependency/{edge.pk}/"
    assert browser.post(f"{address}change/", {"kind": "soft", "note": "cache"}).status_code == 302
    assert Dependency.objects.values_list("kind", "note").get() == ("soft", "cache")
    assert browser.post(f"{address}delete/", {"post": "yes"}).status_code == 302
    assert not Dependency.objects.exists()
    verbs = AuditEntry.objects.filter(via="admin").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["dependency set", "dependency removed"]

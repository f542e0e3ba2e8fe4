"""What belongs to a members-only team has no name in what others see of the services beside it."""

from __future__ import annotations

import json

import pytest

from oncall.models import EscalationPolicy
from services import actions
from services.models import Domain, OwnershipTransfer, System
from teams.choices import TeamVisibility
from teams.models import AuditEntry
from tests.factories import People, actor_of, api_client, make_team, make_user, signed_in
from tests.world import make_service

pytestmark = pytest.mark.django_db


def said(people: People, who: str, *paths: str) -> str:
    browser, api = people.browser(who), people.api(who)
    texts = []
    for path in paths:
        answer = (api if path.startswith("/api/") else browser).get(path)
        assert answer.status_code == 200, path
        texts.append(answer.content.decode())
    return "".join(texts)


def test_offers_to_a_hidden_team(people: People) -> None:
    service = make_service(people.team, "pay")
    mia = make_user("Mia")
    secret = make_team("Secret squad", manager=mia, visibility=TeamVisibility.MEMBERS)
    paths = ("/services/pay/", "/services/pay/history/", "/api/v1/services/pay/history/")
    listed = "/api/v1/services/pay/transfers/"
    offer = actions.ask_transfer(
        actor=actor_of(people.admin), service_id=service.pk, to_team_id=secret.pk, note="hush hush"
    )
    assert "Secret squad" in said(people, "owner", "/services/pay/")
    assert secret.slug in said(people, "owner", listed)
    found = said(people, "stranger", *paths, listed)
    assert not [word for word in ("Secret squad", secret.slug, "hush hush") if word in found]
    # Whoever has no part in an offer does not learn whether there is one.
    nobody = api_client(make_user("Nobody"))
    url = f"/api/v1/services/transfers/{offer.pk}/accept/"
    before = nobody.post(url).status_code
    actions.withdraw_transfer(actor=actor_of(people.admin), transfer_id=offer.pk)
    assert nobody.post(url).status_code == before
    assert OwnershipTransfer.objects.get().status == "withdrawn"
    assert signed_in(mia).post(f"/services/transfers/{offer.pk}/accept/").status_code == 409


def test_hidden_services_in_the_history(people: People) -> None:
    secret = make_team("Secret squad", visibility=TeamVisibility.MEMBERS)
    mine, hidden = make_service(people.team, "pay"), make_service(secret, "hush-hush")
    make_service(people.team, "plain")
    root = actor_of(people.admin)
    actions.set_dependency(actor=root, downstream_id=mine.pk, upstream_id=hidden.pk)
    text = (
        "kind: Component\nmetadata: {name: pay}\n"
        f"spec: {{type: service, owner: {people.team.slug}, dependsOn: [hush-hush, plain]}}\n"
    )
    answer = people.api("admin").post(
        "/api/v1/services/import/", text.encode(), content_type="application/yaml"
    )
    assert answer.status_code == 200
    paths = ("/services/pay/history/", "/api/v1/services/pay/history/")
    assert "hush-hush" in said(people, "admin", *paths)
    found = said(people, "stranger", *paths)
    assert "hush-hush" not in found and "plain" in found


def test_the_history_names_what_fields_lead_to(people: People) -> None:
    policy = EscalationPolicy.objects.create(team=people.team, name="Wake the night")
    system = System.objects.create(slug="open", name="Open", team=people.team)
    make_service(people.team, "pay")
    body = {"escalation_policy": policy.pk, "system": system.pk}
    assert people.api("owner").patch("/api/v1/services/pay/", body, format="json").status_code == 200
    fields = json.loads(said(people, "owner", "/api/v1/services/pay/history/"))["results"][0]["fields"]
    assert fields == {"escalation policy": ["–", "Wake the night"], "system": ["–", "Open"]}
    policy.delete()
    fields = json.loads(said(people, "owner", "/api/v1/services/pay/history/"))["results"][0]["fields"]
    assert fields["escalation policy"] == ["–", "?"]


def test_an_import_out_of_a_hidden_system(people: People) -> None:
    secret = make_team("Secret squad", visibility=TeamVisibility.MEMBERS)
    hidden = System.objects.create(slug="hush-hush", name="Hush hush", team=secret)
    System.objects.create(slug="open", name="Open", team=people.team)
    service = make_service(people.team, "pay", system=hidden)
    text = (
        "kind: Component\nmetadata: {name: pay}\n"
        f"spec: {{type: service, owner: {people.team.slug}, system: open}}\n"
    )
    for extra, system in (("?plan=1", hidden.slug), ("", "open")):
        answer = people.api("owner").post(
            f"/api/v1/services/import/{extra}", text.encode(), content_type="application/yaml"
        )
        assert (answer.status_code, answer.json()["updated"]) == (200, 1)
        told = [row["fields"]["system"] for row in answer.json().get("changes", [])]
        assert told == ([[None, "open"]] if extra else [])
        service.refresh_from_db()
        assert service.system is not None and service.system.slug == system
    path = "/api/v1/services/pay/history/"
    assert '"system":["Hush hush","Open"]' in said(people, "admin", path)
    assert '"system":["?","Open"]' in said(people, "owner", path)


def test_an_import_of_a_system_out_of_a_hidden_domain(people: People) -> None:
    secret = make_team("Secret squad", visibility=TeamVisibility.MEMBERS)
    hidden = Domain.objects.create(slug="hush-hush", name="Hush hush", team=secret)
    Domain.objects.create(slug="open", name="Open", team=people.team)
    system = System.objects.create(slug="money", name="Money", team=people.team, domain=hidden)
    text = f"kind: System\nmetadata: {{name: money}}\nspec: {{owner: {people.team.slug}, domain: open}}\n"
    answer = people.api("owner").post(
        "/api/v1/services/import/", text.encode(), content_type="application/yaml"
    )
    assert (answer.status_code, answer.json()["updated"]) == (200, 1)
    told = AuditEntry.objects.get(object_type="system", object_id=str(system.pk)).data
    assert (told["before"]["domain"], told["after"]["domain"]) == (hidden.pk, "open")
    assert "hush-hush" not in said(people, "owner", "/settings/audit/")


def test_a_hidden_system_and_domain(people: People) -> None:
    secret = make_team("Secret squad", visibility=TeamVisibility.MEMBERS)
    domain = Domain.objects.create(slug="hush-domain", name="Hush domain", team=secret)
    system = System.objects.create(slug="hush-hush", name="Hush hush", team=secret, domain=domain)
    make_service(people.team, "pay", system=system)
    System.objects.create(slug="open", name="Open", team=people.team, domain=domain)
    paths = ("/services/pay/", "/api/v1/services/pay/", "/api/v1/services/", "/api/v1/systems/")
    assert "hush-hush" in said(people, "admin", *paths)
    found = said(people, "stranger", *paths)
    assert "hush-" not in found and "Hush" not in found
    narrowed = json.loads(said(people, "stranger", "/api/v1/services/?system=hush-hush"))
    assert narrowed["results"] == []

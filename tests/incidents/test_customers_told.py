"""Named customers: contacts, import, and approved words sent one by one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from core import clock as product_clock
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from incidents import actions
from incidents.actions.customers import deliver_message, may_see_contacts
from incidents.models import CustomerContact, CustomerMessage, Incident, TimelineEntry, UpdateTemplate
from notifications.models import CapturedMail, Delivery
from services.models import Service
from tests.factories import api_client, signed_in
from tests.incidents.support import START, declare
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db


def contact(*services: Service, **fields: Any) -> CustomerContact:
    number = CustomerContact.objects.count() + 1
    row = CustomerContact.objects.create(**{"email": f"c{number}@customer.example", **fields})
    row.services.set(services)
    return row


def template(**fields: Any) -> UpdateTemplate:
    values = {
        "name": "Trouble",
        "audience": "public",
        "customers": True,
        "approved": True,
        "subject": "Trouble with {{ services }}",
        "body": "Hello {{ name }} of {{ company }}: {{ impact }}",
    }
    return UpdateTemplate.objects.create(**{**values, **fields})


def send(world: World, incident: Incident, text: UpdateTemplate, **fields: Any) -> CustomerMessage:
    return actions.contact_customers(
        actor=world.actor("ada"), number=incident.number, template_id=text.pk, **fields
    )


def test_each_gets_its_own_words_by_service_company_and_segment(drain: Any, settings: Any) -> None:
    settings.CAPTURE_MAIL = True
    world = make_world()
    other = make_service(world.team, "other")
    with time_machine.travel(START, tick=False):
        incident = declare(world, impact="Cards fail")
    contact(world.service, name="Ann", company="Acme", segment="gold")
    contact(world.service, other, name="Ben", company="Bolt", segment="gold")
    contact(other, name="Cid", company="Acme")
    contact(world.service, name="Gone", company="Acme", active=False)
    text = template()
    with time_machine.travel(START, tick=False) as clock:
        row = send(world, incident, text)
        assert set(row.recipients.values_list("name", flat=True)) == {"Ann", "Ben"}
        drain()
        assert not CapturedMail.objects.exists()
        clock.shift(dt.timedelta(seconds=61))
        drain()
    mails = {mail.recipient: mail for mail in CapturedMail.objects.all()}
    assert set(mails) == {"c1@customer.example", "c2@customer.example"}
    mail = mails["c1@customer.example"]
    assert mail.subject == "Trouble with Checkout"
    assert "Hello Ann of Acme: Cards fail" in mail.text
    assert "/incidents/" not in mail.text
    assert "/settings/" not in mail.text
    assert TimelineEntry.objects.get(kind="customers_told").data["count"] == 2
    for fields, found in (
        ({"company": "acme"}, {"Ann"}),
        ({"segment": "GOLD"}, {"Ann", "Ben"}),
        ({"service_ids": [other.pk]}, {"Ben", "Cid"}),
    ):
        assert set(send(world, incident, text, **fields).recipients.values_list("name", flat=True)) == found
    with pytest.raises(InvalidInput):
        send(world, incident, text, company="Nobody")


def test_it_is_written_once_and_can_be_taken_back_before_it_leaves() -> None:
    world = make_world()
    incident = declare(world)
    contact(world.service)
    contact(world.service)
    with time_machine.travel(START, tick=False):
        row = send(world, incident, template())
        assert deliver_message(message_id=row.pk, now=product_clock.now()) == 2
        assert deliver_message(message_id=row.pk, now=product_clock.now()) == 0
        found = Delivery.objects.filter(source=row.source)
        assert {one.key for one in found} == {
            f"customers:{row.pk}:c{one.pk}" for one in CustomerContact.objects.all()
        }
        actions.withdraw_message(actor=world.actor("ada"), number=incident.number, message_id=row.pk)
    assert set(found.values_list("status", flat=True)) == {"withdrawn"}
    early = send(world, incident, template(name="Second"))
    actions.withdraw_message(actor=world.actor("ada"), number=incident.number, message_id=early.pk)
    assert deliver_message(message_id=early.pk, now=product_clock.now()) == 0


def test_what_has_left_cannot_be_taken_back(drain: Any) -> None:
    world = make_world()
    contact(world.service)
    with time_machine.travel(START, tick=False) as clock:
        incident = declare(world)
        row = send(world, incident, template())
        drain()
        clock.shift(dt.timedelta(minutes=2))
        drain()
        with pytest.raises(Conflict):
            actions.withdraw_message(actor=world.actor("ada"), number=incident.number, message_id=row.pk)


def test_never_for_drills_or_restricted_ones_nor_without_approval() -> None:
    world = make_world()
    contact(world.service)
    drill, incident = declare(world, kind="drill"), declare(world)
    with pytest.raises(Conflict):
        send(world, drill, template())
    with pytest.raises(InvalidInput) as refused:
        send(world, incident, template(name="Draft", approved=False))
    assert list(refused.value.fields) == ["template"]
    with pytest.raises(InvalidInput):
        send(world, incident, template(name="No", customers=False))
    with pytest.raises(Conflict) as changed:
        send(world, incident, template(name="Seen"), expected=5)
    assert changed.value.code == "list_changed"
    Incident.objects.filter(pk=incident.pk).update(visibility="restricted")
    with pytest.raises(Conflict):
        actions.contact_customers(
            actor=world.actor("root"), number=incident.number, template_id=template(name="R").pk
        )
    assert not CustomerMessage.objects.exists()


def test_who_may_write_to_customers_and_see_them() -> None:
    world = make_world()
    incident = declare(world, "root")
    contact(world.service, name="Ann")
    text = template()
    names = ("ada", "bo", "sam", "zoe", "root")
    url = f"/api/v1/incidents/{incident.number}/customer-messages/"

    def outcome() -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
        return (
            {n: api_client(getattr(world, n)).get(url).status_code for n in names},
            {
                n: len(api_client(getattr(world, n)).get("/api/v1/customer-contacts/").json()["results"])
                for n in names
            },
            {n: signed_in(getattr(world, n)).get("/settings/customers/").status_code for n in names},
        )

    assert outcome() == (
        {"ada": 200, "bo": 403, "sam": 403, "zoe": 403, "root": 200},
        {"ada": 1, "bo": 0, "sam": 0, "zoe": 0, "root": 1},
        {"ada": 200, "bo": 404, "sam": 404, "zoe": 404, "root": 200},
    )
    actions.assign_role(
        actor=world.actor("root"), number=incident.number, role="communications", user_id=world.sam.pk
    )
    assert outcome()[0]["sam"] == 200
    assert may_see_contacts(world.actor("sam"))
    with pytest.raises(NotAllowed):
        actions.save_contact(actor=world.actor("sam"), email="x@example.com")
    with pytest.raises(NotVisible):
        actions.save_contact(actor=world.actor("bo"), email="x@example.com")
    sent = api_client(world.sam).post(url, {"template": text.pk, "expected": 1}, format="json")
    assert sent.status_code == 201
    found = api_client(world.sam).get(f"{url}{sent.json()['id']}/deliveries/")
    assert found.status_code == 200
    actions.resolve(actor=world.actor("ada"), number=incident.number, override_reason="Over")
    assert not may_see_contacts(world.actor("sam"))


def test_the_page_shows_one_example_and_every_name_first() -> None:
    world = make_world()
    incident = declare(world, impact="Cards fail")
    for name in ("Ann", "Ben"):
        contact(world.service, name=name, company="Acme")
    text = template()
    browser = signed_in(world.ada)
    url = f"/incidents/{incident.number}/customers/"
    form = {"template": text.pk, "services": [world.service.pk]}
    page = browser.post(url, {**form, "op": "look"}).content.decode()
    for words in ("Hello Ann of Acme: Cards fail", "2 customers", "Ben (Acme)", "Send 2 messages"):
        assert words in page
    assert not CustomerMessage.objects.exists()
    changed = browser.post(url, {**form, "op": "send", "expected": 1})
    assert changed.status_code == 422
    assert "The list has changed" in changed.content.decode()
    done = browser.post(url, {**form, "op": "send", "expected": 2})
    assert done.status_code == 302
    assert browser.get(done["Location"]).status_code == 200
    assert browser.post(done["Location"]).status_code == 302
    assert CustomerMessage.objects.get().withdrawn_at is not None


CSV = "email,name,company,segment,language,services\n"


def test_a_table_is_planned_then_stored() -> None:
    world = make_world()
    make_service(world.team, "other")
    ada = world.actor("ada")
    text = CSV + "Ann@Acme.example,Ann,Acme,gold,en,checkout other\nben@bolt.example,,,,,\n"
    plan = actions.plan_csv(actor=ada, text=text)
    assert plan.counts == {"created": 2, "updated": 0, "unchanged": 0}
    assert not CustomerContact.objects.exists()
    actions.apply_csv(actor=ada, text=text)
    ann = CustomerContact.objects.get(email="ann@acme.example")
    assert (ann.company, {row.slug for row in ann.services.all()}) == ("Acme", {"checkout", "other"})
    again = actions.apply_csv(actor=ada, text=text.replace("gold,en,checkout other", "gold,en,checkout"))
    assert again.counts == {"created": 0, "updated": 1, "unchanged": 1}
    assert [row.slug for row in ann.services.all()] == ["checkout"]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("nonsense,Ann,,,,", "“nonsense” is not an e-mail address."),
        ("a@b.example,=1+1,,,,", "name begins with “=”: a formula?"),
        ("a@b.example,Ann,@SUM(A1),,,", "company begins with “@”: a formula?"),
        ("a@b.example,Ann,,,,nowhere", "There is no service “nowhere”."),
        ("a@b.example,Ann,,,,,more", "7 columns instead of email,name,company,segment,language,services."),
        (f"a@b.example,{'x' * 151},,,,", "name is longer than 150 characters."),
        ("first@b.example,Ann,,,,", "The same address stands in line 2."),
    ],
)
def test_faults_are_told_by_line_and_nothing_is_stored(row: str, fault: str) -> None:
    world = make_world()
    ada = world.actor("ada")
    text = f"{CSV}first@b.example,First,,,,\n{row}\n"
    plan = actions.plan_csv(actor=ada, text=text)
    assert [(one.line, one.faults) for one in plan.faulty] == [(3, [fault])]
    with pytest.raises(InvalidInput) as refused:
        actions.apply_csv(actor=ada, text=text)
    assert refused.value.fields == {"file": [f"Line 3: {fault}"]}
    assert not CustomerContact.objects.exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "There are no rows: each needs email,name,company,segment,language,services."),
        ('a@b.example,"open', "Line 1 is not valid CSV: unexpected end of data."),
        ("a@b.example\n" * 10_001, "At most 10,000 rows at once."),
        ("x" * (2 * 1024 * 1024 + 1), "At most 2 MB."),
    ],
)
def test_what_is_no_such_table(text: str, reason: str) -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        actions.plan_csv(actor=world.actor("ada"), text=text)
    assert refused.value.fields == {"file": [reason]}


def test_by_file_on_the_page_and_by_bulk_in_the_api() -> None:
    world = make_world()
    browser = signed_in(world.ada)
    url = "/settings/customers/import/"
    file = SimpleUploadedFile("c.csv", (CSV + "ann@acme.example,Ann,,,,checkout\n").encode())
    planned = browser.post(url, {"file": file, "op": "check"})
    assert "1 new, 0 changed, 0 as before." in planned.content.decode()
    stored = browser.post(url, {"rows": CSV + "ann@acme.example,Ann,,,,checkout", "op": "apply"})
    assert stored.status_code == 302
    assert (
        browser.post(url, {"file": SimpleUploadedFile("c.csv", b"\xff\xfe"), "op": "check"}).status_code
        == 422
    )
    api = api_client(world.ada)
    bulk = "/api/v1/customer-contacts/bulk/"
    rows = [{"email": "ann@acme.example", "name": "Anna", "services": ["checkout"]}, {"email": "b@b.example"}]
    planned_api = api.put(f"{bulk}?plan=1", {"contacts": [{"email": "x"}]}, format="json").json()
    assert planned_api["problems"][0]["reasons"] == ["“x” is not an e-mail address."]
    answer = api.put(bulk, {"contacts": rows}, format="json")
    assert (answer.status_code, answer.json()) == (200, {"created": 1, "updated": 1, "unchanged": 0})
    assert api.put(bulk, {"contacts": []}, format="json").status_code == 400
    assert api_client(world.bo).put(bulk, {"contacts": rows}, format="json").status_code == 404
    made = api.post(
        "/api/v1/customer-contacts/", {"email": "N@n.example", "services": ["checkout"]}, format="json"
    )
    assert (made.status_code, made.json()["email"], made.json()["services"]) == (
        201,
        "n@n.example",
        ["checkout"],
    )
    same = api.post("/api/v1/customer-contacts/", {"email": "n@N.example"}, format="json")
    assert same.status_code == 400
    one = f"/api/v1/customer-contacts/{made.json()['id']}/"
    assert api.patch(one, {"active": False}, format="json").json()["active"] is False
    assert api.delete(one).status_code == 204


def test_a_customer_stops_it_by_the_link() -> None:
    from incidents.stopping import customer_path

    row = contact(name="Ann")
    assert signed_in(None).post(customer_path(row.pk)).status_code == 200
    row.refresh_from_db()
    assert row.active is False

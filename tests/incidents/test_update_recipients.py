"""Who receives internal and executive updates, by which way, and what became of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from incidents import actions
from incidents.models import Follow, Incident, Stakeholder, StakeholderList
from incidents.reactions.communications import deliver_update
from incidents.recipients import recipients, seers
from notifications.models import CapturedMail, ContactMethod, Delivery
from teams.choices import TeamRole
from teams.models import User
from tests.factories import actor_of, api_client, make_membership, make_team, make_user, signed_in
from tests.incidents.support import declare, grant
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db


def listed(*users: User, address: str = "", channel: str = "email", **fields: Any) -> StakeholderList:
    row = StakeholderList.objects.create(**{"name": "List", **fields})
    for user in users:
        Stakeholder.objects.create(list=row, user=user, channel=channel)
    if address:
        Stakeholder.objects.create(list=row, address=address, name="Outside")
    return row


def names(incident: Incident, audience: str = "internal") -> list[str]:
    fresh = Incident.objects.select_related("team").get(pk=incident.pk)
    return [one.hint for one in recipients(fresh, audience)]


def test_lists_fit_by_team_service_and_rank() -> None:
    world = make_world()
    incident = declare(world)
    people = {n: make_user(n) for n in ("All", "Team", "Other", "Service", "Elsewhere", "Grave", "Boss")}
    listed(people["All"])
    listed(people["Team"], team=world.team)
    listed(people["Other"], team=make_team("Other team"))
    listed(people["Service"], service=world.service)
    listed(people["Elsewhere"], service=make_service(world.team, "elsewhere"))
    listed(people["Grave"], to_rank=1)
    listed(people["Boss"], internal=False, executive=True)
    assert names(incident) == ["All", "Service", "Team"]
    assert names(incident, "executive") == ["Boss"]
    assert names(incident, "public") == names(incident, "support") == []
    actions.set_severity(actor=world.actor("bo"), number=incident.number, severity=1)
    assert names(incident) == ["All", "Grave", "Service", "Team"]
    actions.set_severity(actor=world.actor("bo"), number=incident.number, severity=2)
    assert names(incident) == ["All", "Service", "Team"]


def test_followers_of_incident_service_and_team_once_each() -> None:
    world = make_world()
    incident = declare(world)
    one, gone = make_user("One"), make_user("Gone", is_active=False)
    listed(one)
    for user in (one, gone):
        Follow.objects.create(user=user, incident=incident)
        Follow.objects.create(user=user, service=world.service)
        Follow.objects.create(user=user, team=world.team)
    assert names(incident) == ["One"]
    assert names(incident, "executive") == []


def test_the_executive_contact_gets_executive_updates() -> None:
    world = make_world()
    incident = declare(world)
    boss = make_user("Boss")
    actions.assign_role(actor=world.actor("bo"), number=incident.number, role="executive", user_id=boss.pk)
    assert names(incident, "executive") == ["Boss"]


def test_an_address_that_is_a_person_is_not_written_to_twice() -> None:
    world = make_world()
    incident = declare(world)
    one = make_user("One")
    listed(one, address=one.email.upper())
    listed(address="new@partner.example")
    assert names(incident) == ["One", "Outside"]


@pytest.mark.parametrize("visibility", ["open", "restricted"])
@pytest.mark.parametrize("team_visibility", ["organisation", "members"])
def test_seers_are_those_the_pages_show_it_to(visibility: str, team_visibility: str) -> None:
    world = make_world(team_visibility)
    incident = declare(world, "root")
    observer, invited, guest_team = make_user("Observer"), make_user("Invited"), make_user("Commander")
    make_membership(observer, world.team, TeamRole.OBSERVER)
    grant(incident, invited.pk)
    Incident.objects.filter(pk=incident.pk).update(visibility=visibility, commander=guest_team)
    incident = Incident.objects.select_related("team").get(pk=incident.pk)
    everybody = [world.ada, world.bo, world.sam, world.zoe, world.root, observer, invited, guest_team]
    expected = {
        user.pk for user in everybody if Incident.objects.visible_to(actor_of(user)).filter(pk=incident.pk)
    }
    assert seers(incident, [user.pk for user in everybody]) == expected


def test_a_restricted_incident_reaches_those_invited_alone(drain: Any) -> None:
    world = make_world()
    incident = declare(world, "root")
    invited = make_user("Invited")
    grant(incident, invited.pk)
    listed(invited, world.zoe, address="press@example.com")
    Follow.objects.create(user=world.bo, team=world.team)
    Incident.objects.filter(pk=incident.pk).update(visibility="restricted", code_name="Blue Lake")
    assert names(incident) == ["Invited"]
    row = actions.post_update(
        actor=world.actor("root"), number=incident.number, audience="internal", text="Secret"
    )
    drain()
    found = Delivery.objects.get(source=f"update:{row.pk}")
    assert (found.title, found.user, found.team) == (
        f"#{incident.number} Blue Lake: internal update",
        invited,
        None,
    )


def test_outsiders_hear_nothing_of_a_members_only_team_but_by_its_own_list() -> None:
    world = make_world("members")
    incident = declare(world)
    listed(address="whole@example.com")
    assert names(incident) == []
    listed(address="own@example.com", team=world.team)
    assert names(incident) == ["Outside"]


def test_a_drill_reaches_only_those_who_follow_it() -> None:
    world = make_world()
    incident = declare(world, kind="drill")
    listed(make_user("Listed"))
    Follow.objects.create(user=world.zoe, team=world.team)
    Follow.objects.create(user=world.sam, incident=incident)
    assert names(incident) == ["Sam"]


def test_delivered_once_by_the_way_each_prefers(drain: Any, settings: Any) -> None:
    settings.CAPTURE_MAIL = True
    world = make_world()
    incident = declare(world)
    phone, quiet = make_user("Phone"), make_user("Quiet")
    ContactMethod.objects.create(user=phone, channel="sms", address="+491511234567", verified_at=clock.now())
    ContactMethod.objects.create(user=quiet, channel="sms", address="+491517654321")
    listed(phone, quiet, channel="sms", address="out@partner.example")
    row = actions.post_update(
        actor=world.actor("bo"), number=incident.number, audience="internal", text="Cards fail"
    )
    drain()
    assert deliver_update(row.pk, clock.now()) == 0
    found = Delivery.objects.filter(source=f"update:{row.pk}")
    assert set(found.values_list("user__name", "channel", "address")) == {
        ("Phone", "sms", "+491511234567"),
        ("Quiet", "email", quiet.email),
        (None, "email", "out@partner.example"),
    }
    mail = CapturedMail.objects.get(recipient="out@partner.example")
    assert "You get this because you are on the list “List”." in mail.text
    assert "/incidents/" not in mail.text
    stop = mail.headers["List-Unsubscribe"].strip("<>").partition("/stop/")[2]
    assert Stakeholder.objects.filter(address="out@partner.example").exists()
    browser = signed_in(None)
    assert browser.get(f"/stop/{stop}").status_code == 200
    assert Stakeholder.objects.filter(address="out@partner.example").exists()
    assert browser.post(f"/stop/{stop}").status_code == 200
    assert not Stakeholder.objects.filter(address="out@partner.example").exists()
    assert browser.get("/stop/forged.token/").status_code == 404


def test_results_of_each_message_are_shown_to_those_who_write() -> None:
    world = make_world()
    incident = declare(world)
    listed(world.zoe)
    row = actions.post_update(actor=world.actor("bo"), number=incident.number, audience="internal", text="x")
    deliver_update(row.pk, clock.now())
    Delivery.objects.filter(source=f"update:{row.pk}").update(
        status="failed", error="The mailbox is full.", finished_at=clock.now()
    )
    url = f"/api/v1/incidents/{incident.number}/updates/{row.pk}/deliveries/"
    shown = api_client(world.bo).get(url).json()["results"]
    assert [(one["name"], one["status"], one["reason"]) for one in shown] == [
        ("Zoe", "failed", "The mailbox is full.")
    ]
    assert api_client(world.sam).get(url).status_code == 403
    page = signed_in(world.bo).get(f"/incidents/{incident.number}/updates/{row.pk}/").content.decode()
    assert "The mailbox is full." in page


def test_the_composer_names_and_counts_them_before_sending() -> None:
    world = make_world()
    incident = declare(world)
    for number in range(6):
        listed(make_user(f"Reader {number}"))
    page = signed_in(world.bo).get(f"/incidents/{incident.number}/update/?audience=internal")
    text = page.content.decode()
    assert "6 people: Reader 0 (E-mail), Reader 1 (E-mail), Reader 2 (E-mail), Reader 3 (E-mail)" in text
    assert "Reader 5" in text


def test_the_number_of_statements_does_not_grow_with_readers() -> None:
    world = make_world("members")
    incident = declare(world)

    def cost() -> int:
        fresh = Incident.objects.select_related("team").get(pk=incident.pk)
        with CaptureQueriesContext(connection) as queries:
            recipients(fresh, "internal")
        return len(queries)

    def more(world: World) -> None:
        user = make_user()
        make_membership(user, world.team)
        listed(user)
        Follow.objects.create(user=user, team=world.team)

    more(world)
    one = cost()
    more(world)
    more(world)
    assert cost() == one

"""Invitations: once, for a week, for one address; by link, by mail and by table."""

from __future__ import annotations

import datetime as dt

import pytest

from core import clock
from core.crypto import unseal
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from core.events import publish
from teams.actions import invitations as invitations_module
from teams.actions.invitation_csv import invite_csv, preview_csv
from teams.actions.invitations import (
    accept_invitation,
    create_invitation,
    join_with_invitation,
    revoke_invitation,
)
from teams.models import AuditEntry, Invitation, User
from tests.factories import PASSWORD, actor_of, make_team

pytestmark = pytest.mark.django_db


def secret_in(path):
    return path.split("/")[2]


@pytest.fixture
def invited(people):
    """An invitation of new@example.com into Payments, and its secret."""
    row, path = create_invitation(
        actor=people.actor("owner"), email="New@Example.com", name="Nia New", team_id=people.team.pk
    )
    return row, secret_in(path)


def test_accepting_makes_the_account_and_joins_the_team(people, invited):
    _row, secret = invited
    user = accept_invitation(secret=secret, name="Nia New", password=PASSWORD)
    assert (user.email, user.name, user.is_superuser) == ("new@example.com", "Nia New", False)
    assert list(user.memberships.values_list("team__slug", "role")) == [("payments", "responder")]
    assert user.groups.get() == people.team.group


def test_it_works_once(people, invited):
    _row, secret = invited
    accept_invitation(secret=secret, name="Nia", password=PASSWORD)
    with pytest.raises(Conflict) as refused:
        accept_invitation(secret=secret, name="Other", password=PASSWORD)
    assert refused.value.code == "invitation_used"


def test_it_expires_after_seven_days(people, invited, time_machine):
    row, secret = invited
    assert row.expires_at == row.created_at + dt.timedelta(days=7)
    with pytest.raises(Conflict) as refused:
        accept_invitation(secret=secret, name="Nia", password=PASSWORD, now=row.expires_at)
    assert refused.value.code == "invitation_expired"
    time_machine.move_to(row.expires_at + dt.timedelta(seconds=1))
    from django.test import Client

    assert b"has expired" in Client().get(f"/invite/{secret}/").content


def test_it_can_be_revoked(people, invited):
    row, secret = invited
    revoke_invitation(actor=people.actor("owner"), invitation_id=row.pk)
    with pytest.raises(Conflict):
        accept_invitation(secret=secret, name="Nia", password=PASSWORD)


def test_it_is_for_its_address_alone(people, invited):
    _row, secret = invited
    with pytest.raises(InvalidInput) as refused:
        accept_invitation(secret=secret, name="Nia", email="other@example.com", password=PASSWORD)
    assert list(refused.value.fields) == ["email"]
    with pytest.raises(Conflict) as conflict:
        join_with_invitation(actor=people.actor("stranger"), secret=secret)
    assert conflict.value.code == "foreign_invitation"
    page = people.browser("stranger").get(f"/invite/{secret}/").content.decode()
    assert "signed in with another address" in page
    assert not people.stranger.memberships.exists()


def test_a_link_without_address_serves_whoever_has_it(people):
    _row, path = create_invitation(actor=people.actor("owner"), team_id=people.team.pk, role="observer")
    join_with_invitation(actor=people.actor("stranger"), secret=secret_in(path))
    assert people.stranger.memberships.get().role == "observer"


def test_a_weak_password_is_refused_beside_the_field(people, invited):
    _row, secret = invited
    from django.test import Client

    answer = Client().post(f"/invite/{secret}/", {"name": "Nia", "password": "12345"})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["password"]
    assert not User.objects.filter(email="new@example.com").exists()


def test_the_page_signs_the_new_person_in(people, invited):
    _row, secret = invited
    from django.test import Client

    client = Client()
    answer = client.post(f"/invite/{secret}/", {"name": "Nia New", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/settings/profile/").context["user"].email == "new@example.com"


@pytest.mark.parametrize("who", ["teammate", "support", "stranger"])
def test_only_managers_and_admins_invite(people, who):
    with pytest.raises(NotAllowed):
        create_invitation(actor=people.actor(who), email="x@example.com", team_id=people.team.pk)
    with pytest.raises(NotAllowed):
        create_invitation(actor=people.actor("owner"), email="x@example.com")


def test_a_manager_cannot_revoke_those_of_other_teams(people):
    other = make_team("Identity")
    row, _path = create_invitation(actor=people.actor("admin"), email="x@example.com", team_id=other.pk)
    with pytest.raises(NotVisible):
        revoke_invitation(actor=people.actor("owner"), invitation_id=row.pk)


def test_a_newer_invitation_replaces_the_older(people, invited):
    _row, secret = invited
    create_invitation(actor=people.actor("owner"), email="new@example.com", team_id=people.team.pk)
    with pytest.raises(Conflict):
        accept_invitation(secret=secret, name="Nia", password=PASSWORD)


def test_the_mail_carries_the_link_sealed_and_nothing_keeps_it_in_clear(people, monkeypatch):
    sent = []
    monkeypatch.setattr(
        invitations_module, "publish", lambda *events: sent.extend(events) or publish(*events)
    )
    _row, path = create_invitation(
        actor=people.actor("owner"), email="new@example.com", team_id=people.team.pk, send=True
    )
    event = next(each for each in sent if type(each).__name__ == "InvitationCreated")
    assert (event.email, event.team_name, event.invited_by) == ("new@example.com", "Payments", "Olga Owner")
    assert unseal(event.sealed_path) == path
    assert secret_in(path) not in str(event)
    kept = [*Invitation.objects.values(), *AuditEntry.objects.values()]
    assert secret_in(path) not in str(kept)


TABLE = """name,email,team,role
Ada Moreau,ada@example.com,payments,responder
Bo,bo@example.com,,
"""


def test_a_good_table_invites_everybody(people):
    made = invite_csv(actor=people.actor("admin"), text=TABLE, send=False)
    assert [(row.email, row.team, row.role) for row, _path in made] == [
        ("ada@example.com", "payments", "responder"),
        ("bo@example.com", "", "responder"),
    ]
    user = accept_invitation(secret=secret_in(made[0][1]), name="Ada", password=PASSWORD)
    assert user.memberships.get().team == people.team


def test_every_fault_is_named_and_nobody_is_invited(people):
    text = "\n".join(
        [
            "Ada,ada@example.com,payments,responder",
            "Bo,nonsense,payments,responder",
            "Cy,cy@example.com,nowhere,responder",
            "Di,di@example.com,payments,boss",
            f"Tom,{people.teammate.email},payments,responder",
            "Ada,ada@example.com,payments,manager",
            "Ed,ed@example.com,payments,responder,more",
        ]
    )
    rows = preview_csv(actor=people.actor("admin"), text=text)
    assert [row.faults for row in rows] == [
        [],
        ["“nonsense” is not an e-mail address."],
        ["There is no team “nowhere”."],
        ["“boss” is not a role: manager, responder or observer."],
        ["This person is there already."],
        ["The same address and team stand further up."],
        ["5 columns instead of name,email,team,role."],
    ]
    with pytest.raises(InvalidInput):
        invite_csv(actor=people.actor("admin"), text=text, send=False)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("text", ["", "name,email,team,role\n", 'a,"b\n', "x,y@example.com\n" * 501])
def test_what_is_no_table_is_refused(people, text):
    with pytest.raises(InvalidInput) as refused:
        preview_csv(actor=people.actor("admin"), text=text)
    assert list(refused.value.fields) == ["file"]


def test_the_preview_costs_the_same_for_one_and_three_rows(people, django_assert_num_queries):
    admin = people.actor("admin")
    for count in (1, 3):
        text = "".join(f"P{n},p{n}@example.com,payments,responder\n" for n in range(count))
        with django_assert_num_queries(3):
            preview_csv(actor=admin, text=text)


def test_the_table_page_shows_faults_then_invites(people):
    browser = people.browser("admin")
    page = browser.post("/settings/people/invite/", {"rows": "X,bad,payments,responder"}).content.decode()
    assert "is not an e-mail address" in page and 'name="apply"' not in page
    assert 'name="apply"' in browser.post("/settings/people/invite/", {"rows": TABLE}).content.decode()
    page = browser.post("/settings/people/invite/", {"rows": TABLE, "apply": "1"}).content.decode()
    assert page.count("/invite/") >= 2
    assert Invitation.objects.pending(clock.now()).count() == 2


def test_an_account_that_exists_is_asked_to_sign_in(people):
    _row, path = create_invitation(
        actor=people.actor("owner"), email=people.stranger.email, team_id=people.team.pk
    )
    from django.test import Client

    page = Client().get(path).content.decode()
    assert f"/accounts/login/?next={path}" in page
    join_with_invitation(actor=actor_of(people.stranger), secret=secret_in(path))
    assert people.stranger.memberships.get().team == people.team

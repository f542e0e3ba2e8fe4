"""Teams and memberships: groups agree, a manager stays, only managers change."""

from __future__ import annotations

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from teams.actions.groups import groups_in, sync_groups
from teams.actions.memberships import create_team, remove_member, set_member, update_team
from teams.models import AuditEntry, Membership, Team
from tests.factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


def pairs_of_groups() -> set[tuple[str, str]]:
    return {
        (team.slug, name)
        for team in Team.objects.all()
        for name in team.group.user_set.values_list("name", flat=True)
    }


def pairs_of_memberships() -> set[tuple[str, str]]:
    return set(Membership.objects.values_list("team__slug", "user__name"))


def test_groups_and_memberships_agree_after_every_change(people):
    expected = {("payments", "Olga Owner"), ("payments", "Tom Teammate")}
    assert pairs_of_groups() == pairs_of_memberships() == expected
    owner = people.actor("owner")
    set_member(actor=owner, team_id=people.team.pk, user_id=people.stranger.pk, role="observer")
    assert pairs_of_groups() == pairs_of_memberships() == expected | {("payments", "Sam Stranger")}
    remove_member(actor=owner, team_id=people.team.pk, user_id=people.teammate.pk)
    expected = {("payments", "Olga Owner"), ("payments", "Sam Stranger")}
    assert pairs_of_groups() == pairs_of_memberships() == expected


@pytest.mark.parametrize("who", ["teammate", "support", "stranger"])
def test_who_is_not_manager_changes_nothing(people, who):
    actor = people.actor(who)
    with pytest.raises(NotAllowed):
        set_member(actor=actor, team_id=people.team.pk, user_id=people.stranger.pk, role="responder")
    with pytest.raises(NotAllowed):
        remove_member(actor=actor, team_id=people.team.pk, user_id=people.owner.pk)
    with pytest.raises(NotAllowed):
        update_team(actor=actor, team_id=people.team.pk, name="X", description="", visibility="members")
    with pytest.raises(NotAllowed):
        create_team(actor=actor, name="Mine")


def test_a_private_team_is_not_there_for_strangers(private_people):
    with pytest.raises(NotVisible):
        actor = private_people.actor("stranger")
        set_member(actor=actor, team_id=private_people.team.pk, user_id=actor.user_id, role="manager")


def test_the_last_manager_stays(people):
    owner, team = people.actor("owner"), people.team.pk
    for change in (
        lambda: remove_member(actor=owner, team_id=team, user_id=people.owner.pk),
        lambda: set_member(actor=owner, team_id=team, user_id=people.owner.pk, role="responder"),
    ):
        with pytest.raises(Conflict) as refused:
            change()
        assert refused.value.code == "last_manager"
    make_membership(people.teammate, people.team, "manager")
    remove_member(actor=owner, team_id=team, user_id=people.owner.pk)
    assert pairs_of_memberships() == {("payments", "Tom Teammate")}


def test_an_inactive_manager_does_not_count(people):
    idle = make_user("Ida Idle")
    make_membership(idle, people.team, "manager")
    idle.is_active = False
    idle.save()
    with pytest.raises(Conflict):
        remove_member(actor=people.actor("owner"), team_id=people.team.pk, user_id=people.owner.pk)


def test_a_person_may_leave(people):
    remove_member(actor=people.actor("teammate"), team_id=people.team.pk, user_id=people.teammate.pk)
    assert pairs_of_groups() == {("payments", "Olga Owner")}


@pytest.mark.parametrize("slug", ["Payments", "a b", "42", "new", "me", "ü", "x" * 61])
def test_bad_team_addresses_are_refused(people, slug):
    with pytest.raises(InvalidInput) as refused:
        create_team(actor=people.actor("admin"), name="Other", slug=slug)
    assert list(refused.value.fields) == ["slug"]


def test_changes_are_audited(people):
    set_member(
        actor=people.actor("owner"), team_id=people.team.pk, user_id=people.stranger.pk, role="observer"
    )
    entry = AuditEntry.objects.latest("id")
    assert (entry.actor_label, entry.verb, entry.object_label, entry.data) == (
        "Olga Owner",
        "member set",
        "Payments",
        {"user": people.stranger.pk, "name": "Sam Stranger", "role": "observer"},
    )


MAPPING = (("sre", "payments", "responder"), ("leads", "payments", "manager"), ("sre", "gone", "responder"))


def test_groups_of_the_provider_give_and_take_memberships(people):
    stranger = people.stranger
    sync_groups(user_id=stranger.pk, groups=["sre"], mapping=MAPPING)
    assert list(stranger.memberships.values_list("role", "from_groups")) == [("responder", True)]
    sync_groups(user_id=stranger.pk, groups=["sre", "leads"], mapping=MAPPING)
    assert list(stranger.memberships.values_list("role", "from_groups")) == [("manager", True)]
    assert ("payments", "Sam Stranger") in pairs_of_groups()
    sync_groups(user_id=stranger.pk, groups=[], mapping=MAPPING)
    assert not stranger.memberships.exists()
    assert pairs_of_groups() == pairs_of_memberships()


def test_memberships_set_by_hand_stay(people):
    sync_groups(user_id=people.teammate.pk, groups=["leads"], mapping=MAPPING)
    sync_groups(user_id=people.teammate.pk, groups=[], mapping=MAPPING)
    assert list(people.teammate.memberships.values_list("role", "from_groups")) == [("responder", False)]


def test_the_provider_cannot_take_the_last_manager():
    lead, team = make_user(), make_team("Identity")
    mapping = (("leads", "identity", "manager"),)
    sync_groups(user_id=lead.pk, groups=["leads"], mapping=mapping)
    sync_groups(user_id=lead.pk, groups=[], mapping=mapping)
    assert team.memberships.get().user == lead


@pytest.mark.parametrize(
    ("data", "groups"),
    [
        ({"userinfo": {"groups": ["a", "b", 3]}}, ["a", "b"]),
        ({"userinfo": {}, "id_token": {"groups": "a"}}, ["a"]),
        ({"groups": ["a"]}, ["a"]),
        ({"userinfo": {"groups": {"a": 1}}}, []),
        ({}, []),
    ],
)
def test_groups_are_read_from_what_providers_say(data, groups):
    assert groups_in(data, "groups") == groups


def test_the_page_says_why_the_last_manager_stays(people):
    browser = people.browser("owner")
    address = f"/settings/teams/payments/members/{people.owner.pk}/remove/"
    assert b"Remove Olga Owner from Payments?" in browser.get(address).content
    answer = browser.post(address)
    assert answer.status_code == 409
    assert b"keeps at least one manager" in answer.content
    form = {f"m{people.team.memberships.get(user=people.owner).pk}-role": "observer"}
    page = browser.post(f"/settings/teams/payments/members/{people.owner.pk}/role/", form, follow=True)
    assert b"keeps at least one manager" in page.content


def test_the_team_page_adds_changes_and_removes(people):
    browser, team = people.browser("owner"), people.team
    added = browser.post(
        "/settings/teams/payments/members/", {"user": people.stranger.pk, "role": "observer"}
    )
    assert added.status_code == 302
    row = team.memberships.get(user=people.stranger)
    address = f"/settings/teams/payments/members/{people.stranger.pk}"
    browser.post(f"{address}/role/", {f"m{row.pk}-role": "responder"})
    assert team.memberships.get(user=people.stranger).role == "responder"
    dialog = browser.get(f"{address}/remove/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in dialog and "Remove Sam Stranger" in dialog
    browser.post(f"{address}/remove/")
    assert not team.memberships.filter(user=people.stranger).exists()
    refused = browser.post("/settings/teams/payments/members/", {"user": "", "role": "boss"})
    assert (refused.status_code, sorted(refused.context["add_form"].errors)) == (422, ["role", "user"])

"""Accounts: instance roles, the last admin, leaving with a hand-over, coming back."""

from __future__ import annotations

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed
from teams import hooks
from teams.actions.access import make_password_link
from teams.actions.deactivation import deactivate_user, reactivate_user
from teams.actions.invitations import create_invitation
from teams.actions.people import change_email, create_user, set_instance_role, update_profile
from teams.hooks import HandoverItem
from teams.models import Invitation, Membership
from tests.factories import PASSWORD, make_token, make_user, signed_in

pytestmark = pytest.mark.django_db


class FakeShifts:
    """Holds shifts in memory: person id → count."""

    kind = "shifts"
    question = "Who takes the shifts?"

    def __init__(self, held):
        self.held = held
        self.broken = False

    def list(self, user_id):
        count = self.held.get(user_id, 0)
        return [HandoverItem("shifts", "Shifts in Primary", count)] if count else []

    def hand_over(self, user_id, successor_id, actor, now):
        if not self.broken:
            self.held[successor_id] = self.held.get(successor_id, 0) + self.held.pop(user_id)


@pytest.fixture
def shifts(people, monkeypatch):
    provider = FakeShifts({people.teammate.pk: 3})
    monkeypatch.setattr(hooks, "_providers", {**hooks._providers, provider.kind: provider})
    return provider


@pytest.mark.parametrize("who", ["owner", "teammate", "support", "stranger"])
def test_only_admins_administer_people(people, who):
    actor, other = people.actor(who), people.admin.pk
    for act in (
        lambda: create_user(actor=actor, email="x@example.com", name="X"),
        lambda: set_instance_role(actor=actor, user_id=actor.user_id, admin=True),
        lambda: deactivate_user(actor=actor, user_id=other, successors={}),
        lambda: reactivate_user(actor=actor, user_id=other),
        lambda: change_email(actor=actor, user_id=actor.user_id, email="x@example.com"),
        lambda: make_password_link(actor=actor, user_id=other),
        lambda: update_profile(actor=actor, user_id=other, name="X"),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_the_last_active_admin_stays(people):
    admin = people.actor("admin")
    with pytest.raises(Conflict) as refused:
        set_instance_role(actor=admin, user_id=people.admin.pk, admin=False)
    assert refused.value.code == "last_admin"
    make_user("Old Admin", admin=True, is_active=False)
    with pytest.raises(Conflict):
        set_instance_role(actor=admin, user_id=people.admin.pk, admin=False)
    second = make_user("Second", admin=True)
    changed = set_instance_role(actor=admin, user_id=people.admin.pk, admin=False)
    assert (changed.is_superuser, changed.is_staff) == (False, False)
    from tests.factories import actor_of

    with pytest.raises(Conflict) as own:
        deactivate_user(actor=actor_of(second), user_id=second.pk, successors={})
    assert own.value.code == "own_account"


def test_leaving_waits_for_a_successor(people, shifts):
    admin = people.actor("admin")
    with pytest.raises(InvalidInput) as refused:
        deactivate_user(actor=admin, user_id=people.teammate.pk, successors={})
    assert (refused.value.code, refused.value.fields) == (
        "handover_needed",
        {"shifts": ["Who takes the shifts?"]},
    )
    people.teammate.refresh_from_db()
    assert people.teammate.is_active
    assert shifts.held == {people.teammate.pk: 3}
    deactivate_user(actor=admin, user_id=people.teammate.pk, successors={"shifts": people.owner.pk})
    people.teammate.refresh_from_db()
    assert not people.teammate.is_active
    assert shifts.held == {people.owner.pk: 3}


@pytest.mark.parametrize("wrong", ["self", "inactive", "nobody"])
def test_the_successor_must_be_active_and_another(people, shifts, wrong):
    gone = make_user(is_active=False)
    choice = {"self": people.teammate.pk, "inactive": gone.pk, "nobody": 10**9}[wrong]
    with pytest.raises(InvalidInput) as refused:
        deactivate_user(
            actor=people.actor("admin"), user_id=people.teammate.pk, successors={"shifts": choice}
        )
    assert list(refused.value.fields) == ["shifts"]


def test_an_incomplete_hand_over_changes_nothing(people, shifts):
    shifts.broken = True
    with pytest.raises(Conflict) as refused:
        deactivate_user(
            actor=people.actor("admin"), user_id=people.teammate.pk, successors={"shifts": people.owner.pk}
        )
    assert refused.value.code == "handover_incomplete"
    people.teammate.refresh_from_db()
    assert people.teammate.is_active


def test_the_only_manager_hands_the_team_on(people):
    admin = people.actor("admin")
    with pytest.raises(InvalidInput) as refused:
        deactivate_user(actor=admin, user_id=people.owner.pk, successors={})
    assert list(refused.value.fields) == ["teams"]
    deactivate_user(actor=admin, user_id=people.owner.pk, successors={"teams": people.stranger.pk})
    assert Membership.objects.get(team=people.team, user=people.stranger).role == "manager"


def test_leaving_ends_sessions_tokens_and_open_invitations(people):
    browser = signed_in(people.stranger)
    token, _secret = make_token(people.stranger)
    set_instance_role(actor=people.actor("admin"), user_id=people.stranger.pk, admin=True)
    create_invitation(actor=people.actor("stranger"), email="friend@example.com")
    set_instance_role(actor=people.actor("admin"), user_id=people.stranger.pk, admin=False)
    assert browser.get("/settings/profile/").status_code == 200
    deactivate_user(actor=people.actor("admin"), user_id=people.stranger.pk, successors={})
    assert browser.get("/settings/profile/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert Invitation.objects.get().revoked_at is not None
    reactivate_user(actor=people.actor("admin"), user_id=people.stranger.pk)
    assert browser.get("/settings/profile/").status_code == 302
    assert signed_in(people.stranger).get("/settings/profile/").status_code == 200


def test_the_page_asks_and_hands_over(people, shifts):
    browser = people.browser("admin")
    address = f"/settings/people/{people.teammate.pk}/deactivate/"
    page = browser.get(address).content.decode()
    assert "Shifts in Primary" in page and "Who takes the shifts?" in page
    refused = browser.post(address, {})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["shifts"])
    assert browser.post(address, {"shifts": people.owner.pk}).status_code == 302
    assert shifts.held == {people.owner.pk: 3}


def test_the_api_names_what_needs_a_successor(people, shifts):
    client = people.api("admin")
    address = f"/api/v1/users/{people.teammate.pk}/deactivate/"
    refused = client.post(address, {})
    assert (refused.status_code, refused.json()["code"], refused.json()["errors"]) == (
        400,
        "handover_needed",
        {"shifts": ["Who takes the shifts?"]},
    )
    done = client.post(address, {"successors": {"shifts": people.owner.pk}})
    assert (done.status_code, done.json()["is_active"]) == (200, False)
    assert client.post(f"/api/v1/users/{people.teammate.pk}/reactivate/").json()["is_active"] is True


def test_a_password_link_lets_the_person_in_once(people):
    path = make_password_link(actor=people.actor("admin"), user_id=people.stranger.pk)
    browser = signed_in(None)
    form = browser.get(path, follow=True)
    address = form.redirect_chain[-1][0]
    answer = browser.post(address, {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 302
    people.stranger.refresh_from_db()
    assert people.stranger.check_password(PASSWORD)
    assert b"no longer works" in signed_in(None).get(path, follow=True).content


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("theme", "pink"),
        ("language", "xx"),
        ("name", "  "),
        ("single_keys", "no"),
    ],
)
def test_bad_profile_values_are_named(people, field, value):
    with pytest.raises(InvalidInput) as refused:
        update_profile(actor=people.actor("owner"), user_id=people.owner.pk, **{field: value})
    assert list(refused.value.fields) == [field]


def test_the_profile_page_saves_and_sets_the_colour_scheme(people):
    form = {
        "name": "Olga O.",
        "time_zone": "Europe/Berlin",
        "language": "en",
        "theme": "dark",
        "clock_24h": "0",
        "week_starts_monday": "0",
    }
    browser = people.browser("owner")
    answer = browser.post("/settings/profile/", form)
    assert (answer.status_code, answer.cookies["wb_theme"].value) == (302, "dark")
    people.owner.refresh_from_db()
    kept = {name: getattr(people.owner, name) for name in [*form, "single_keys"]}
    assert kept == {**form, "clock_24h": False, "week_starts_monday": False, "single_keys": False}
    wrong = browser.post("/settings/profile/", {**form, "time_zone": "Nowhere"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["time_zone"])


def test_two_people_cannot_share_an_address(people):
    with pytest.raises(InvalidInput):
        create_user(actor=people.actor("admin"), email=people.owner.email.upper(), name="Twin")

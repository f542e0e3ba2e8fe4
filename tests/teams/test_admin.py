"""Django admin writes through the actions and shows no secrets."""

from __future__ import annotations

import pytest

from teams.models import AuditEntry, Membership, User
from tests.factories import make_token

pytestmark = pytest.mark.django_db
MODELS = ["user", "team", "membership", "invitation", "apitoken", "auditentry"]


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_and_can_be_searched(people, model):
    make_token(people.owner)
    browser = people.browser("admin")
    assert browser.get(f"/admin/teams/{model}/").status_code == 200
    assert browser.get(f"/admin/teams/{model}/?q=a").status_code == 200


@pytest.mark.parametrize("who", ["owner", "support", "stranger"])
def test_it_is_for_admins(people, who):
    assert people.browser(who).get("/admin/teams/user/").status_code == 302


def test_no_secret_is_shown(people):
    row, _secret = make_token(people.owner)
    browser = people.browser("admin")
    assert row.digest not in browser.get(f"/admin/teams/apitoken/{row.pk}/change/").content.decode()
    page = browser.get(f"/admin/teams/user/{people.owner.pk}/change/").content.decode()
    assert "password" not in page.lower().replace("/password", "")


def test_a_change_goes_through_the_action(people):
    form = {"name": "Sam", "email": people.stranger.email, "time_zone": "UTC", "is_support": "on"}
    answer = people.browser("admin").post(f"/admin/teams/user/{people.stranger.pk}/change/", form)
    assert answer.status_code == 302
    people.stranger.refresh_from_db()
    assert (people.stranger.name, people.stranger.is_support) == ("Sam", True)
    assert AuditEntry.objects.filter(verb="role set", via="admin", object_id=str(people.stranger.pk)).exists()


def test_a_refusal_becomes_a_message(people):
    form = {"name": "Ada", "email": people.admin.email, "time_zone": "UTC"}
    browser = people.browser("admin")
    answer = browser.post(f"/admin/teams/user/{people.admin.pk}/change/", form, follow=True)
    assert "at least one active admin" in answer.content.decode()
    assert User.objects.get(pk=people.admin.pk).is_superuser


def test_membership_and_group_stay_in_step(people):
    form = {"user": people.stranger.pk, "team": people.team.pk, "role": "observer"}
    browser = people.browser("admin")
    assert browser.post("/admin/teams/membership/add/", form).status_code == 302
    row = Membership.objects.get(user=people.stranger)
    assert people.stranger.groups.get() == people.team.group
    assert browser.post(f"/admin/teams/membership/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not people.stranger.groups.exists()

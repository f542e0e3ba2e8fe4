"""Review, attendees, meetings and templates over the API; for each kind of person."""

from __future__ import annotations

import datetime as dt

import pytest

from postmortems.models import Attendee, Meeting, PostmortemTemplate, Reviewer
from tests.factories import api_client
from tests.postmortems.test_documents import started
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_ask_approve_and_want_changes() -> None:
    world = make_world()
    document = started(world)
    bo, ada, sam = api_client(world.bo), api_client(world.ada), api_client(world.sam)
    url = f"/api/v1/postmortems/{document.pk}/"
    answer = bo.post(f"{url}reviewers/", {"user": world.ada.pk}, format="json")
    assert answer.status_code == 201
    assert answer.json()["answer"] == "asked"
    assert sam.post(f"{url}approve/", {}, format="json").status_code == 403
    assert ada.post(f"{url}request-changes/", {}, format="json").status_code == 400
    wanted = ada.post(f"{url}request-changes/", {"note": "Say why"}, format="json")
    assert (wanted.status_code, wanted.json()["answer"]) == (200, "changes")
    approved = ada.post(f"{url}approve/", {"version": document.version}, format="json")
    assert (approved.status_code, approved.json()["answered_version"]) == (200, document.version)
    assert len(sam.get(f"{url}reviewers/").json()) == 1
    assert sam.delete(f"{url}reviewers/{answer.json()['id']}/").status_code == 403
    assert bo.delete(f"{url}reviewers/{answer.json()['id']}/").status_code == 204
    assert bo.delete(f"{url}reviewers/{answer.json()['id']}/").status_code == 404
    assert not Reviewer.objects.exists()


def test_attendees_and_meetings() -> None:
    world = make_world()
    document = started(world)
    bo, sam, url = api_client(world.bo), api_client(world.sam), f"/api/v1/postmortems/{document.pk}/"
    body = {"user": world.sam.pk, "part": "support"}
    assert sam.post(f"{url}attendees/", body, format="json").status_code == 403
    assert bo.post(f"{url}attendees/", body, format="json").status_code == 201
    assert len(sam.get(f"{url}attendees/").json()) == Attendee.objects.count()
    meeting = {"starts_at": (document.created_at + dt.timedelta(days=1)).isoformat(), "minutes": 30}
    assert sam.post(f"{url}meetings/", meeting, format="json").status_code == 403
    assert bo.post(f"{url}meetings/", meeting, format="json").status_code == 201
    assert bo.post(f"{url}meetings/", meeting, format="json").status_code == 409
    assert len(sam.get(f"{url}meetings/").json()) == 1
    for name, bad in (
        ("attendees", {"user": "x"}),
        ("attendees", {"user": 2**62}),
        ("meetings", {"starts_at": "x"}),
        ("meetings", {**meeting, "minutes": 1}),
        ("reviewers", {"user": None}),
        ("reviewers", []),
    ):
        assert bo.post(f"{url}{name}/", bad, format="json").status_code in (400, 422), (name, bad)
    assert Meeting.objects.count() == 1


def test_a_stranger_finds_nothing() -> None:
    world = make_world("members")
    document = started(world)
    zoe, url = api_client(world.zoe), f"/api/v1/postmortems/{document.pk}/"
    for name in ("reviewers", "attendees", "meetings"):
        assert zoe.get(f"{url}{name}/").status_code == 404
        assert zoe.post(f"{url}{name}/", {"user": world.zoe.pk}, format="json").status_code in (400, 404)
    for name in ("approve", "request-changes"):
        assert zoe.post(f"{url}{name}/", {"note": "x"}, format="json").status_code == 404


def test_templates() -> None:
    world = make_world("members")
    ada, bo, url = api_client(world.ada), api_client(world.bo), "/api/v1/postmortem-templates/"
    body = {"name": "Ours", "team": world.team.pk, "sections": {"summary": "{{ title }}"}}
    assert bo.post(url, body, format="json").status_code == 403
    made = ada.post(url, body, format="json")
    assert made.status_code == 201
    one = f"{url}{made.json()['id']}/"
    assert ada.post(url, {**body, "sections": {"summary": "{{ secret }}"}}, format="json").status_code == 400
    assert ada.post(url, {**body, "team": None}, format="json").status_code == 403
    assert bo.get(one).json()["sections"] == {"summary": "{{ title }}"}
    assert bo.patch(one, {"active": False}, format="json").status_code == 403
    assert ada.patch(one, {"active": False}, format="json").json()["active"] is False
    for user in (world.zoe, world.sam):
        assert api_client(user).get(one).status_code == 404
        assert api_client(user).delete(one).status_code == 404
    assert ada.delete(one).status_code == 204
    assert not PostmortemTemplate.objects.filter(name="Ours").exists()

"""Reviewers and what they say; the bar above the document; for each kind of person."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from notifications.models import Delivery
from postmortems import actions
from postmortems.models import Postmortem, ReviewDefaults, Reviewer
from postmortems.selectors.review import approvals_missing, reviewers_of, reviews_waiting_for
from tests.factories import make_user, signed_in
from tests.postmortems.test_documents import started
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def ask(world: World, document: Postmortem, who: str = "ada", by: str = "bo") -> Reviewer:
    return actions.ask_reviewer(
        actor=world.actor(by), postmortem_id=document.pk, user_id=getattr(world, who).pk
    )


def say(world: World, document: Postmortem, answer: str = "approved", who: str = "ada", **more: Any) -> Any:
    return actions.answer_review(actor=world.actor(who), postmortem_id=document.pk, answer=answer, **more)


def owned(world: World, by: str = "bo") -> Postmortem:
    document = started(world)
    actions.set_people(
        actor=world.actor("bo"), postmortem_id=document.pk, owner=getattr(world, by).pk, owner_backup=None
    )
    document.refresh_from_db()
    return document


def test_whoever_is_asked_approves_and_a_later_text_asks_anew() -> None:
    world = make_world()
    document = owned(world)
    assert approvals_missing(document) == []
    ask(world, document)
    assert Delivery.objects.filter(user=world.ada, title__contains="asks you to review").count() == 1
    ask(world, document)
    assert Delivery.objects.filter(user=world.ada, title__contains="asks you to review").count() == 1
    assert approvals_missing(document) == [f"{world.ada.name} has not answered yet."]
    assert [row.postmortem_id for row in reviews_waiting_for(world.actor("ada"))] == [document.pk]
    assert reviews_waiting_for(world.actor("bo")) == []
    say(world, document)
    document.refresh_from_db()
    assert approvals_missing(document) == []
    assert reviews_waiting_for(world.actor("ada")) == []
    actions.edit_section(actor=world.actor("bo"), postmortem_id=document.pk, key="summary", text="Other")
    document.refresh_from_db()
    assert reviewers_of(document)[0].words == "Approved an earlier version"
    assert approvals_missing(document) == [f"{world.ada.name} approved an earlier version."]
    page = signed_in(world.bo).get(f"/postmortems/{document.pk}/").content.decode()
    assert "Approved an earlier version" in page
    ask(world, document)
    assert Delivery.objects.filter(user=world.ada, title__contains="asks you to review").count() == 2


def test_an_approval_counts_for_the_version_that_was_read() -> None:
    world = make_world()
    document = owned(world)
    ask(world, document)
    read = document.version
    actions.edit_section(actor=world.actor("bo"), postmortem_id=document.pk, key="summary", text="Other")
    say(world, document, version=read)
    document.refresh_from_db()
    assert reviewers_of(document)[0].stale
    say(world, document, version=2**30)
    assert not reviewers_of(document)[0].stale


def test_changes_need_words_and_reach_the_owner() -> None:
    world = make_world()
    document = owned(world)
    ask(world, document)
    with pytest.raises(InvalidInput):
        say(world, document, "changes")
    say(world, document, "changes", note="Name the config key")
    assert approvals_missing(document) == [f"{world.ada.name} wants changes."]
    assert Delivery.objects.filter(user=world.bo, body__contains="Name the config key").exists()


def test_the_owner_never_approves() -> None:
    world = make_world()
    document = owned(world)
    with pytest.raises(InvalidInput):
        ask(world, document, "bo", by="ada")
    ask(world, document)
    actions.set_people(actor=world.actor("bo"), postmortem_id=document.pk, owner=world.ada.pk)
    with pytest.raises(NotAllowed):
        say(world, document)


def test_the_team_says_how_many_approvals_it_wants() -> None:
    world = make_world()
    document = owned(world)
    ReviewDefaults.objects.create(team=world.team, approvals_needed=2)
    assert approvals_missing(document) == ["It needs 2 approvals, and has 0."]
    for who in ("ada", "root"):
        ask(world, document, who)
        say(world, document, who=who)
    assert approvals_missing(document) == []


def test_somebody_who_left_keeps_nothing_up() -> None:
    world = make_world()
    document = owned(world)
    ask(world, document, "sam")
    world.sam.is_active = False
    world.sam.save()
    assert approvals_missing(document) == []


def test_when_the_review_is_over_nobody_answers() -> None:
    world = make_world()
    document = owned(world)
    ask(world, document)
    Postmortem.objects.filter(pk=document.pk).update(status="reviewed")
    with pytest.raises(Conflict):
        say(world, document)
    assert reviews_waiting_for(world.actor("ada")) == []


def test_access_by_kind_of_person() -> None:
    world = make_world("members")
    document = started(world)
    with pytest.raises(InvalidInput):
        ask(world, document, "zoe")
    with pytest.raises(NotVisible):
        say(world, document, who="zoe")
    with pytest.raises(NotAllowed):
        say(world, document, who="root")
    base = f"/postmortems/{document.pk}/"
    zoe, ada = signed_in(world.zoe), signed_in(world.ada)
    for url in ("people/", "review/", "meetings/new/", "public/"):
        assert zoe.get(base + url).status_code == 404
        assert ada.get(base + url).status_code in (200, 302)
        assert signed_in(None).get(base + url).status_code == 302
    for url in ("people/", "attendees/", "reviewers/", "answer/", "meetings/new/", "public/"):
        assert zoe.post(base + url, {"user": world.ada.pk, "answer": "approved"}).status_code == 404


def test_support_reads_and_answers_when_asked_but_changes_nothing() -> None:
    world = make_world()
    document = owned(world)
    sam, base = signed_in(world.sam), f"/postmortems/{document.pk}/"
    assert sam.get(f"{base}people/").status_code == 200
    assert sam.post(f"{base}answer/", {"answer": "approved"}).status_code == 403
    for url, body in (
        ("people/", {"owner": world.sam.pk}),
        ("attendees/", {"user": world.sam.pk, "part": "support"}),
        ("reviewers/", {"user": world.ada.pk}),
        ("meetings/new/", {"starts_at": "2030-01-01T10:00", "minutes": 30}),
        ("public/", {"text": "x"}),
    ):
        assert sam.post(base + url, body).status_code in (403, 422), url
    assert not Reviewer.objects.exists()
    ask(world, document, "sam")
    assert sam.post(f"{base}answer/", {"answer": "approved", "version": document.version}).status_code == 302
    assert Reviewer.objects.get().answer == "approved"


def test_bad_input_of_the_forms() -> None:
    world = make_world()
    document = owned(world)
    ask(world, document)
    ada, base = signed_in(world.ada), f"/postmortems/{document.pk}/"
    assert ada.post(f"{base}answer/", {"answer": "changes"}).status_code == 422
    assert ada.post(f"{base}answer/", {"answer": "maybe"}).status_code in (400, 422)
    for user in ("", "x", "999999999", "-1", "9" * 30):
        assert ada.post(f"{base}reviewers/", {"user": user}).status_code == 422
    for row in ("x", "0", "9" * 30, "²"):
        assert ada.post(f"{base}reviewers/", {"remove": row}).status_code == 404
        assert ada.post(f"{base}attendees/", {"remove": row}).status_code == 404


def test_the_bar_costs_the_same_however_many_there_are() -> None:
    world = make_world()
    document = owned(world)
    bo, url = signed_in(world.bo), f"/postmortems/{document.pk}/"

    def statements() -> int:
        bo.get(url)
        with CaptureQueriesContext(connection) as found:
            assert bo.get(url).status_code == 200
        return len(found)

    ask(world, document)
    one = statements()
    for number in range(3):
        user = make_user(f"more{number}@example.com")
        actions.ask_reviewer(actor=world.actor("bo"), postmortem_id=document.pk, user_id=user.pk)
    assert statements() == one

"""Comments on sections: who may say, change and settle what, and who hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from notifications.models import Delivery
from postmortems import actions
from postmortems.models import Postmortem, SectionComment
from tests.factories import actor_of, make_token
from tests.postmortems.test_documents import started
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def say(world: World, document: Postmortem, who: str, text: str = "Is that so?") -> SectionComment:
    return actions.add_comment(actor=world.actor(who), postmortem_id=document.pk, key="summary", text=text)


def test_everybody_who_sees_it_may_comment() -> None:
    world = make_world()
    document = started(world)
    for name in ("ada", "bo", "sam", "zoe", "root"):
        assert say(world, document, name).author == getattr(world, name)
    token, _secret = make_token(world.bo, scopes=["read"])
    with pytest.raises(NotAllowed):
        actions.add_comment(
            actor=actor_of(world.bo, token=token), postmortem_id=document.pk, key="summary", text="x"
        )


def test_who_does_not_see_it_may_not() -> None:
    world = make_world("members")
    document = started(world)
    with pytest.raises(NotVisible):
        say(world, document, "zoe")


def test_bad_comments_are_refused() -> None:
    world = make_world()
    document = started(world)
    for text in ("", "  \x00 ", "x" * 5001):
        with pytest.raises(InvalidInput):
            say(world, document, "bo", text)
    with pytest.raises(InvalidInput):
        actions.add_comment(actor=world.actor("bo"), postmortem_id=document.pk, key="nothing", text="x")
    Postmortem.objects.filter(pk=document.pk).update(status="closed", published_at=document.created_at)
    with pytest.raises(Conflict):
        say(world, document, "bo")


def test_writers_and_the_author_settle_it() -> None:
    world = make_world()
    document = started(world)
    comment = say(world, document, "sam")

    def settle(who: str, *, resolved: bool = True) -> SectionComment:
        return actions.resolve_comment(
            actor=world.actor(who), postmortem_id=document.pk, comment_id=comment.pk, resolved=resolved
        )

    with pytest.raises(NotAllowed):
        settle("zoe")
    assert settle("sam").resolved_by == world.sam
    assert settle("ada", resolved=False).resolved_at is None
    assert settle("bo").resolved_by == world.bo


def test_only_ones_own_and_only_while_it_is_open() -> None:
    world = make_world()
    document, other = started(world), started(world)
    comment = say(world, document, "sam")
    where: Any = {"postmortem_id": document.pk, "comment_id": comment.pk}
    with pytest.raises(NotAllowed):
        actions.edit_comment(actor=world.actor("bo"), text="Other words", **where)
    with pytest.raises(NotAllowed):
        actions.delete_comment(actor=world.actor("bo"), **where)
    with pytest.raises(NotVisible):
        actions.delete_comment(actor=world.actor("sam"), postmortem_id=other.pk, comment_id=comment.pk)
    assert actions.edit_comment(actor=world.actor("sam"), text="Better words", **where).text == "Better words"
    actions.resolve_comment(actor=world.actor("bo"), **where)
    with pytest.raises(Conflict):
        actions.edit_comment(actor=world.actor("sam"), text="Too late", **where)
    actions.resolve_comment(actor=world.actor("bo"), resolved=False, **where)
    actions.delete_comment(actor=world.actor("sam"), **where)
    assert not SectionComment.objects.filter(pk=comment.pk).exists()


def test_the_author_of_the_section_and_the_mentioned_hear_once() -> None:
    world = make_world()
    document = started(world)
    actions.edit_section(actor=world.actor("bo"), postmortem_id=document.pk, key="summary", text="Words")
    Delivery.objects.all().delete()
    comment = say(world, document, "ada", "@Bo and @Zoe, look")
    assert sorted(row.user.name for row in Delivery.objects.select_related("user") if row.user) == [
        "Bo",
        "Zoe",
    ]
    actions.edit_comment(
        actor=world.actor("ada"), postmortem_id=document.pk, comment_id=comment.pk, text="@Bo, @Zoe and @Sam"
    )
    assert sorted(row.user.name for row in Delivery.objects.select_related("user") if row.user) == [
        "Bo",
        "Sam",
        "Zoe",
    ]
    say(world, document, "bo", "My own section")
    assert Delivery.objects.count() == 3

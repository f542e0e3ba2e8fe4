"""The chain of whys, its fault tree and the factors that come again."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput, NotAllowed, NotVisible
from postmortems import actions
from postmortems.models import Factor, Postmortem, WhyNode
from postmortems.selectors.factors import catalog, factors_of
from postmortems.writing.whys import depth_of, flat, layout, sentence, tree_of, under
from tests.factories import api_client, signed_in
from tests.postmortems.test_documents import resolved, started
from tests.world import World, make_world


@dataclasses.dataclass
class Row:
    pk: int
    parent_id: int | None
    text: str = "x"
    gate: str = "and"


@st.composite
def forests(draw: st.DrawFn) -> list[Row]:
    """Rows whose parents come before them, or are missing."""
    count = draw(st.integers(0, 25))
    return [
        Row(pk, draw(st.one_of(st.none(), st.integers(1, pk - 1))) if pk > 1 else None)
        for pk in range(1, count + 1)
    ]


@given(forests())
def test_every_node_is_in_the_tree_once_and_parents_come_first(rows: list[Row]) -> None:
    nodes = flat(tree_of(rows))
    assert sorted(node.row.pk for node in nodes) == [row.pk for row in rows]
    seen: set[int] = set()
    for node in nodes:
        assert node.row.parent_id is None or node.row.parent_id in seen
        seen.add(node.row.pk)


@given(forests())
def test_no_two_boxes_lie_on_each_other(rows: list[Row]) -> None:
    boxes, columns = layout(tree_of(rows))
    places = [(round(box.x, 6), box.y) for box in boxes]
    assert len(set(places)) == len(places)
    for y in {box.y for box in boxes}:
        row = sorted(box.x for box in boxes if box.y == y)
        assert all(after - before >= 0.999 for before, after in itertools.pairwise(row))
    assert all(0 < box.x < max(columns, 1) for box in boxes)


def test_depth_and_words() -> None:
    rows = [Row(1, None, "Down", "or"), Row(2, 1, "Full"), Row(3, 1, "Cut"), Row(4, 2, "Leak")]
    roots = tree_of(rows)
    assert depth_of(roots) == 2
    assert sentence(roots[0]) == "Down because (Full because (Leak) or Cut)"
    assert under(rows, 2) == {2, 4}


@pytest.fixture
def world() -> World:
    return make_world()


def chain(world: World, document: Postmortem, *texts: str) -> list[WhyNode]:
    made: list[WhyNode] = []
    for text in texts:
        parent = made[-1].pk if made else None
        made.append(
            actions.add_why(actor=world.actor("bo"), postmortem_id=document.pk, text=text, parent_id=parent)
        )
    return made


@pytest.mark.django_db
def test_a_branch_moves_whole_and_never_below_itself(world: World) -> None:
    document, bo = started(world), world.actor("bo")
    top, first, second, third = chain(world, document, "Down", "Full", "Leak", "No test")
    with pytest.raises(InvalidInput):
        actions.move_why(actor=bo, postmortem_id=document.pk, node_id=first.pk, parent_id=third.pk)
    actions.move_why(actor=bo, postmortem_id=document.pk, node_id=second.pk, parent_id=top.pk)
    nodes = [(node.row.text, node.depth) for node in flat(tree_of(document.whys.all()))]
    assert nodes == [("Down", 0), ("Full", 1), ("Leak", 1), ("No test", 2)]
    assert actions.remove_why(actor=bo, postmortem_id=document.pk, node_id=second.pk) == 2
    assert set(document.whys.values_list("text", flat=True)) == {"Down", "Full"}


@pytest.mark.django_db
def test_it_begins_from_the_confirmed_causes(world: World) -> None:
    from incidents import actions as incident_actions

    number, bo = resolved(world), world.actor("bo")
    for text, state in (("Pool too small", "confirmed"), ("DNS", "ruled_out")):
        cause = incident_actions.add_cause(actor=bo, number=number, text=text)
        incident_actions.set_cause_state(actor=bo, number=number, cause_id=cause.pk, state=state)
    document = actions.start_postmortem(actor=bo, incident_number=number)
    assert actions.whys_from_causes(actor=bo, postmortem_id=document.pk) == 2
    assert actions.whys_from_causes(actor=bo, postmortem_id=document.pk) == 0
    nodes = [(node.row.text, node.depth) for node in flat(tree_of(document.whys.all()))]
    assert nodes == [("Nobody can pay", 0), ("Pool too small", 1)]


@pytest.mark.django_db
def test_a_factor_that_comes_again_is_seen_only_where_its_documents_are(world: World) -> None:
    bo = world.actor("bo")
    one, two = started(world), started(world)
    for document in (one, two):
        actions.add_factor(actor=bo, postmortem_id=document.pk, kind="capacity", name="Pool too small")
    actions.add_factor(actor=bo, postmortem_id=two.pk, kind="capacity", name="pool TOO small", note="again")
    assert Factor.objects.filter(name__iexact="pool too small").count() == 1
    [shown] = factors_of(two, bo)
    assert (shown.others, shown.last, shown.row.note) == (1, one.pk, "again")
    assert "Pool too small" in [row.name for row in catalog(bo)]
    from incidents import actions as incident_actions

    for document in (one, two):
        incident_actions.set_visibility(
            actor=world.actor("ada"), number=document.incident.number, visibility="restricted"
        )
    assert "Pool too small" not in [row.name for row in catalog(world.actor("zoe"))]


@pytest.mark.django_db
@pytest.mark.parametrize(("who", "may"), [("bo", True), ("ada", True), ("sam", False), ("zoe", False)])
def test_who_asks_why(world: World, who: str, may: bool) -> None:
    document = started(world)
    url = f"/postmortems/{document.pk}/whys/"
    client = signed_in(getattr(world, who))
    assert client.get(url).status_code == 200
    assert client.post(f"{url}add/", {"text": "Down"}).status_code == (302 if may else 403)
    api = api_client(getattr(world, who))
    made = api.post(f"/api/v1/postmortems/{document.pk}/whys/", {"text": "Down"}, format="json")
    assert made.status_code == (201 if may else 403)
    factor = {"kind": "capacity", "name": "Limit reached"}
    named = api.post(f"/api/v1/postmortems/{document.pk}/factors/", factor, format="json")
    assert named.status_code == (201 if may else 403)
    assert document.whys.count() == (2 if may else 0)


@pytest.mark.django_db
def test_strangers_of_a_members_only_team_see_nothing() -> None:
    world = make_world()
    world.team.visibility = "members"
    world.team.save(update_fields=["visibility"])
    document = started(world)
    for url in (f"/postmortems/{document.pk}/whys/", f"/api/v1/postmortems/{document.pk}/whys/"):
        assert signed_in(world.zoe).get(url).status_code == 404
    with pytest.raises(NotVisible):
        actions.add_why(actor=world.actor("zoe"), postmortem_id=document.pk, text="x")


@pytest.mark.django_db
def test_bad_input_is_refused_by_name(world: World) -> None:
    document, other = started(world), started(world)
    [elsewhere] = chain(world, other, "Down")
    api = api_client(world.bo)
    url = f"/api/v1/postmortems/{document.pk}/whys/"
    bad: list[tuple[dict[str, Any], str]] = [
        ({"text": " "}, "text"),
        ({"text": "x" * 301}, "text"),
        ({"text": "x", "parent": elsewhere.pk}, "parent"),
        ({"text": "x", "parent": "first"}, "parent"),
    ]
    for body, field in bad:
        answer = api.post(url, body, format="json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert api.patch(f"{url}{elsewhere.pk}/", {"text": "x"}, format="json").status_code == 404
    assert api.delete(f"{url}{elsewhere.pk}/").status_code == 404
    assert document.whys.count() == 0


@pytest.mark.django_db
def test_a_closed_document_takes_no_more(world: World) -> None:
    document = started(world)
    Postmortem.objects.filter(pk=document.pk).update(status="closed", published_at=document.created_at)
    with pytest.raises(Exception, match="closed"):
        actions.add_why(actor=world.actor("bo"), postmortem_id=document.pk, text="x")
    with pytest.raises(NotAllowed):
        actions.add_why(actor=world.actor("sam"), postmortem_id=document.pk, text="x")


@pytest.mark.django_db
def test_hostile_words_stay_words(world: World) -> None:
    document = started(world)
    chain(world, document, "<script>alert(1)</script>", "</title><img src=x onerror=alert(1)>")
    page = signed_in(world.bo).get(f"/postmortems/{document.pk}/whys/").content.decode()
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page

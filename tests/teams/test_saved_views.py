"""Saved views: whose they are, who sees those of a team, what of an address is kept."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from teams.actions import saved_views
from teams.actions.saved_views import delete_view, save_view
from teams.models import SavedView
from tests.factories import actor_of, api_client, make_user, signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
URL = "/api/v1/saved-views/"


def names(world: World, who: str) -> list[str]:
    rows = SavedView.objects.visible_to(world.actor(who))
    return list(rows.values_list("name", flat=True))


def test_own_views_and_those_of_a_team() -> None:
    world = make_world()
    save_view(actor=world.actor("bo"), page="alerts", name="Mine", query="?status=firing&cursor=b7")
    save_view(actor=world.actor("bo"), page="alerts", name="Ours", query="is=held", team_id=world.team.pk)
    assert names(world, "bo") == ["Mine", "Ours"]
    assert names(world, "ada") == ["Ours"]
    assert [names(world, who) for who in ("sam", "zoe", "root")] == [[], [], []]
    assert SavedView.objects.get(name="Mine").query == "status=firing", "the place in the list is not kept"
    save_view(actor=world.actor("bo"), page="alerts", name="Mine", query="status=resolved")
    assert SavedView.objects.get(name="Mine").query == "status=resolved"


def test_who_deletes() -> None:
    world = make_world()
    mine, _new = save_view(actor=world.actor("bo"), page="alerts", name="Mine", query="q=a")
    ours, _new = save_view(
        actor=world.actor("bo"), page="alerts", name="Ours", query="q=a", team_id=world.team.pk
    )
    other = make_user("Pal")
    world.team.memberships.create(user=other, role="responder")
    for who, view, error in (("zoe", mine, NotVisible), ("ada", mine, NotVisible), ("zoe", ours, NotVisible)):
        with pytest.raises(error):
            delete_view(actor=world.actor(who), view_id=view.pk)
    with pytest.raises(NotAllowed):
        delete_view(actor=actor_of(other), view_id=ours.pk)
    delete_view(actor=world.actor("ada"), view_id=ours.pk)
    delete_view(actor=world.actor("bo"), view_id=mine.pk)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": "  "}),
        ("page", {"page": "users"}),
        ("query", {"query": ""}),
        ("query", {"query": "?cursor=b3"}),
        ("query", {"query": "q=" + "x" * 2000}),
        ("query", {"query": "&".join(f"a{n}=1" for n in range(80))}),
        ("team", {"team_id": 10**9}),
    ],
)
def test_what_is_refused(field: str, values: dict[str, object]) -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        save_view(**{"actor": world.actor("bo"), "page": "alerts", "name": "A", "query": "q=a"} | values)  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]


def test_there_is_an_end_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 2)
    world = make_world()
    for name in ("A", "B"):
        save_view(actor=world.actor("bo"), page="alerts", name=name, query="q=a")
    with pytest.raises(Conflict):
        save_view(actor=world.actor("bo"), page="alerts", name="C", query="q=a")
    save_view(actor=world.actor("bo"), page="alerts", name="B", query="q=b")


@pytest.mark.parametrize("path", ["/alerts/", "/incidents/"])
def test_saving_and_finding_it_on_the_list(path: str) -> None:
    world = make_world()
    browser = signed_in(world.bo)
    page = path.strip("/")
    answer = browser.post(
        "/saved-views/", {"page": page, "name": "Fire <b>", "query": "status=firing", "team": world.team.slug}
    )
    assert (answer.status_code, answer["Location"]) == (302, f"{path}?status=firing")
    text = browser.get(f"{path}?status=firing").content.decode()
    assert "Fire &lt;b&gt;" in text
    assert "Save this view" not in text
    assert "Save this view" in browser.get(f"{path}?status=resolved").content.decode()
    assert "Fire &lt;b&gt;" in signed_in(world.ada).get(path).content.decode()
    assert "Fire &lt;b&gt;" not in signed_in(world.zoe).get(path).content.decode()
    assert browser.post("/saved-views/", {"page": page, "name": "", "query": "q=1"}).status_code == 422


def test_the_list_asks_as_much_for_many_views_as_for_one() -> None:
    world = make_world()
    browser = signed_in(world.bo)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/alerts/?q=x").status_code == 200
        return len(queries)

    save_view(actor=world.actor("bo"), page="alerts", name="0", query="q=0", team_id=world.team.pk)
    count()
    one = count()
    for number in range(1, 4):
        save_view(
            actor=world.actor("bo"), page="alerts", name=str(number), query="q=1", team_id=world.team.pk
        )
    assert count() == one


def test_the_api() -> None:
    world = make_world()
    client = api_client(world.bo)
    body = {"page": "alerts", "name": "Mine", "query": "status=firing", "team": world.team.slug}
    made = client.post(URL, body, format="json")
    assert (made.status_code, made.json()["url"]) == (201, "/alerts/?status=firing")
    assert client.post(URL, body, format="json").status_code == 200
    assert client.post(URL, body | {"more": 1}, format="json").status_code == 400
    assert [row["name"] for row in client.get(URL, {"page": "alerts"}).json()["results"]] == ["Mine"]
    assert api_client(world.zoe).get(URL).json()["results"] == []
    assert api_client(world.zoe).delete(f"{URL}{made.json()['id']}/").status_code == 404
    assert client.delete(f"{URL}{made.json()['id']}/").status_code == 204

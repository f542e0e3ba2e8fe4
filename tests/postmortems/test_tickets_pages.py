"""The issue of an item on its page and in the API: who may link it, what is shown, what a confidential one asks."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.actions.trackers import connect_tracker, disconnect_tracker
from incidents.choices import Visibility
from incidents.models import Incident, TrackerConnection
from postmortems.actions.tickets import link_ticket
from postmortems.items.tickets import Pushed, body_for, draft_of
from postmortems.models import ActionItem, ItemTicket
from tests.factories import api_client, make_team, make_token, signed_in
from tests.incidents.github import PROJECT, TOKEN
from tests.postmortems.test_items import made
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def row(world: World) -> TrackerConnection:
    return connect_tracker(actor=world.actor("ada"), team_id=world.team.pk, project=PROJECT, token=TOKEN)[0]


@pytest.fixture
def item(world: World) -> ActionItem:
    return made(world)


def test_the_page_offers_what_the_viewer_may_do(
    world: World, row: TrackerConnection, item: ActionItem
) -> None:
    url, button = item.get_absolute_url(), f"Create an issue in {PROJECT}"
    seen = {
        name: signed_in(getattr(world, name)).get(url).content.decode()
        for name in ("bo", "ada", "sam", "zoe")
    }
    assert {name: button in page for name, page in seen.items()} == {
        "bo": True,
        "ada": True,
        "sam": False,
        "zoe": False,
    }
    link_ticket(actor=world.actor("bo"), item_id=item.pk, connection_id=row.pk)
    ItemTicket.objects.update(
        number="7", external_id="1", url=f"https://github.com/{PROJECT}/issues/7", problem="<b>Odd</b>"
    )
    for name in ("bo", "sam"):
        page = signed_in(getattr(world, name)).get(url).content.decode()
        assert f"{PROJECT}#7" in page and "&lt;b&gt;Odd" in page and button not in page
        assert ("Unlink" in page) is (name == "bo")
        assert TOKEN not in page and row.hook_key not in page


def test_only_those_who_may_change_the_item_link_and_unlink_it(
    world: World, row: TrackerConnection, item: ActionItem
) -> None:
    url, api_url = item.get_absolute_url(), f"/api/v1/action-items/{item.pk}/ticket/"
    body = {"connection": row.pk}
    for name in ("sam", "zoe"):
        browser, api = signed_in(getattr(world, name)), api_client(getattr(world, name))
        for path in ("ticket/", "ticket/confirm/", "ticket/retry/", "ticket/remove/"):
            assert browser.post(f"{url}{path}", body).status_code == 403, (name, path)
        assert api.post(api_url, body, format="json").status_code == 403
        assert api.delete(api_url).status_code == 403
    assert not ItemTicket.objects.exists()
    browser = signed_in(world.bo)
    assert browser.get(f"{url}ticket/").status_code == 405
    for wrong in ({}, {"connection": "x"}, {"connection": "9" * 30}, {"connection": 10**9}):
        browser.post(f"{url}ticket/", wrong)
    for path in ("ticket/confirm/", "ticket/retry/", "ticket/remove/"):
        assert browser.post(f"{url}{path}").status_code == 409
    assert not ItemTicket.objects.exists()
    assert browser.post(f"{url}ticket/", body).status_code == 302
    assert browser.post(f"{url}ticket/", body).status_code == 409
    assert browser.post(f"{url}ticket/retry/").status_code == 302
    assert browser.post(f"{url}ticket/remove/").status_code == 302
    assert not ItemTicket.objects.exists()


def test_the_api_links_and_unlinks(world: World, row: TrackerConnection, item: ActionItem) -> None:
    api, url = api_client(world.bo), f"/api/v1/action-items/{item.pk}/"
    for wrong in (
        {},
        {"connection": 0},
        {"connection": "x"},
        {"connection": 10**9},
        {"connection": row.pk, "x": 1},
    ):
        assert api.post(f"{url}ticket/", wrong, format="json").status_code == 400, wrong
    made_ = api.post(f"{url}ticket/", {"connection": row.pk}, format="json")
    ticket = {"connection": row.pk, "number": "", "url": "", "state": "", "problem": ""}
    assert (made_.status_code, made_.json()["ticket"]) == (201, ticket)
    assert api.post(f"{url}ticket/", {"connection": row.pk}, format="json").status_code == 409
    assert api.get(url).json()["ticket"] == ticket
    assert api.delete(f"{url}ticket/").status_code == 204
    assert api.delete(f"{url}ticket/").status_code == 409
    assert api.get(url).json()["ticket"] is None
    _row, token = make_token(world.bo, scopes=["read"])
    api.logout()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert api.post(f"{url}ticket/", {"connection": row.pk}, format="json").status_code in (401, 403)


def test_trackers_of_other_teams_and_switched_off_ones_are_none(world: World, item: ActionItem) -> None:
    other = make_team("Other", manager=world.ada)
    theirs = connect_tracker(actor=world.actor("ada"), team_id=other.pk, project=PROJECT, token=TOKEN)[0]
    own = connect_tracker(actor=world.actor("ada"), team_id=world.team.pk, project=PROJECT, token=TOKEN)[0]
    TrackerConnection.objects.filter(pk=own.pk).update(active=False)
    api = api_client(world.ada)
    for pk in (theirs.pk, own.pk):
        answer = api.post(f"/api/v1/action-items/{item.pk}/ticket/", {"connection": pk}, format="json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["connection"])
    assert "Create an issue" not in signed_in(world.ada).get(item.get_absolute_url()).content.decode()


def test_a_confidential_incident_asks_first(world: World, row: TrackerConnection, item: ActionItem) -> None:
    Incident.objects.update(visibility=Visibility.RESTRICTED)
    browser, url = signed_in(world.root), item.get_absolute_url()
    assert "These words may leave" in browser.get(url).content.decode()
    browser.post(f"{url}ticket/", {"connection": row.pk})
    assert not ItemTicket.objects.exists()
    api = api_client(world.root)
    refused = api.post(f"/api/v1/action-items/{item.pk}/ticket/", {"connection": row.pk}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["confirm"])
    # A stranger does not even see it.
    assert signed_in(world.zoe).post(f"{url}ticket/", {"connection": row.pk}).status_code == 404
    browser.post(f"{url}ticket/", {"connection": row.pk, "confirm": "on"})
    assert Pushed.read(ItemTicket.objects.get().pushed).confirmed


def test_a_connection_that_goes_leaves_items_with_a_note(
    world: World, row: TrackerConnection, item: ActionItem
) -> None:
    link_ticket(actor=world.actor("bo"), item_id=item.pk, connection_id=row.pk)
    page = signed_in(world.ada).get(f"/settings/trackers/{row.pk}/").content.decode()
    assert "1 action item is linked" in page
    disconnect_tracker(actor=world.actor("ada"), connection_id=row.pk, confirm=PROJECT)
    assert not ItemTicket.objects.exists()
    assert "no longer linked" in item.notes.latest("pk").text


def test_what_is_kept_is_read_again_and_the_rest_of_a_body_stays() -> None:
    kept = Pushed(confirmed=True).agreed(title="a", body="b")
    assert (len(str(kept)), Pushed.read(str(kept)), Pushed.read("")) == (64, kept, Pushed())
    from postmortems.items.tickets import Facts

    values: dict[str, Any] = dict.fromkeys(("detail", "owner", "due", "incident"), "")
    facts = Facts(
        title="t",
        status="open",
        dropping=False,
        item_class="Prevent",
        url="u",
        marker="<!-- m -->",
        secret=False,
        **values,
    )
    draft = draft_of(facts)
    assert body_for(draft, f"before\n{draft.body}\nafter") == f"before\n{draft.body}\nafter"
    assert body_for(draft, "only theirs") == f"{draft.body}\n\nonly theirs"
    assert body_for(draft, "") == draft.body

"""Action items as GitHub: made once, both directions, echoes, trouble on the way."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.test import Client

from core.errors import Conflict
from incidents.choices import Visibility
from incidents.models import Incident, TrackerConnection, TrackerEvent
from incidents.trackers.github import client as github_client
from postmortems import actions
from postmortems.actions.tickets import confirm_ticket, link_ticket, unlink_ticket
from postmortems.items.ticket_sync import claim_next, sync, sync_due
from postmortems.models import ActionItem, ItemNote, ItemTicket
from teams.models import AuditEntry
from tests.incidents.github import PROJECT, GitHubApi, comment, connected, deliver, github_api, payload
from tests.postmortems.test_items import draft, made
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
START = "2026-11-20 10:00Z"


@pytest.fixture(autouse=True)
def clock(time_machine: Any, settings: Any, monkeypatch: Any) -> Any:
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)
    monkeypatch.setattr(github_client.GitHub, "limit", 1.0)
    time_machine.move_to(START, tick=False)
    return time_machine


@pytest.fixture
def github() -> Iterator[GitHubApi]:
    with github_api() as server:
        yield server


class Bench:
    """An item that has its issue, and both sides to change it from."""

    def __init__(self, github: GitHubApi, **fields: Any) -> None:
        self.github = github
        self.world = make_world()
        self.row, self.secret = connected(self.world, github)
        self.item = made(self.world, **fields)

    def link(self, **more: Any) -> ItemTicket:
        return link_ticket(
            actor=self.world.actor("bo"), item_id=self.item.pk, connection_id=self.row.pk, **more
        )

    def linked(self) -> Bench:
        self.link()
        assert sync_due() == 1
        return self

    @property
    def ticket(self) -> ItemTicket:
        return ItemTicket.objects.get(item=self.item)

    @property
    def last_note(self) -> ItemNote:
        return ItemNote.objects.filter(item=self.item).latest("pk")

    @property
    def now_item(self) -> ActionItem:
        return ActionItem.objects.get(pk=self.item.pk)

    @property
    def issue(self) -> dict[str, Any]:
        return self.github.issues[1]

    def due(self) -> None:
        """As a webhook or a poll would."""
        ItemTicket.objects.update(push_due_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        assert sync_due() == 1


@pytest.fixture
def bench(github: GitHubApi) -> Bench:
    return Bench(github, detail="Ask @octocat <!-- x -->", title="Alert on queue age")


def test_an_issue_is_made_with_what_why_and_a_way_back(bench: Bench) -> None:
    bench.link()
    assert bench.github.calls == []
    assert sync_due() == 1
    issue, ticket = bench.issue, bench.ticket
    assert (issue["title"], [row["name"] for row in issue["labels"]]) == (
        "Alert on queue age",
        ["postmortem"],
    )
    body = issue["body"]
    for words in ("Checkout down", "**Owner:** Bo", "25 November 2026", f"/action-items/{bench.item.pk}/"):
        assert words in body
    assert "@octocat" not in body
    assert body.count("<!--") == 2
    assert (ticket.number, ticket.remote_state, ticket.problem) == ("1", "open", "")
    assert ticket.url == f"https://github.com/{PROJECT}/issues/1"
    assert bench.github.methods() == [
        "POST",
    ]
    bench.due()
    assert bench.github.methods() == ["POST", "GET"]
    row = TrackerConnection.objects.get()
    assert row.last_written_at is not None and row.last_heard_at is not None
    with pytest.raises(Conflict):
        bench.link()


def test_what_changes_here_is_written_there_and_what_people_added_stays(
    bench: Bench, clock: Any, drain: Callable[[], None]
) -> None:
    bench.linked()
    bench.github.edit(1, "2026-11-20T10:01:00Z", body=bench.issue["body"] + "\n\nSee also #7")
    clock.move_to("2026-11-20 10:05Z", tick=False)
    actions.update_item(
        actor=bench.world.actor("ada"),
        item_id=bench.item.pk,
        title="Page on queue age",
        owner_id=bench.world.ada.pk,
    )
    drain()
    assert sync_due() == 1
    assert bench.issue["title"] == "Page on queue age"
    assert "**Owner:** Ada" in bench.issue["body"] and bench.issue["body"].endswith("See also #7")
    actions.complete_item(actor=bench.world.actor("bo"), item_id=bench.item.pk)
    drain()
    sync_due()
    assert (bench.issue["state"], bench.issue["state_reason"]) == ("closed", "completed")
    assert bench.github.calls[-1][2] == {"state": "closed", "state_reason": "completed"}
    notes = bench.item.notes.count()
    bench.due()
    assert (bench.github.methods()[-1], bench.item.notes.count()) == ("GET", notes)
    actions.update_item(
        actor=bench.world.actor("ada"), item_id=bench.item.pk, status="wont_do", reason="Too dear"
    )
    drain()
    sync_due()
    assert (bench.issue["state"], bench.issue["state_reason"]) == ("closed", "not_planned")


def test_closed_reopened_and_renamed_there_comes_back(bench: Bench, drain: Callable[[], None]) -> None:
    bench.linked()
    client = Client()
    issue = bench.github.close_issue(1, "2026-11-20T10:10:00Z")
    answer = deliver(client, bench.row, bench.secret, "issues", payload("closed", issue), "aaaaaaaa-1")
    assert answer.status_code == 202
    assert sync_due() == 1
    assert bench.now_item.status == "done"
    drain()
    sync_due()
    assert "PATCH" not in bench.github.methods()
    bench.github.edit(
        1, "2026-11-20T10:20:00Z", state="open", state_reason="reopened", title="Now with feeling"
    )
    deliver(client, bench.row, bench.secret, "issues", payload("reopened", bench.issue), "aaaaaaaa-2")
    sync_due()
    assert (bench.now_item.status, bench.now_item.title) == ("open", "Now with feeling")
    note = bench.last_note
    assert (note.author_label, note.author) == ("GitHub", None)
    lines = AuditEntry.objects.filter(object_type="action item", actor_label="GitHub")
    assert lines.count() == 2
    # A webhook that comes late changes nothing: the issue itself is asked.
    deliver(client, bench.row, bench.secret, "issues", payload("closed", issue), "aaaaaaaa-3")
    sync_due()
    assert bench.now_item.status == "open"
    assert "PATCH" not in bench.github.methods()


def test_closed_as_not_planned_asks_to_drop(bench: Bench, drain: Callable[[], None]) -> None:
    bench.linked()
    bench.github.close_issue(1, "2026-11-20T10:10:00Z", "not_planned")
    bench.due()
    item = bench.now_item
    assert (item.status, item.drop_asked_by, item.reason) == (
        "open",
        None,
        "Closed as not planned in GitHub",
    )
    assert item.drop_asked_at is not None
    drain()
    bench.due()
    assert bench.issue["state"] == "closed"
    actions.refuse_drop(actor=bench.world.actor("ada"), item_id=item.pk, reason="We need it")
    drain()
    sync_due()
    assert (bench.issue["state"], bench.now_item.status) == ("open", "open")
    bench.github.close_issue(1, "2026-11-20T11:10:00Z", "not_planned")
    bench.due()
    actions.approve_drop(actor=bench.world.actor("ada"), item_id=item.pk)
    drain()
    sync_due()
    assert (bench.now_item.status, bench.issue["state_reason"]) == ("wont_do", "not_planned")


@pytest.mark.parametrize(
    ("remote_at", "wins"), [("2026-11-20T10:09:00Z", "ours"), ("2026-11-20T10:11:00Z", "theirs")]
)
def test_when_both_changed_the_newer_change_wins(bench: Bench, clock: Any, remote_at: str, wins: str) -> None:
    bench.linked()
    clock.move_to("2026-11-20 10:10Z", tick=False)
    actions.update_item(actor=bench.world.actor("bo"), item_id=bench.item.pk, title="ours")
    bench.github.edit(1, remote_at, title="theirs")
    bench.due()
    assert (bench.now_item.title, bench.issue["title"]) == (wins, wins)


def test_title_here_and_state_there_are_no_conflict(bench: Bench, clock: Any) -> None:
    bench.linked()
    clock.move_to("2026-11-20 10:10Z", tick=False)
    actions.update_item(actor=bench.world.actor("bo"), item_id=bench.item.pk, title="ours")
    bench.github.close_issue(1, "2026-11-20T10:05:00Z")
    bench.due()
    assert (bench.now_item.status, bench.issue["title"], bench.issue["state"]) == ("done", "ours", "closed")


def test_comments_become_notes_once(bench: Bench) -> None:
    bench.linked()
    body = payload(
        "created", bench.issue, comment=comment("Fixed in <b>main</b>\x00\r\nSee @bo " + "x" * 6000)
    )
    client = Client()
    for _time in range(2):
        assert deliver(client, bench.row, bench.secret, "issue_comment", body).status_code == 202
    note = bench.item.notes.get(by_hand=True)
    assert note.author_label == "octocat (GitHub)"
    assert note.text.startswith("Fixed in <b>main</b>\nSee @bo x") and len(note.text) == 4000
    assert TrackerEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("action", "words"), [("deleted", "was deleted"), ("transferred", "was moved elsewhere")]
)
def test_an_issue_that_is_gone_leaves_a_note(bench: Bench, action: str, words: str) -> None:
    bench.linked()
    deliver(Client(), bench.row, bench.secret, "issues", payload(action, bench.issue))
    assert not ItemTicket.objects.exists()
    assert words in bench.last_note.text
    assert bench.now_item.status == "open"


@pytest.mark.parametrize(("status", "words"), [(410, "was deleted"), (301, "was moved elsewhere")])
def test_the_poll_sees_that_too(bench: Bench, status: int, words: str) -> None:
    bench.linked()
    bench.github.gone[1] = (status, {}, {"message": "This issue was deleted" if status == 410 else "Moved"})
    bench.due()
    assert not ItemTicket.objects.exists()
    assert words in bench.last_note.text


def test_no_second_issue_after_an_answer_that_never_came(bench: Bench, clock: Any) -> None:
    bench.link()
    bench.github.faults = ["drop"]
    sync_due()
    assert (bench.ticket.number, bench.ticket.attempts, len(bench.github.issues)) == ("", 1, 1)
    clock.move_to("2026-11-20 10:30Z", tick=False)
    sync_due()
    assert (bench.ticket.number, len(bench.github.issues), bench.ticket.attempts) == ("1", 1, 0)


def test_no_second_issue_after_a_crash_before_the_record(bench: Bench, clock: Any, monkeypatch: Any) -> None:
    bench.link()
    create = github_client.GitHub.create

    def killed(*args: Any) -> None:
        create(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(github_client.GitHub, "create", killed)
    with pytest.raises(KeyboardInterrupt):
        sync_due()
    monkeypatch.setattr(github_client.GitHub, "create", create)
    assert sync_due() == 0
    clock.move_to("2026-11-20 10:04Z", tick=False)
    assert sync_due() == 1
    assert (bench.ticket.number, len(bench.github.issues)) == ("1", 1)


def test_rate_limits_are_waited_for_and_refusals_are_loud(bench: Bench, clock: Any) -> None:
    bench.link()
    bench.github.faults = [
        (403, {"retry-after": "120"}, {"message": "You have exceeded a secondary rate limit"})
    ]
    sync_due()
    ticket = bench.ticket
    assert (ticket.push_due_at, ticket.problem) == (dt.datetime(2026, 11, 20, 10, 2, tzinfo=dt.UTC), "")
    reset = str(int(dt.datetime(2026, 11, 20, 10, 40, tzinfo=dt.UTC).timestamp()))
    clock.move_to("2026-11-20 10:02Z", tick=False)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    bench.github.faults = [(403, headers, {"message": "API rate limit exceeded"})]
    sync_due()
    assert bench.ticket.push_due_at == dt.datetime(2026, 11, 20, 10, 40, tzinfo=dt.UTC)
    clock.move_to("2026-11-20 10:40Z", tick=False)
    bench.github.faults = [(401, {}, {"message": "Bad credentials"})]
    sync_due()
    assert "does not take the token" in bench.ticket.problem
    assert "does not take the token" in TrackerConnection.objects.get().problem
    clock.move_to("2026-11-20 11:50Z", tick=False)
    assert sync_due() == 1
    assert (bench.ticket.problem, TrackerConnection.objects.get().problem) == ("", "")


def test_a_tracker_that_hangs_is_tried_again_and_said_in_the_end(bench: Bench, clock: Any) -> None:
    bench.linked()
    waits = []
    for n in range(4):
        bench.github.faults = ["hang"]
        ItemTicket.objects.update(push_due_at=dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC))
        clock.move_to(f"2026-11-20 1{n}:00Z", tick=False)
        sync_due()
        due = bench.ticket.push_due_at
        assert due is not None
        waits.append((due - dt.datetime(2026, 11, 20, 10 + n, tzinfo=dt.UTC)).total_seconds())
        assert bool(bench.ticket.problem) is (n >= 2)
    assert waits == [15, 30, 60, 120]


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_issue(github: GitHubApi) -> None:
    bench = Bench(github)
    bench.link()
    gate = threading.Barrier(2)

    def work() -> None:
        close_old_connections()
        gate.wait()
        sync_due()
        connection.close()

    threads = [threading.Thread(target=work) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(github.issues), github.methods()) == (1, ["POST"])


def test_what_is_made_due_meanwhile_stays_due(bench: Bench) -> None:
    bench.link()
    claim = claim_next()
    assert claim is not None and claim_next() is None
    due = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
    ItemTicket.objects.update(push_due_at=due)
    sync(claim)
    assert (bench.ticket.push_due_at, bench.ticket.lease_until) == (due, None)


def test_a_worker_that_lost_its_lease_writes_nothing(bench: Bench) -> None:
    bench.linked()
    ItemTicket.objects.update(push_due_at=dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC))
    bench.github.close_issue(1, "2026-11-20T10:10:00Z")
    claim = claim_next()
    assert claim is not None
    ItemTicket.objects.update(lease_until=claim.until + dt.timedelta(seconds=1))
    sync(claim)
    assert (bench.now_item.status, len(bench.github.calls)) == ("open", 1)


def test_a_confidential_incident_leaks_nothing(bench: Bench, clock: Any) -> None:
    incident = Incident.objects.get()
    bench.link()
    Incident.objects.update(visibility=Visibility.RESTRICTED, code_name="Blue Heron")
    bench.item = bench.now_item
    sync_due()
    assert bench.github.calls == []
    assert "confidential" in bench.ticket.problem
    unlink_ticket(actor=bench.world.actor("root"), item_id=bench.item.pk)
    root = bench.world.actor("root")
    with pytest.raises(Exception, match="may leave"):
        link_ticket(actor=root, item_id=bench.item.pk, connection_id=bench.row.pk)
    link_ticket(actor=root, item_id=bench.item.pk, connection_id=bench.row.pk, confirm=True)
    sync_due()
    body = bench.issue["body"]
    assert f"#{incident.number} Blue Heron" in body
    for words in ("Checkout down", "octocat", "Bo"):
        assert words not in body


def test_words_stop_when_the_incident_becomes_confidential_later(bench: Bench, clock: Any) -> None:
    bench.linked()
    Incident.objects.update(visibility=Visibility.RESTRICTED)
    clock.move_to("2026-11-20 10:10Z", tick=False)
    ActionItem.objects.update(title="The secret thing", status="done", closed_at=bench.item.created_at)
    bench.due()
    assert "secret thing" not in str(bench.github.calls)
    assert (bench.issue["state"], "no longer sent" in bench.ticket.problem) == ("closed", True)
    confirm_ticket(actor=bench.world.actor("root"), item_id=bench.item.pk)
    sync_due()
    assert (bench.issue["title"], bench.ticket.problem) == ("The secret thing", "")


def test_an_item_of_a_draft_without_owner_goes_out_too(github: GitHubApi) -> None:
    world: World = make_world()
    row, _secret = connected(world, github)
    item = made(world, postmortem_id=draft(world).pk, owner_id=None, due_on=None, title="x" * 300)
    link_ticket(actor=world.actor("bo"), item_id=item.pk, connection_id=row.pk)
    sync_due()
    assert len(github.issues[1]["title"]) == 256
    assert "Owner" not in github.issues[1]["body"]
    ItemTicket.objects.update(push_due_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    sync_due()
    item.refresh_from_db()
    assert (len(item.title), github.methods()) == (300, ["POST", "GET"])

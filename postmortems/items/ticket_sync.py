"""Keeps items and issues the same. Run by any number of workers at once.

A ticket is claimed under a lease, the tracker is asked outside any transaction, and what came of it is written only
where the lease still matches. Each sync reads the issue first, so it does not matter in which order webhooks come, or
whether they come: they only make a ticket due. Making an issue is begun by a mark (`pushed_at`), so that after an
unknown outcome it is looked for before another is made.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Count, Q

from core import clock
from incidents.actions.trackers import place_of
from incidents.models import TrackerConnection
from incidents.trackers import Place, RemoteIssue, Tracker, TrackerError, tracker_of
from postmortems.actions.item_rows import take
from postmortems.actions.tickets import facts_of, is_secret, remember, take_over, unlinked_by
from postmortems.items.tickets import Plan, Pushed, draft_of, plan
from postmortems.models import ActionItem, ItemTicket

log = structlog.get_logger("watchbill.tickets")

LEASE = dt.timedelta(seconds=180)
POLL = dt.timedelta(minutes=5)
# Of one connection no more than this many tickets are looked at in a second, for the tracker's budget of calls.
PACE = 3.0
CLOSED_POLL = dt.timedelta(hours=1)
CLOSED_FOR = dt.timedelta(days=30)
# The clocks of the two sides may differ.
SKEW = dt.timedelta(minutes=10)
FIRST_WAIT, LONGEST_WAIT = 15.0, 3600.0
LOUD_AFTER = 3


@dataclass(frozen=True)
class Claim:
    ticket_id: int
    until: dt.datetime


def sync_due(*, limit: int = 50) -> int:
    """Sync what is due until nothing is left or `limit` is reached; returns how many were tried."""
    tried = 0
    while tried < limit and (claim := claim_next()) is not None:
        sync(claim)
        tried += 1
    return tried


def claim_next() -> Claim | None:
    """Take the ticket that has waited longest, alone; None when none is due."""
    now = clock.database_now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    with transaction.atomic():
        rows = ItemTicket.objects.filter(free, push_due_at__lte=now, connection__active=True)
        rows = rows.select_for_update(of=("self",), skip_locked=True, no_key=True).order_by(
            "push_due_at", "pk"
        )
        row: ItemTicket | None = rows.first()
        if row is None:
            return None
        # After a crash it is due again by itself when the lease has run out.
        row.lease_until = row.push_due_at = now + LEASE
        row.save(update_fields=["lease_until", "push_due_at"])
    return Claim(row.pk, row.lease_until)


def sync(claim: Claim) -> None:
    """One sync of a claimed ticket; whatever goes wrong is written down and tried again later."""
    try:
        _Sync(claim).run()
    except TrackerError as error:
        _failed(claim, error)
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        # One ticket must not hold up the others.
        log.exception("sync failed", ticket=claim.ticket_id)
        _failed(claim, TrackerError(f"Internal error: {type(error).__name__}."))


class _Sync:
    """The steps of one sync: find or make the issue, take over what changed there, write what changed here."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.new = False

    def run(self) -> None:
        ticket = self._ticket()
        if ticket is None:
            return
        self.tracker: Tracker = tracker_of(ticket.connection.kind)
        self.name = self.tracker.name
        self.place: Place = place_of(ticket.connection)
        remote = self.tracker.fetch(self.place, ticket.number) if ticket.number else self._made(ticket)
        if remote is None:
            return
        if ticket.external_id and remote.external_id != ticket.external_id:
            raise TrackerError("Another issue has this number now; unlink it, or correct the connection.")
        found = self._taken(remote)
        if found is not None and found.push:
            self._ours()
            remote = self.tracker.update(self.place, remote.number, found.push)
        if found is not None:
            self._record(remote, found)

    def _ticket(self) -> ItemTicket | None:
        rows = ItemTicket.objects.select_related("connection", "item__incident", "item__owner")
        return rows.filter(pk=self.claim.ticket_id, lease_until=self.claim.until).first()

    def _ours(self) -> None:
        """Just before something is written there: enough of the lease must be left."""
        if (self.claim.until - clock.database_now()).total_seconds() < 2 * self.tracker.limit:
            raise TrackerError("It took too long; it goes on by itself.", passing=True)

    def _made(self, ticket: ItemTicket) -> RemoteIssue | None:
        """The new issue, or the one an earlier try has made without our hearing of it."""
        if is_secret(ticket.item) and not Pushed.read(ticket.pushed).confirmed:
            raise TrackerError("The incident became confidential: confirm that its words may leave.")
        draft = draft_of(facts_of(ticket.item, ticket))
        mine = ItemTicket.objects.filter(pk=ticket.pk, lease_until=self.claim.until)
        remote = None
        if ticket.pushed_at is not None:
            remote = self.tracker.find(self.place, draft, ticket.pushed_at - SKEW)
        if remote is None:
            self._ours()
            begun = ticket.pushed_at or clock.database_now()
            if not mine.update(pushed_at=begun):
                return None
            try:
                remote = self.tracker.create(self.place, draft)
            except TrackerError as error:
                if not error.unsure and ticket.pushed_at is None:
                    mine.update(pushed_at=None)
                raise
            self.new = True
        kept = Pushed.read(ticket.pushed).agreed(title=draft.title, state="open", body=draft.body)
        return remote if mine.update(pushed=str(kept), **remember(ticket, remote)) else None

    def _taken(self, remote: RemoteIssue) -> Plan | None:
        """Take over what changed there and say what is to be written; None when the ticket is not ours any more."""
        with transaction.atomic():
            row = ItemTicket.objects.filter(pk=self.claim.ticket_id).values_list("item_id", flat=True).first()
            if row is None:
                return None
            # The item first, then its ticket: the order in which the actions of people lock.
            item = take(row)
            rows = ItemTicket.objects.select_for_update(of=("self",), no_key=True)
            ticket = rows.filter(pk=self.claim.ticket_id, lease_until=self.claim.until).first()
            if ticket is None:
                return None
            last = Pushed.read(ticket.pushed)
            self.words = last.confirmed or not is_secret(item)
            found = plan(draft_of(facts_of(item, ticket)), item.updated_at, remote, last, words=self.words)
            if found.take:
                take_over(item, self.name, found.take, clock.now())
                # An item that is done here stays done, and says so there.
                draft = draft_of(facts_of(item, ticket))
                if draft.state != remote.state and "state" in found.take:
                    found.push["state"] = draft.state
                agreed = {name: getattr(remote, name) for name in found.take}
                ticket.pushed = str(last.agreed(**agreed))
            for field, value in remember(ticket, remote).items():
                setattr(ticket, field, value)
            ticket.save()
            self.draft = draft_of(facts_of(item, ticket))
        return found

    def _record(self, remote: RemoteIssue, found: Plan) -> None:
        with transaction.atomic():
            rows = ItemTicket.objects.select_for_update(of=("self",), no_key=True)
            ticket = rows.filter(pk=self.claim.ticket_id, lease_until=self.claim.until).first()
            if ticket is None:
                return
            now = clock.database_now()
            kept = Pushed.read(ticket.pushed)
            sent: dict[str, Any] = {
                name: found.push[name] for name in ("title", "state") if name in found.push
            }
            if "body" in found.push:
                sent["body"] = self.draft.body
            values = remember(ticket, remote) | {
                "pushed": str(kept.agreed(**sent)),
                "lease_until": None,
                "attempts": 0,
                "problem": ""
                if self.words
                else "The incident is confidential: its words are no longer sent.",
            }
            if found.push:
                values["pushed_at"] = now
            # Whoever made it due meanwhile wants another look.
            if ticket.push_due_at == self.claim.until:
                item = ActionItem.objects.get(pk=ticket.item_id)
                values["push_due_at"] = _next_look(item, ticket, now)
            ItemTicket.objects.filter(pk=ticket.pk).update(**values)
        # By itself: a webhook locks the connection before it asks for the ticket.
        stamp = {"last_written_at": now} if found.push or self.new else {}
        TrackerConnection.objects.filter(pk=ticket.connection_id).update(
            problem="", last_heard_at=now, **stamp
        )


def _next_look(item: ActionItem, ticket: ItemTicket, now: dt.datetime) -> dt.datetime | None:
    """Every few minutes while it is open, more rarely where many share a connection; closed ones for a month."""
    if not item.is_open:
        late = item.closed_at is not None and item.closed_at < now - CLOSED_FOR
        return None if late else now + CLOSED_POLL
    total = ItemTicket.objects.filter(
        connection_id=ticket.connection_id, push_due_at__isnull=False
    ).aggregate(n=Count("pk"))["n"]
    return now + max(POLL, dt.timedelta(seconds=PACE * total))


def _failed(claim: Claim, error: TrackerError) -> None:
    """Try again later, longer each time; say so on the item when it cannot mend by itself or goes on."""
    now = clock.database_now()
    with transaction.atomic():
        found = ItemTicket.objects.filter(pk=claim.ticket_id).values_list("item_id", flat=True).first()
        if found is None:
            return
        take(found)
        rows = ItemTicket.objects.select_for_update(of=("self",), no_key=True).select_related("connection")
        ticket = rows.filter(pk=claim.ticket_id, lease_until=claim.until).first()
        if ticket is None:
            return
        if error.gone:
            unlinked_by(ticket, tracker_of(ticket.connection.kind).name, error.gone, clock.now())
            return
        ticket.attempts = min(ticket.attempts + 1, 1000)
        wait = min(FIRST_WAIT * 2 ** min(ticket.attempts - 1, 12), LONGEST_WAIT)
        if not error.passing or ticket.attempts >= LOUD_AFTER:
            ticket.problem = error.message[:300]
        ticket.lease_until = None
        ticket.push_due_at = now + dt.timedelta(seconds=max(wait, error.retry_after or 0))
        ticket.save(update_fields=["attempts", "problem", "lease_until", "push_due_at"])
    if error.settings:
        TrackerConnection.objects.filter(pk=ticket.connection_id).update(problem=error.message[:300])
    log.info("sync put off", ticket=claim.ticket_id, reason=error.message, attempts=ticket.attempts)

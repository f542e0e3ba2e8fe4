"""What changes of items and news from trackers do to tickets."""

from __future__ import annotations

from django.db.models import Count

from core import clock
from core.events import subscribe
from core.wakeup import wake
from incidents.trackers import HookNews, tracker_of
from incidents.trackers.listeners import register_listener
from postmortems.actions.item_rows import take
from postmortems.actions.tickets import TASK, note_from, unlinked_by
from postmortems.events import ActionItemChanged
from postmortems.models import ItemTicket

_QUIET = {"note", "snooze", "ticket"}


@subscribe(ActionItemChanged, name="postmortems.tickets")
def item_changed(event: ActionItemChanged) -> None:
    """What an issue says may have changed: it is written there."""
    if event.what not in _QUIET:
        _make_due(item_id=event.item_id)


class Tickets:
    """The listener of this room."""

    def heard(self, connection_id: int, tracker: str, news: HookNews) -> None:
        if news.what == "changed":
            _make_due(connection_id=connection_id, external_id=news.external_id)
            return
        rows = ItemTicket.objects.filter(connection_id=connection_id, external_id=news.external_id)
        found = rows.values_list("item_id", flat=True).first()
        if found is None:
            return
        # The item before its ticket, as everywhere.
        take(found)
        ticket = rows.select_for_update(of=("self",), no_key=True).select_related("connection").first()
        if ticket is None:
            return
        if news.what == "gone":
            unlinked_by(ticket, tracker, news.gone, clock.now())
        elif news.comment is not None and news.comment.text:
            note_from(ticket, tracker, news.comment.author, news.comment.text, clock.now())

    def linked(self, connection_ids: list[int]) -> dict[int, int]:
        rows = ItemTicket.objects.filter(connection_id__in=connection_ids).order_by()
        return dict(rows.values_list("connection_id").annotate(count=Count("pk")))

    def leaving(self, connection_id: int) -> None:
        rows = ItemTicket.objects.filter(connection_id=connection_id).select_related("connection")
        for ticket in rows.order_by("item_id"):
            unlinked_by(ticket, tracker_of(ticket.connection.kind).name, "left", clock.now())

    def changed(self, connection_id: int) -> None:
        ItemTicket.objects.filter(connection_id=connection_id, attempts__gt=0).update(
            push_due_at=clock.database_now()
        )
        wake(TASK)


def register() -> None:
    register_listener(Tickets())


def _make_due(**which: object) -> None:
    if ItemTicket.objects.filter(**which).update(push_due_at=clock.database_now()):
        wake(TASK)

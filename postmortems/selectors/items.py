"""Action items as lists: for the board, the teams, Now, the review check and the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet

from core import clock
from postmortems.choices import OPEN_ITEMS, ItemClass, ItemPriority, ItemStatus
from postmortems.models import ActionItem
from teams.actor import Actor
from teams.models import Team, User

WEEK = dt.timedelta(days=7)
_FEW = 20
# Open items that cannot enter review.
INCOMPLETE = Q(status__in=OPEN_ITEMS) & (
    Q(owner__isnull=True) | Q(due_on__isnull=True) | Q(owner__is_active=False)
)


def incomplete_items(postmortem_id: int) -> list[ActionItem]:
    """Open items of a postmortem without owner or date, or whose owner has left, the oldest first."""
    rows = ActionItem.objects.filter(INCOMPLETE, postmortem_id=postmortem_id)
    return list(rows.select_related("owner").order_by("pk"))


def drops_waiting_for(actor: Actor) -> list[ActionItem]:
    """Open items somebody asks to drop and the actor may decide, the oldest request first; one statement, none for
    who manages nothing."""
    if not actor.manages_any:
        return []
    rows = drops(actor).select_related("owner", "incident", "drop_asked_by")
    return list(rows.order_by("drop_asked_at", "pk")[:_FEW])


def drops(actor: Actor) -> QuerySet[ActionItem]:
    """Open items somebody asks to drop and the actor may decide."""
    rows: QuerySet[ActionItem] = ActionItem.objects.allowing(actor, "decide").open()
    return rows.filter(drop_asked_at__isnull=False)


def items_for(actor: Actor, today: dt.date | None = None) -> list[ActionItem]:
    """The actor's own open items that are overdue or due within seven days, the most urgent first; one statement."""
    rows = mine_due(actor, today or clock.now().date())
    return list(rows.select_related("incident").order_by("due_on", "pk")[:_FEW])


def mine_due(actor: Actor, today: dt.date) -> QuerySet[ActionItem]:
    """The actor's own open items that are due by a week after `today`."""
    rows = ActionItem.objects.visible_to(actor).open()
    found: QuerySet[ActionItem] = rows.filter(owner_id=actor.user_id or 0, due_on__lte=today + WEEK)
    return found


def overdue_count(actor: Actor, today: dt.date) -> int:
    return int(ActionItem.objects.visible_to(actor).overdue(today).count())


def filtered(actor: Actor, asked: Mapping[str, list[str]]) -> QuerySet[ActionItem]:
    """Visible items by the filters of an address: team (slugs, `none`), owner (ids, `me`), class, status, priority.

    Without a status open ones alone; `all` for every one. What is no value filters nothing.
    """
    rows = ActionItem.objects.visible_to(actor)
    status = asked.get("status", [])
    known = [word for word in status if word in ItemStatus.values]
    if known:
        rows = rows.filter(status__in=known)
    elif "asked" in status:
        rows = rows.open().filter(drop_asked_at__isnull=False)
    elif "all" not in status:
        rows = rows.open()
    teams = [word for word in asked.get("team", []) if word.replace("-", "").isalnum()]
    if teams:
        rows = rows.filter(Q(team__slug__in=teams) | (Q(team__isnull=True) if "none" in teams else Q()))
    people = {actor.user_id if word == "me" else _id(word) for word in asked.get("owner", [])} - {None}
    if people:
        rows = rows.filter(owner_id__in=people)
    for name, column, choices in (
        ("class", "item_class", ItemClass.values),
        ("priority", "priority", ItemPriority.values),
    ):
        values = [word for word in asked.get(name, []) if word in choices]
        if values:
            rows = rows.filter(**{f"{column}__in": values})
    found: QuerySet[ActionItem] = rows
    return found


def with_cards(rows: QuerySet[ActionItem]) -> QuerySet[ActionItem]:
    """What a card or row of the list shows."""
    return rows.select_related("owner", "incident", "team", "ticket__connection")


_PAGE = 50


def by_due(rows: QuerySet[ActionItem], cursor: str, *, down: bool = False) -> tuple[list[ActionItem], str]:
    """(a page of at most 50 by due date, what has none last; the cursor of the next page or ""). A cursor is
    `<date or ->_<id>`; anything else is the first page."""
    word, _bar, key = cursor.partition("_")
    last = _id(key)
    if last is not None:
        undated = Q(due_on__isnull=True)
        try:
            day = None if word == "-" else dt.date.fromisoformat(word)
        except ValueError:
            day, last = None, None
        beyond = {f"pk__{'lt' if down else 'gt'}": last}
        if last is not None and day is None:
            rows = rows.filter(undated, **beyond)
        elif last is not None:
            further = Q(**{f"due_on__{'lt' if down else 'gt'}": day})
            rows = rows.filter(undated | further | Q(due_on=day, **beyond))
    order = F("due_on").desc(nulls_last=True) if down else F("due_on").asc(nulls_last=True)
    found = list(with_cards(rows).order_by(order, "-pk" if down else "pk")[: _PAGE + 1])
    if len(found) <= _PAGE:
        return found, ""
    end = found[_PAGE - 1]
    return found[:_PAGE], f"{end.due_on.isoformat() if end.due_on else '-'}_{end.pk}"


@dataclass
class Column:
    """A column of the board: its items in order, and how many more there are."""

    key: str
    items: list[ActionItem] = field(default_factory=list)
    more: int = 0


COLUMNS = ("overdue", "this_week", "next_week", "later", "undated", "closed")
MOST_CARDS = 40


def board(rows: QuerySet[ActionItem], today: dt.date) -> list[Column]:
    """Open items by due week, weeks beginning on Monday, and closed ones beside them; at most 40 cards a column.
    Seven statements at most."""
    monday = today - dt.timedelta(days=today.weekday())
    spans = {
        "overdue": Q(due_on__lt=today),
        "this_week": Q(due_on__gte=today, due_on__lt=monday + WEEK),
        "next_week": Q(due_on__gte=monday + WEEK, due_on__lt=monday + 2 * WEEK),
        "later": Q(due_on__gte=monday + 2 * WEEK),
        "undated": Q(due_on__isnull=True),
    }
    is_open = Q(status__in=OPEN_ITEMS)
    spans = {key: condition & is_open for key, condition in spans.items()} | {"closed": ~is_open}
    counts = rows.order_by().aggregate(
        **{key: Count("pk", filter=condition) for key, condition in spans.items()}
    )
    found = []
    for key in COLUMNS:
        items = (
            list(with_cards(rows.filter(spans[key])).order_by("due_on", "pk")[:MOST_CARDS])
            if counts[key]
            else []
        )
        found.append(Column(key, items, counts[key] - len(items)))
    return found


@dataclass
class TeamLoad:
    """What is open and overdue in a team (None: without a team), by owner."""

    team: Team | None
    open: int = 0
    overdue: int = 0
    oldest: dt.date | None = None
    owners: list[OwnerLoad] = field(default_factory=list)


@dataclass
class OwnerLoad:
    owner: User | None
    open: int
    overdue: int
    oldest: dt.date | None


def by_team(rows: QuerySet[ActionItem], today: dt.date) -> list[TeamLoad]:
    """Open items by team and owner, the most overdue first. Three statements."""
    late = Q(due_on__lt=today)
    groups = (
        rows.open()  # type: ignore[attr-defined]
        .order_by()
        .values("team_id", "owner_id")
        .annotate(open=Count("pk"), late=Count("pk", filter=late), oldest=Min("due_on", filter=late))
    )
    found: dict[Any, TeamLoad] = {}
    counted = list(groups)
    teams = Team.objects.in_bulk({row["team_id"] for row in counted if row["team_id"]})
    people = User.objects.in_bulk({row["owner_id"] for row in counted if row["owner_id"]})
    for row in counted:
        load = found.setdefault(row["team_id"], TeamLoad(teams.get(row["team_id"])))
        load.open += row["open"]
        load.overdue += row["late"]
        if row["oldest"] is not None:
            load.oldest = min(load.oldest or row["oldest"], row["oldest"])
        load.owners.append(OwnerLoad(people.get(row["owner_id"]), row["open"], row["late"], row["oldest"]))
    for load in found.values():
        load.owners.sort(key=lambda one: (-one.overdue, -one.open, one.owner.name if one.owner else ""))
    return sorted(
        found.values(), key=lambda one: (-one.overdue, -one.open, one.team.name if one.team else "")
    )


def _id(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else None

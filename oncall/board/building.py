"""Building the picture from what serves in a window."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from oncall import rota
from oncall.board.axis import Place, days_of
from oncall.board.shapes import Block, Board, Extras, Row
from oncall.loading import LoadedSchedule, load
from oncall.models import Override, Schedule, Shadow, ShiftRequest
from oncall.shift_times import MARGIN, Served, unbroken
from teams.models import User

# So many stretches that are not over have a row in the list, and an anchor to it.
LISTED = 120
# The clock of `oncall.selectors.Exchange.value`.
_STAMP = "%Y%m%dT%H%M"


def build(
    schedule: Schedule, start: dt.datetime, end: dt.datetime, now: dt.datetime, extras: Extras | None = None
) -> Board:
    """The schedule in [start, end): the final row, overrides, layers from the top, lanes of `extras`.

    Shifts of the final row have their true ends, also beyond the window. Five statements.
    """
    item = load([schedule], start=start - MARGIN, end=end + MARGIN)[schedule.pk]
    rows = Override.objects.filter(schedule=schedule, starts_at__lt=end, ends_at__gt=start)
    overrides = list(rows.select_related("user", "replaces"))
    place = Place(start, end)
    around = item.shifts(start - MARGIN, end + MARGIN)
    final = [shift for shift in around if shift.start < end and shift.end > start]
    layers = _layers(item, start, end)
    without = rota.final_shifts(item.rotations, (), item.zone, start, end) if overrides else []
    people = _people((*final, *without, *(shift for row in layers.values() for shift in row)))
    shifts = [_shift(shift, people, place) for shift in final]
    beneath = _beneath(shifts, without, people, place)
    whole = sorted([*shifts, *_holes(item, place)], key=lambda block: block.start)
    _anchor(whole, now)
    _offer_back(shifts, unbroken(schedule.pk, around), now)
    drawn = [Row(_("On call"), whole, "final", beneath)]
    drawn += _extra_rows(extras or Extras(), place)
    if overrides:
        drawn.append(Row(_("Overrides"), _laned(_override(row, place) for row in overrides), "override"))
    for layer in sorted(layers, reverse=True):
        label = _("Layer %(number)s") % {"number": layer} if len(layers) > 1 else _("Rotation")
        drawn.append(Row(label, [_shift(shift, people, place) for shift in layers[layer]]))
    now_left = place.at(now) if start <= now < end else ""
    return Board(start, end, drawn, days_of(schedule, place), now_left, whole)


def upcoming(blocks: Sequence[Block]) -> list[Block]:
    """Stretches that are not over, as many as are listed."""
    return [block for block in blocks if block.anchor]


def _people(shifts: Iterable[rota.Shift]) -> dict[int, User]:
    ids = {user for shift in shifts for user in shift.users}
    return {user.pk: user for user in User.objects.filter(pk__in=ids)}


def _layers(item: LoadedSchedule, start: dt.datetime, end: dt.datetime) -> dict[int, list[rota.Shift]]:
    found: dict[int, list[rota.Shift]] = {}
    for layer in {rotation.layer for rotation in item.rotations}:
        inside = [rotation for rotation in item.rotations if rotation.layer == layer]
        shifts = rota.final_shifts(inside, (), item.zone, start, end)
        if shifts or any(isinstance(each, rota.Rotation) and each.ends_at is None for each in inside):
            found[layer] = shifts
    return found


def _shift(shift: rota.Shift, people: dict[int, User], place: Place) -> Block:
    users = [people[pk] for pk in shift.users if pk in people]
    return Block(
        shift.start, shift.end, users, *place(shift.start, shift.end), override=shift.source == "override"
    )


def _holes(item: LoadedSchedule, place: Place) -> list[Block]:
    empty = item.empty(place.start, place.end)
    return [
        Block(gap.start, gap.end, [], *place(gap.start, gap.end), planned=planned)
        for gaps, planned in ((empty.gaps, False), (empty.planned, True))
        for gap in gaps
    ]


def _beneath(
    shifts: Sequence[Block], without: Sequence[rota.Shift], people: dict[int, User], place: Place
) -> list[Block]:
    """What each override hides, cut at its ends; notes in the block who would have served."""
    found = []
    for block in (each for each in shifts if each.override):
        hidden = [row for row in without if row.start < block.end and row.end > block.start]
        for row in hidden:
            start, end = max(row.start, block.start), min(row.end, block.end)
            users = [people[pk] for pk in row.users if pk in people]
            found.append(Block(start, end, users, *place(start, end)))
            block.instead += [user for user in users if user not in (*block.users, *block.instead)]
    return found


def _anchor(blocks: Sequence[Block], now: dt.datetime) -> None:
    for number, block in enumerate([block for block in blocks if block.end > now][:LISTED], 1):
        block.anchor = f"shift-{number}"


def _offer_back(shifts: Sequence[Block], rows: Sequence[Served], now: dt.datetime) -> None:
    """Name the shifts that could be had in return: those that one person serves and that have not begun."""
    for block in (each for each in shifts if len(each.users) == 1 and each.start > now):
        user = block.users[0].pk
        for row in rows:
            if row.user_id == user and row.start <= block.start < row.end and row.start > now:
                block.back = f"{user}|{row.start:{_STAMP}}|{row.end:{_STAMP}}"


def _extra_rows(extras: Extras, place: Place) -> list[Row]:
    away = [_extra(row, [row.user], place) for row in _touching(extras.leave, place)]
    asked = [_request(row, place) for row in _touching(extras.requests, place)]
    asked += [_returned(row, place) for row in extras.requests if _has_return(row, place)]
    learning = [_shadow(row, place) for row in _touching(extras.shadows, place)]
    rows = [
        Row(_("Asked"), _laned(asked), "request"),
        Row(_("Leave"), _laned(away), "leave"),
        Row(_("Shadows"), _laned(learning), "shadow"),
    ]
    return [row for row in rows if row.blocks]


def _touching(rows: Iterable[Any], place: Place) -> list[Any]:
    return [row for row in rows if row.starts_at < place.end and row.ends_at > place.start]


def _extra(row: Any, users: list[User], place: Place, text: str = "") -> Block:
    return Block(row.starts_at, row.ends_at, users, *place(row.starts_at, row.ends_at), text=text)


def _request(row: ShiftRequest, place: Place) -> Block:
    taker = row.offered_to.initials if row.offered_to else "?"
    return _extra(row, [row.user], place, f"→ {taker}")


def _has_return(row: ShiftRequest, place: Place) -> bool:
    start, end = row.back_starts_at, row.back_ends_at
    return start is not None and end is not None and start < place.end and end > place.start


def _returned(row: ShiftRequest, place: Place) -> Block:
    """The other half of a swap; the caller has made sure that there is one in the window."""
    start, end = row.back_starts_at or row.starts_at, row.back_ends_at or row.ends_at
    giver = row.offered_to or row.user
    return Block(start, end, [giver], *place(start, end), text=f"→ {row.user.initials}")


def _shadow(row: Shadow, place: Place) -> Block:
    text = _("with %(who)s") % {"who": row.follows.initials} if row.follows else ""
    return _extra(row, [row.user], place, text)


def _override(row: Override, place: Place) -> Block:
    users = [user for user in (row.user or row.replaces,) if user is not None]
    text = _("off") if row.user is None else ""
    return Block(
        row.starts_at, row.ends_at, users, *place(row.starts_at, row.ends_at), override=True, text=text
    )


def _laned(blocks: Iterable[Block]) -> list[Block]:
    """In order of their beginnings, each in the first lane that is free by then."""
    ends: list[dt.datetime] = []
    found = sorted(blocks, key=lambda block: block.start)
    for block in found:
        free = next((lane for lane, end in enumerate(ends) if end <= block.start), len(ends))
        ends[free:] = [block.end, *ends[free + 1 :]]
        block.lane = free
    return found

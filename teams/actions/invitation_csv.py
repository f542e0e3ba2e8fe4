"""Many invitations from a table `name,email,team,role`: first every row's faults, then all or nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from core import clock
from core.errors import InvalidInput, field_error
from core.text import clean
from teams.actions.invitations import create_invitation
from teams.actor import Actor
from teams.choices import TeamRole
from teams.models import Membership, Team, User
from teams.permissions import allows

MOST_ROWS = 500
MOST_CHARACTERS = 200_000
COLUMNS = ("name", "email", "team", "role")


@dataclass
class CSVRow:
    """One line as read. `team` is a slug or ""; `faults` are sentences, empty when it can be invited."""

    line: int
    name: str = ""
    email: str = ""
    team: str = ""
    role: str = TeamRole.RESPONDER
    team_id: int | None = None
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    teams: dict[str, tuple[int, str]]
    people: dict[str, tuple[int, bool]]
    members: frozenset[tuple[int, int]]


def preview_csv(*, actor: Actor, text: str) -> list[CSVRow]:
    """Every row with what is wrong with it; writes nothing. A constant number of statements.

    Raises `InvalidInput` on `file` for what is no such table at all.
    """
    rows = _read(text)
    known = _known(actor, rows)
    seen: set[tuple[str, str]] = set()
    for row in rows:
        _check(actor, row, known)
        key = (row.email, row.team)
        if row.email and key in seen:
            row.faults.append("The same address and team stand further up.")
        seen.add(key)
    return rows


def invite_csv(
    *, actor: Actor, text: str, send: bool, now: dt.datetime | None = None
) -> list[tuple[CSVRow, str]]:
    """Invite everybody in the table, or nobody when any row has a fault. Returns rows and their paths."""
    now = now or clock.now()
    with transaction.atomic():
        rows = preview_csv(actor=actor, text=text)
        faulty = [row for row in rows if row.faults]
        if faulty:
            reasons = [f"Line {row.line}: {row.faults[0]}" for row in faulty[:20]]
            raise InvalidInput("Nobody was invited: some rows have faults.", fields={"file": reasons})
        return [(row, _invite(actor, row, send, now)) for row in rows]


def _invite(actor: Actor, row: CSVRow, send: bool, now: dt.datetime) -> str:
    _invitation, path = create_invitation(
        actor=actor,
        email=row.email,
        name=row.name,
        team_id=row.team_id,
        role=row.role,
        send=send,
        now=now,
    )
    return path


def _read(text: str) -> list[CSVRow]:
    if len(text) > MOST_CHARACTERS:
        raise field_error("file", f"At most {MOST_CHARACTERS:,} characters.")
    reader = csv.reader(io.StringIO(clean(text.lstrip("\ufeff"))), strict=True, skipinitialspace=True)
    rows: list[CSVRow] = []
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells) or (not rows and tuple(cell.lower() for cell in cells) == COLUMNS):
                continue
            if len(rows) == MOST_ROWS:
                raise field_error("file", f"At most {MOST_ROWS} rows at once.")
            rows.append(_row(reader.line_num, cells))
    except csv.Error as error:
        raise field_error("file", f"Line {reader.line_num} is not valid CSV: {error}.") from None
    if not rows:
        raise field_error("file", "There are no rows: each needs name,email,team,role.")
    return rows


def _row(line: int, cells: list[str]) -> CSVRow:
    if len(cells) > len(COLUMNS):
        return CSVRow(
            line, name=cells[0][:120], faults=[f"{len(cells)} columns instead of name,email,team,role."]
        )
    name, email, team, role = (*cells, "", "", "", "")[:4]
    return CSVRow(line, name[:120], email.lower(), team.lower(), role.lower() or TeamRole.RESPONDER)


def _known(actor: Actor, rows: list[CSVRow]) -> _Known:
    slugs = {row.team for row in rows if row.team}
    emails = {row.email for row in rows if row.email}
    teams = Team.objects.visible_to(actor).filter(slug__in=slugs).values_list("slug", "pk", "name")
    people = User.objects.filter(email__in=emails).values_list("email", "pk", "is_active")
    members = Membership.objects.filter(user__email__in=emails, team__slug__in=slugs)
    return _Known(
        teams={slug: (pk, name) for slug, pk, name in teams},
        people={email: (pk, active) for email, pk, active in people},
        members=frozenset(members.values_list("user_id", "team_id")),
    )


def _check(actor: Actor, row: CSVRow, known: _Known) -> None:
    if row.faults:
        return
    try:
        validate_email(row.email)
    except ValidationError:
        row.faults.append(f"“{row.email}” is not an e-mail address.")
    if row.role not in TeamRole.values:
        row.faults.append(f"“{row.role}” is not a role: manager, responder or observer.")
    _check_team(actor, row, known)
    user_id, active = known.people.get(row.email, (None, True))
    if user_id is None:
        return
    if not active:
        row.faults.append("This person is deactivated.")
    elif row.team_id is None or (user_id, row.team_id) in known.members:
        row.faults.append("This person is there already.")


def _check_team(actor: Actor, row: CSVRow, known: _Known) -> None:
    if not row.team:
        if not allows(actor, "invite person"):
            row.faults.append("Name one of your teams.")
        return
    found = known.teams.get(row.team)
    if found is None:
        row.faults.append(f"There is no team “{row.team}”.")
    elif not allows(actor, "invite to team", team_id=found[0]):
        row.faults.append(f"You do not manage “{row.team}”.")
    else:
        row.team_id = found[0]

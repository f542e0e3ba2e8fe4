"""Many customer contacts at once, from a table or the API: first every row's faults, then all or nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from core.errors import InvalidInput, field_error
from core.text import clean, one_line
from incidents.actions.customers import require_change
from incidents.models import CustomerContact
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor

MOST_ROWS = 10_000
MOST_BYTES = 2 * 1024 * 1024
COLUMNS = ("email", "name", "company", "segment", "language", "services")
_LIMITS = {"email": 254, "name": 150, "company": 150, "segment": 60, "language": 10}
# What a spreadsheet would run when the table is opened there again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class ContactRow:
    """One line as read. `services` are slugs; `what` is new, changed or same; `faults` are sentences."""

    line: int
    email: str = ""
    name: str = ""
    company: str = ""
    segment: str = ""
    language: str = ""
    services: list[str] = field(default_factory=list)
    what: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """Every row, and how many are new, changed, the same and faulty."""

    rows: list[ContactRow]

    @property
    def faulty(self) -> list[ContactRow]:
        return [row for row in self.rows if row.faults]

    def count(self, what: str) -> int:
        return sum(row.what == what for row in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "created": self.count("new"),
            "updated": self.count("changed"),
            "unchanged": self.count("same"),
        }


def plan_csv(*, actor: Actor, text: str) -> Plan:
    """What the table would do; writes nothing. `InvalidInput` on `file` for what is no such table at all."""
    require_change(actor)
    return plan_rows(actor=actor, rows=_read(text))


def plan_rows(*, actor: Actor, rows: Sequence[ContactRow]) -> Plan:
    """Check rows against each other and what is there. Three statements."""
    require_change(actor)
    slugs = dict(Service.objects.visible_to(actor).values_list("slug", "pk"))
    held = {row.email: row for row in _stored({row.email.strip().lower() for row in rows})}
    seen: dict[str, int] = {}
    for row in rows:
        _check(row, slugs)
        if row.email in seen:
            row.faults.append(f"The same address stands in line {seen[row.email]}.")
        seen.setdefault(row.email, row.line)
        if not row.faults:
            row.what = _what(row, held.get(row.email), slugs)
    return Plan(list(rows))


def apply_csv(*, actor: Actor, text: str) -> Plan:
    """Store the whole table, or nothing when a row has a fault."""
    return apply_rows(actor=actor, rows=_read(text))


def apply_rows(*, actor: Actor, rows: Sequence[ContactRow]) -> Plan:
    """Contacts are known by their address: new ones are made, others get what the row says."""
    require_change(actor)
    with transaction.atomic():
        plan = plan_rows(actor=actor, rows=rows)
        if plan.faulty:
            reasons = [f"Line {row.line}: {row.faults[0]}" for row in plan.faulty[:20]]
            raise InvalidInput("Nothing was stored: some rows have faults.", fields={"file": reasons})
        _store(actor, [row for row in plan.rows if row.what in ("new", "changed")])
        record(
            actor=actor,
            verb="imported",
            obj_type="customer contact",
            obj_id="",
            label=f"{len(plan.rows)} rows",
            data=plan.counts,
        )
    return plan


def _read(text: str) -> list[ContactRow]:
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise field_error("file", "At most 2 MB.")
    reader = csv.reader(io.StringIO(clean(text.lstrip("\ufeff"))), strict=True, skipinitialspace=True)
    rows: list[ContactRow] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not rows and tuple(cell.strip().lower() for cell in cells) == COLUMNS:
                continue
            if len(rows) == MOST_ROWS:
                raise field_error("file", f"At most {MOST_ROWS:,} rows at once.")
            rows.append(_row(reader.line_num, cells))
    except csv.Error as error:
        raise field_error("file", f"Line {reader.line_num} is not valid CSV: {error}.") from None
    if not rows:
        raise field_error("file", f"There are no rows: each needs {','.join(COLUMNS)}.")
    return rows


def _row(line: int, cells: list[str]) -> ContactRow:
    if len(cells) > len(COLUMNS):
        fault = f"{len(cells)} columns instead of {','.join(COLUMNS)}."
        return ContactRow(line, email=cells[0][:254].strip().lower(), faults=[fault])
    email, name, company, segment, language, services = (*cells, *("",) * 6)[:6]
    return ContactRow(line, email, name, company, segment, language, services.replace(";", " ").split())


def _check(row: ContactRow, slugs: dict[str, int]) -> None:
    """Put the row into shape and note what is wrong with it."""
    if row.faults:
        return
    for name, limit in _LIMITS.items():
        value = str(getattr(row, name))
        if value.lstrip(" ").startswith(_FORMULA):
            row.faults.append(f"{name} begins with “{value.lstrip(' ')[:1].strip() or 'a tab'}”: a formula?")
        value = one_line(value, 10_000)
        if len(value) > limit:
            row.faults.append(f"{name} is longer than {limit} characters.")
        setattr(row, name, value[:limit])
    row.email = row.email.lower()
    try:
        validate_email(row.email)
    except ValidationError:
        row.faults.append(f"“{row.email[:100]}” is not an e-mail address.")
    unknown = [slug for slug in row.services if slug not in slugs]
    if unknown:
        row.faults.append(f"There is no service “{unknown[0][:60]}”.")
    row.services = sorted(set(row.services))


def _stored(emails: set[str]) -> list[CustomerContact]:
    return list(CustomerContact.objects.filter(email__in=emails).prefetch_related("services"))


def _what(row: ContactRow, held: CustomerContact | None, slugs: dict[str, int]) -> str:
    if held is None:
        return "new"
    same = all(
        getattr(row, name) == getattr(held, name) for name in ("name", "company", "segment", "language")
    )
    known = sorted(service.slug for service in held.services.all() if service.slug in slugs)
    same = same and row.services == known
    return "same" if same else "changed"


def _store(actor: Actor, rows: Sequence[ContactRow]) -> None:
    """Services the actor cannot see stay with the contacts as they are."""
    texts = ["name", "company", "segment", "language"]
    CustomerContact.objects.bulk_create(
        [CustomerContact(email=row.email, **{name: getattr(row, name) for name in texts}) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=texts,
        batch_size=1000,
    )
    emails = [row.email for row in rows]
    ids = dict(CustomerContact.objects.filter(email__in=emails).values_list("email", "pk"))
    slugs = dict(Service.objects.visible_to(actor).values_list("slug", "pk"))
    through = CustomerContact.services.through
    through.objects.filter(customercontact_id__in=ids.values(), service_id__in=slugs.values()).delete()
    through.objects.bulk_create(
        [
            through(customercontact_id=ids[row.email], service_id=slugs[slug])
            for row in rows
            for slug in row.services
        ],
        batch_size=1000,
    )

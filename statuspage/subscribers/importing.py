"""Many subscribers at once, from a table: first what it would do with every line's faults, then all or nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from core import clock
from core.crypto import seal, unseal
from core.errors import InvalidInput, field_error
from core.text import clean
from core.wakeup import wake
from incidents.exports import safe_cell
from notifications.actions.webhooks import new_secret
from statuspage.actions.common import audit
from statuspage.actions.subscribers import language_of, managed_page
from statuspage.choices import SubscriberKind, SubscriberState
from statuspage.models import StatusPage, Subscriber, SubscriberMessage
from statuspage.subscribers.addresses import MAX_ADDRESS, checked, digest_of
from teams.actor import Actor

MAX_ROWS = 20_000
MAX_BYTES = 5 * 1024 * 1024
COLUMNS = ("address", "kind", "components", "language", "state")
# What an export puts before an address that a spreadsheet would take for a formula.
_HARMLESS = re.compile(r"^'(?=[=+@-])")
_ALSO = {"email": "address", "e-mail": "address", "mode": "kind"}


@dataclass
class Row:
    """One line as read. `what`: active, asked, known, or "" with `faults`. `components` are public ids."""

    line: int
    address: str = ""
    kind: str = SubscriberKind.EMAIL
    components: list[str] = field(default_factory=list)
    language: str = ""
    state: str = ""
    digest: str = ""
    what: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """Every line, and how many become active, are asked first, are there already."""

    rows: list[Row]

    @property
    def faulty(self) -> list[Row]:
        return [row for row in self.rows if row.faults]

    @property
    def counts(self) -> dict[str, Any]:
        names = ("active", "asked", "known")
        return {name: sum(row.what == name for row in self.rows) for name in names}


def plan_import(*, actor: Actor, page_id: int, text: str, agreed: bool) -> Plan:
    """What the table would do; writes nothing. `InvalidInput` on `file` for what is no such table at all.

    A number of statements that does not grow with the table.
    """
    page = managed_page(actor, page_id)
    rows = _read(text)
    names = _component_names(page)
    seen: dict[str, int] = {}
    for row in rows:
        _check(row, page, names)
        if row.faults:
            continue
        if row.digest in seen:
            row.faults.append(f"The same address stands in line {seen[row.digest]}.")
        seen.setdefault(row.digest, row.line)
    held = _held(page, rows)
    for row in rows:
        if not row.faults:
            row.what = _what(row, held.get(row.digest), agreed)
    return Plan(rows)


def apply_import(
    *, actor: Actor, page_id: int, text: str, agreed: bool, now: dt.datetime | None = None
) -> Plan:
    """Store the whole table, or nothing when a line has a fault. Who is subscribed already stays as they are.

    `agreed`: mail addresses are active at once, except those that have unsubscribed; else all are asked. Audited
    with the counts alone.
    """
    now = now or clock.now()
    with transaction.atomic():
        plan = plan_import(actor=actor, page_id=page_id, text=text, agreed=agreed)
        if plan.faulty:
            reasons = [f"Line {row.line}: {row.faults[0]}" for row in plan.faulty[:20]]
            raise InvalidInput("Nothing was stored: some lines have faults.", fields={"file": reasons})
        page = managed_page(actor, page_id)
        _store(page, [row for row in plan.rows if row.what in ("active", "asked")], now)
        audit(actor, "subscribers imported", page, agreed=agreed, **plan.counts)
    return plan


def export(*, actor: Actor, page_id: int) -> Iterator[str]:
    """The page's subscribers as CSV, line by line, in the shape the import reads. Managers; audited."""
    page = managed_page(actor, page_id)
    audit(actor, "subscribers exported", page)
    return _lines(page)


def _lines(page: StatusPage) -> Iterator[str]:
    yield "\ufeff" + _line(("address", "kind", "components", "language", "state", "since"))
    # Whoever follows one notice alone would come back as a follower of the whole page.
    rows = Subscriber.objects.filter(page=page, notice=None).order_by("pk").prefetch_related("components")
    for row in rows.iterator(chunk_size=1000):
        parts = ";".join(part.public_id for part in row.components.all())
        since = row.confirmed_at or row.created_at
        yield _line((unseal(row.address), row.kind, parts, row.language, row.state, since.isoformat()))


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def _read(text: str) -> list[Row]:
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise field_error("file", "At most 5 MB.")
    reader = csv.reader(io.StringIO(clean(text.lstrip("\ufeff"))), strict=True, skipinitialspace=True)
    places: list[str] = []
    rows: list[Row] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not places:
                places = _places(cells)
                continue
            if len(rows) == MAX_ROWS:
                raise field_error("file", f"At most {MAX_ROWS:,} lines at once.")
            rows.append(_row(reader.line_num, cells, places))
    except csv.Error as error:
        raise field_error("file", f"Line {reader.line_num} is not valid CSV: {error}.") from None
    if not rows:
        raise field_error("file", "There are no lines below the names of the columns.")
    return rows


def _places(cells: Sequence[str]) -> list[str]:
    """Which column is what; columns of other names are passed over."""
    names = [cell.strip().lower() for cell in cells]
    places = [_ALSO.get(name, name) for name in names]
    if places.count("address") != 1:
        raise field_error(
            "file", "The first line must name the columns; one of them is “email” or “address”."
        )
    return [name if name in COLUMNS else "" for name in places]


def _row(line: int, cells: Sequence[str], places: Sequence[str]) -> Row:
    if len(cells) > len(places):
        return Row(line, faults=[f"{len(cells)} cells in a table of {len(places)} columns."])
    given = {name: cell.strip() for name, cell in zip(places, cells, strict=False) if name}
    return Row(
        line,
        address=_HARMLESS.sub("", given.get("address", ""))[: MAX_ADDRESS + 1],
        kind=given.get("kind", "").lower() or SubscriberKind.EMAIL,
        components=[part.strip() for part in given.get("components", "").split(";") if part.strip()],
        language=given.get("language", "").lower(),
        state=given.get("state", "").lower(),
    )


def _component_names(page: StatusPage) -> dict[str, str]:
    """Name in small letters or public id → public id."""
    rows = list(page.components.values_list("public_id", "name"))
    return {**{name.lower(): key for key, name in rows}, **{key: key for key, _name in rows}}


def _check(row: Row, page: StatusPage, names: dict[str, str]) -> None:
    """Put the line into shape and note what is wrong with it."""
    if row.faults:
        return
    if row.kind not in SubscriberKind.values:
        row.faults.append(f"“{row.kind[:40]}” is none of {', '.join(SubscriberKind.values)}.")
        return
    try:
        row.address = checked(row.kind, row.address)
    except InvalidInput as error:
        row.faults.append(error.sentence)
        return
    row.digest = digest_of(row.kind, row.address)
    unknown = [part for part in row.components if part.lower() not in names]
    if unknown:
        row.faults.append(f"There is no component “{unknown[0][:60]}” on this page.")
    row.components = sorted({names[part.lower()] for part in row.components if part.lower() in names})
    if row.language and row.language not in page.languages:
        row.faults.append(f"The page has no language “{row.language[:10]}”.")


def _held(page: StatusPage, rows: Sequence[Row]) -> dict[str, str]:
    """Digest → state of the addresses that are there already."""
    digests = [row.digest for row in rows if row.digest]
    found = Subscriber.objects.filter(page=page, notice__isnull=True, address_digest__in=digests)
    return dict(found.values_list("address_digest", "state"))


def _what(row: Row, state: str | None, agreed: bool) -> str:
    if state is not None and state != SubscriberState.ENDED:
        return "known"
    if row.kind != SubscriberKind.EMAIL:
        return "active"
    # Who had not agreed, or no longer did, where the table comes from has not agreed here.
    agreed = agreed and row.state in ("", SubscriberState.ACTIVE)
    return "active" if agreed and state is None else "asked"


def _store(page: StatusPage, rows: Sequence[Row], now: dt.datetime) -> None:
    asked = {row.digest for row in rows if row.what == "asked"}
    fields = ["state", "language", "asked_at", "confirmed_at", "ended_at", "secret", "failures", "last_error"]
    Subscriber.objects.bulk_create(
        [_subscriber(page, row, now) for row in rows],
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["page", "kind", "address_digest", "notice"],
        update_fields=fields,
    )
    digests = [row.digest for row in rows]
    found = Subscriber.objects.filter(page=page, notice__isnull=True, address_digest__in=digests)
    ids = dict(found.values_list("address_digest", "pk"))
    keys = dict(page.components.values_list("public_id", "pk"))
    through = Subscriber.components.through
    through.objects.filter(subscriber_id__in=ids.values()).delete()
    through.objects.bulk_create(
        [
            through(subscriber_id=ids[row.digest], component_id=keys[part])
            for row in rows
            for part in row.components
        ],
        batch_size=5000,
    )
    questions = [SubscriberMessage(subscriber_id=ids[d], next_at=now, created_at=now) for d in asked]
    SubscriberMessage.objects.bulk_create(questions, batch_size=5000)
    if questions:
        wake("statuspage.send")


def _subscriber(page: StatusPage, row: Row, now: dt.datetime) -> Subscriber:
    active = row.what == "active"
    return Subscriber(
        page=page,
        kind=row.kind,
        address=seal(row.address),
        address_digest=row.digest,
        secret=seal(new_secret()) if row.kind == SubscriberKind.WEBHOOK else "",
        state=SubscriberState.ACTIVE if active else SubscriberState.PENDING,
        language=language_of(page, row.language),
        source="import",
        created_at=now,
        asked_at=now,
        confirmed_at=now if active else None,
    )

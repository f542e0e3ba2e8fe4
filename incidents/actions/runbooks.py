"""Runbooks: written, published, attached to what they are for, reviewed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from core import clock
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from incidents.actions.common import required_text
from incidents.hooks import checked_matcher
from incidents.models import IncidentType, Runbook, RunbookService, RunbookVersion
from incidents.models.runbooks import MAX_REVIEW_DAYS
from incidents.runbooks.document import MAX_BODY, MAX_STEPS, steps_of
from incidents.runbooks.variables import unknown, used
from services.models import Service
from teams.actions.audit import record as audit
from teams.actor import Actor
from teams.choices import Scope
from teams.models import Membership, User

HEADER = ("name", "purpose", "owner_id", "active", "review_every_days", "matchers")
MAX_MATCHERS = 20
MAX_SERVICES = 200
_REFUSED = "Managers write their team's runbooks, admins the organisation's."


def create_runbook(
    *,
    actor: Actor,
    team_id: int | None,
    name: str,
    body: str | None = None,
    note: str = "",
    now: dt.datetime | None = None,
    **fields: Any,
) -> Runbook:
    """A runbook of a team (its managers) or of the organisation (admins); with `body` also version 1.

    `fields`: those of `HEADER`, `service_ids`, `type_ids`.
    """
    if not actor.manages(team_id):
        raise NotAllowed(_REFUSED)
    now = now or clock.now()
    runbook = Runbook(team_id=team_id, created_at=now)
    with transaction.atomic():
        _set(runbook, actor, {**fields, "name": name})
        _audit(actor, "created", runbook)
        if body is not None:
            publish_runbook(actor=actor, runbook_id=runbook.pk, body=body, note=note, now=now)
            runbook.refresh_from_db()
    return runbook


def edit_runbook(*, actor: Actor, runbook_id: int, **fields: Any) -> Runbook:
    """Change what is said about it and what it is for; its words change by a new version."""
    with transaction.atomic():
        runbook = manageable_runbook(actor, runbook_id)
        if _set(runbook, actor, fields):
            _audit(actor, "changed", runbook)
    return runbook


def publish_runbook(
    *,
    actor: Actor,
    runbook_id: int,
    body: str,
    note: str = "",
    base: int | None = None,
    now: dt.datetime | None = None,
) -> RunbookVersion:
    """Publish a text as the next version; the same text again changes nothing. What runs keeps its own.

    `InvalidInput` about `body` for an empty or too long one, and for variables there are not. `base`: the number of
    the version the writer began from; Conflict `changed_meanwhile` when it is no longer the newest.
    """
    now = now or clock.now()
    body = checked_body(body)
    with transaction.atomic():
        runbook = manageable_runbook(actor, runbook_id)
        steps = steps_of(body)
        if len(steps) > MAX_STEPS:
            raise field_error("body", f"At most {MAX_STEPS} steps.")
        last = runbook.versions.order_by("-number").first()
        if last is not None and last.body == body:
            return last
        if last is not None and base is not None and base != last.number:
            raise Conflict(
                f"{last.author_label} has published version {last.number} meanwhile. Compare, then save again.",
                code="changed_meanwhile",
            )
        version = RunbookVersion.objects.create(
            runbook=runbook,
            number=last.number + 1 if last else 1,
            body=body,
            steps=[{"key": step.key, "text": step.text} for step in steps],
            note=one_line(note, 300),
            author_id=actor.user_id,
            author_label=actor.label[:200],
            published_at=now,
        )
        runbook.version, runbook.published_at = version.number, now
        _save(runbook, "version", "published_at")
        _audit(actor, "published", runbook, version=version.number, steps=len(steps))
    return version


def restore_runbook(
    *, actor: Actor, runbook_id: int, number: int, now: dt.datetime | None = None
) -> RunbookVersion:
    """Publish the text of an earlier version anew."""
    with transaction.atomic():
        runbook = manageable_runbook(actor, runbook_id)
        version = runbook.versions.filter(number=number).first()
        if version is None:
            raise field_error("version", "There is no such version.")
        return publish_runbook(
            actor=actor, runbook_id=runbook.pk, body=version.body, note=f"As version {number}", now=now
        )


def review_runbook(*, actor: Actor, runbook_id: int, now: dt.datetime | None = None) -> Runbook:
    """Somebody of its team, its owner or an admin has read it and it is right."""
    now = now or clock.now()
    with transaction.atomic():
        runbook = _locked(actor, runbook_id)
        if not may_review(actor, runbook):
            raise NotAllowed("Its owner and responders of its team review a runbook.")
        if not runbook.version:
            raise Conflict("This runbook has no text yet.", code="no_version")
        runbook.last_reviewed_at, runbook.last_reviewed_by_id = now, actor.user_id
        _save(runbook, "last_reviewed_at", "last_reviewed_by")
        _audit(actor, "reviewed", runbook, version=runbook.version)
    return runbook


def may_review(actor: Actor, runbook: Runbook) -> bool:
    """Whether the actor may say that a runbook they see is right."""
    if actor.responds(runbook.team_id):
        return True
    owns = runbook.owner_id is not None and runbook.owner_id == actor.user_id
    return owns and Scope.RESPOND in actor.scopes and actor.bound_team_id in (None, runbook.team_id)


def runbooks_of(user_id: int) -> QuerySet[Runbook]:
    """The runbooks in use that somebody owns."""
    return Runbook.objects.filter(owner_id=user_id, active=True)


def hand_over_runbooks(*, actor: Actor, user_id: int, successor_id: int) -> None:
    """The successor owns them from now on, in the caller's transaction; the caller has checked the right."""
    for runbook in list(runbooks_of(user_id).select_for_update(of=("self",), no_key=True)):
        runbook.owner_id = successor_id
        runbook.save(update_fields=["owner"])
        _audit(actor, "handed over", runbook)


def checked_body(body: str) -> str:
    """A text as it is stored; `InvalidInput` about `body` when it cannot be."""
    body = clean(body.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not body:
        raise field_error("body", "Write what is to be done.")
    if len(body) > MAX_BODY:
        raise field_error("body", f"At most {MAX_BODY:,} characters.")
    wrong = unknown(used(body))
    if wrong:
        names = ", ".join(f"{{{{ {name[:60]} }}}}" for name in wrong[:10])
        raise field_error(
            "body",
            f"No such variable: {names}. Write a backslash before the braces to show them as they are.",
        )
    return body


def manageable_runbook(actor: Actor, runbook_id: int) -> Runbook:
    """The locked runbook; NotVisible or NotAllowed when refused."""
    runbook = _locked(actor, runbook_id)
    if not actor.manages(runbook.team_id):
        raise NotAllowed(_REFUSED)
    return runbook


def _locked(actor: Actor, runbook_id: int) -> Runbook:
    rows = Runbook.objects.all() if actor.is_system else Runbook.objects.visible_to(actor)
    runbook: Runbook | None = rows.select_for_update(of=("self",), no_key=True).filter(pk=runbook_id).first()
    if runbook is None:
        raise NotVisible
    return runbook


def _set(runbook: Runbook, actor: Actor, fields: dict[str, Any]) -> bool:
    """Check and store; whether anything changed."""
    new = runbook.pk is None
    before = {name: getattr(runbook, name) for name in HEADER}
    service_ids, type_ids = fields.pop("service_ids", None), fields.pop("type_ids", None)
    for name, value in fields.items():
        if name not in HEADER:
            raise field_error(name, "There is no such field.")
        setattr(runbook, name, value)
    runbook.name = one_line(required_text("name", runbook.name or "", 120), 120)
    runbook.purpose = one_line(runbook.purpose or "", 300)
    if not 0 <= runbook.review_every_days <= MAX_REVIEW_DAYS:
        raise field_error("review_every_days", f"From 0 (never) to {MAX_REVIEW_DAYS} days.")
    if new or runbook.owner_id != before["owner_id"]:
        _check_owner(runbook)
    if new or runbook.matchers != before["matchers"]:
        runbook.matchers = checked_matchers(runbook.matchers)
    changed = new or before != {name: getattr(runbook, name) for name in HEADER}
    if changed:
        _save(runbook)
    moved = service_ids is not None and _attach(runbook, actor, service_ids)
    typed = type_ids is not None and _for_types(runbook, type_ids)
    return changed or moved or typed


def _save(runbook: Runbook, *fields: str) -> None:
    """Store the named fields, all without, and when its next review is due."""
    checked, days = runbook.checked_at, runbook.review_every_days
    runbook.review_due_at = checked + dt.timedelta(days=days) if checked and days else None
    runbook.save(update_fields=[*fields, "review_due_at"] if fields else None)


def checked_matchers(lines: Sequence[str]) -> list[str]:
    """Lines of conditions as they are stored; `InvalidInput` about `matchers` naming the line that is wrong."""
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise field_error("matchers", "A list of lines.")
    if len(lines) > MAX_MATCHERS:
        raise field_error("matchers", f"At most {MAX_MATCHERS} lines.")
    found = []
    for line in lines:
        try:
            found.append(checked_matcher(clean(line).strip()))
        except InvalidInput as error:
            raise field_error("matchers", f"“{line[:60]}”: {error.sentence}") from None
    return list(dict.fromkeys(found))


def _check_owner(runbook: Runbook) -> None:
    if runbook.owner_id is None:
        return
    people = User.objects.filter(pk=runbook.owner_id, is_active=True)
    if runbook.team_id is not None:
        inside = Membership.objects.filter(team_id=runbook.team_id).values("user_id")
        people = people.filter(pk__in=inside)
    if not people.exists():
        raise field_error("owner", "Somebody who belongs to its team.")


def _attach(runbook: Runbook, actor: Actor, service_ids: Collection[int]) -> bool:
    """Set the services it is for; those the actor does not see stay as they are."""
    wanted = set(service_ids)
    if len(wanted) > MAX_SERVICES:
        raise field_error("services", f"At most {MAX_SERVICES} services.")
    rows = RunbookService.objects.filter(runbook=runbook)
    held = set(rows.values_list("service_id", flat=True))
    visible = Service.objects.all() if actor.is_system else Service.objects.visible_to(actor)
    seen = set(visible.filter(pk__in=wanted | held).values_list("pk", flat=True))
    if wanted - seen:
        raise field_error("services", "There is no such service.")
    gone, new = (held & seen) - wanted, wanted - held
    rows.filter(service_id__in=gone).delete()
    RunbookService.objects.bulk_create(RunbookService(runbook=runbook, service_id=pk) for pk in sorted(new))
    return bool(gone or new)


def _for_types(runbook: Runbook, type_ids: Collection[int]) -> bool:
    wanted = set(type_ids)
    if IncidentType.objects.filter(pk__in=wanted).count() != len(wanted):
        raise field_error("types", "There is no such type.")
    changed = wanted != set(runbook.types.values_list("pk", flat=True))
    if changed:
        runbook.types.set(wanted)
    return changed


def _audit(actor: Actor, verb: str, runbook: Runbook, **data: Any) -> None:
    audit(
        actor=actor,
        verb=verb,
        obj_type="runbook",
        obj_id=runbook.pk,
        label=runbook.name,
        team_id=runbook.team_id,
        data=data,
    )

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible, field_error
from core.text import clean
from incidents.choices import IncidentStatus
from incidents.models import Incident, SeverityLevel, TimelineEntry
from incidents.sentences import sentence
from postmortems.choices import OPEN_ITEMS, PostmortemStatus, SectionKey
from postmortems.models import Postmortem, PostmortemSection
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import User

MAX_SECTION = 100_000
_TIMELINE_ROWS = 200
_NEXT: dict[str, tuple[str, ...]] = {
    PostmortemStatus.DRAFT: (PostmortemStatus.IN_REVIEW,),
    PostmortemStatus.IN_REVIEW: (PostmortemStatus.DRAFT, PostmortemStatus.REVIEWED),
    PostmortemStatus.REVIEWED: (PostmortemStatus.IN_REVIEW, PostmortemStatus.PUBLISHED),
    PostmortemStatus.PUBLISHED: (PostmortemStatus.CLOSED, PostmortemStatus.IN_REVIEW),
    PostmortemStatus.CLOSED: (),
}


def start_postmortem(
    *, actor: Actor, incident_number: int, owner_id: int | None = None, now: dt.datetime | None = None
) -> Postmortem:
    """Start the document of a resolved incident, filled with what the record already knows.

    Whoever may respond to the incident may start it. One per incident: starting again returns it.
    The owner is the commander unless named or gone; due by the severity's rule.
    """
    now = now or clock.now()
    incident = Incident.objects.visible_to(actor).filter(number=incident_number).first()
    if incident is None:
        raise field_error("incident", "There is no such incident.")
    if not Incident.objects.allowing(actor, "edit_entry").filter(pk=incident.pk).exists():
        raise NotAllowed("Only those who respond to the incident can start its postmortem.")
    existing = Postmortem.objects.filter(incident=incident).first()
    if existing is not None:
        return existing  # type: ignore[no-any-return]
    if incident.status not in (IncidentStatus.RESOLVED, IncidentStatus.IN_REVIEW, IncidentStatus.CLOSED):
        raise Conflict(
            "Resolve the incident first; its postmortem starts from the record.", code="not_resolved"
        )
    commander = incident.commander
    owner = owner_id or (commander.pk if commander and commander.is_active else actor.user_id)
    if owner_id is not None and not User.objects.filter(pk=owner_id, is_active=True).exists():
        raise field_error("owner", "There is no active person with this id.")
    with transaction.atomic():
        postmortem, created = Postmortem.objects.get_or_create(
            incident=incident,
            defaults={
                "owner_id": owner,
                "due_at": _due(incident, now),
                "created_by_id": actor.user_id,
                "created_at": now,
            },
        )
        if created:
            _fill(postmortem, incident, actor, now)
            _audit(actor, "started", postmortem)
    return postmortem


def edit_section(
    *,
    actor: Actor,
    postmortem_id: int,
    key: str,
    text: str,
    version: int | None = None,
    now: dt.datetime | None = None,
) -> PostmortemSection:
    """Write a section. `version`: the one the writer read; `Conflict` when somebody wrote since, with
    nothing lost on either side. Closed documents take no more words."""
    now = now or clock.now()
    text = clean(text)
    if len(text) > MAX_SECTION:
        raise field_error("text", f"At most {MAX_SECTION:,} characters.")
    if key not in SectionKey.values:
        raise field_error("key", f"One of {', '.join(SectionKey.values)}.")
    with transaction.atomic():
        postmortem = locked(actor, postmortem_id)
        if postmortem.status == PostmortemStatus.CLOSED:
            raise Conflict("This postmortem is closed.", code="closed")
        section = PostmortemSection.objects.get(postmortem=postmortem, key=key)
        if version is not None and version != section.version:
            raise Conflict(
                "Somebody has changed this section meanwhile. Your words are still in the field; "
                "compare and save again.",
                code="edited_meanwhile",
            )
        if section.text != text:
            section.text, section.version = text, section.version + 1
            section.author_id, section.updated_at = actor.user_id, now
            section.save(update_fields=["text", "version", "author", "updated_at"])
    return section


def set_status(
    *, actor: Actor, postmortem_id: int, status: str, now: dt.datetime | None = None
) -> Postmortem:
    """Move the document on: draft → in review → reviewed → published → closed, or back to review.

    In review needs a summary and the why; closed needs every action item closed or owned with a date.
    """
    now = now or clock.now()
    if status not in PostmortemStatus.values:
        raise field_error("status", f"One of {', '.join(PostmortemStatus.values)}.")
    with transaction.atomic():
        postmortem = locked(actor, postmortem_id)
        if postmortem.status == status:
            return postmortem
        if status not in _NEXT[postmortem.status]:
            old = postmortem.get_status_display().lower()
            raise Conflict(
                f"A postmortem cannot go from {old} to {PostmortemStatus(status).label.lower()}.",
                code="forbidden_transition",
            )
        if status == PostmortemStatus.IN_REVIEW:
            _check_written(postmortem)
        if (
            status == PostmortemStatus.CLOSED
            and postmortem.action_items.filter(status__in=OPEN_ITEMS).exists()
        ):
            raise Conflict("Some action items are still open.", code="items_open")
        postmortem.status = status
        if status == PostmortemStatus.PUBLISHED:
            postmortem.published_at = now
        postmortem.save(update_fields=["status", "published_at"])
        _audit(actor, status, postmortem)
    return postmortem


def locked(actor: Actor, postmortem_id: int) -> Postmortem:
    """The postmortem, locked, if the actor may write it; NotVisible or NotAllowed otherwise."""
    rows = Postmortem.objects.allowing(actor).select_for_update(of=("self",), no_key=True)
    postmortem: Postmortem | None = rows.filter(pk=postmortem_id).first()
    if postmortem is None:
        if Postmortem.objects.visible_to(actor).filter(pk=postmortem_id).exists():
            raise NotAllowed("Only those who respond to the incident can write its postmortem.")
        raise NotVisible
    return postmortem


def _check_written(postmortem: Postmortem) -> None:
    rows = dict(postmortem.sections.values_list("key", "text"))
    missing = {
        str(key): ["Write this before the review."]
        for key in (SectionKey.SUMMARY, SectionKey.CAUSES)
        if not rows.get(key, "").strip()
    }
    if missing:
        raise InvalidInput("Summary and causes must be written before the review.", fields=missing)


def _due(incident: Incident, now: dt.datetime) -> dt.datetime | None:
    """By the severity's rule: so many days, or working days (Monday to Friday)."""
    level: SeverityLevel | None = incident.severity
    if level is None or level.postmortem_days is None:
        return None
    due, left = now, level.postmortem_days
    while left:
        due += dt.timedelta(days=1)
        if not level.postmortem_working_days or due.weekday() < 5:
            left -= 1
    return due


def _fill(postmortem: Postmortem, incident: Incident, actor: Actor, now: dt.datetime) -> None:
    texts = {
        SectionKey.IMPACT: _impact(incident),
        SectionKey.TIMELINE: _timeline(incident),
        SectionKey.RESPONSE: _response(incident),
    }
    PostmortemSection.objects.bulk_create(
        PostmortemSection(
            postmortem=postmortem,
            key=key,
            text=texts.get(SectionKey(key), ""),
            author_id=actor.user_id,
            updated_at=now,
        )
        for key in SectionKey.values
    )


def _impact(incident: Incident) -> str:
    lines = [incident.impact] if incident.impact else []
    services = ", ".join(row.service.name for row in incident.service_rows.select_related("service"))
    if services:
        lines.append(f"Affected services: {services}.")
    if incident.mitigated_at:
        minutes = round((incident.mitigated_at - incident.started_at).total_seconds() / 60)
        lines.append(f"From start to mitigation: {minutes} minutes.")
    return "\n\n".join(lines)


def _timeline(incident: Incident) -> str:
    """Starred rows, or all when none is starred; people appear by role (blameless)."""
    rows = TimelineEntry.objects.filter(incident=incident, redacted_at__isnull=True).order_by(
        "happened_at", "seq"
    )
    starred = rows.filter(starred=True)
    chosen = (starred if starred.exists() else rows)[:_TIMELINE_ROWS]
    lines = []
    for row in chosen:
        words = " — ".join(part for part in (sentence(row), " ".join(row.text.split())) if part)
        lines.append(f"- {row.happened_at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC: {words}")
    return "\n".join(lines)


def _response(incident: Incident) -> str:
    began = incident.detected_at or incident.created_at
    pairs = (
        ("Acknowledged", incident.acknowledged_at),
        ("Commander assigned", incident.commander_assigned_at),
        ("First public update", incident.first_public_update_at),
        ("Cause known", incident.cause_known_at),
        ("Mitigated", incident.mitigated_at),
        ("Resolved", incident.resolved_at),
    )
    lines = [f"Detected {began.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC."]
    lines += [
        f"- {name}: {round((at - began).total_seconds() / 60)} min after detection"
        for name, at in pairs
        if at
    ]
    return "\n".join(lines)


def _audit(actor: Actor, verb: str, postmortem: Postmortem) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="postmortem",
        obj_id=postmortem.pk,
        label=str(postmortem),
        team_id=postmortem.incident.team_id,
    )

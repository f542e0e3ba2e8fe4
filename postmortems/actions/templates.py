"""Templates of documents, and who looks after a team's postmortems by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from core import clock
from core.errors import InvalidInput, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from incidents import wording
from postmortems.choices import Part, SectionKey
from postmortems.models import DefaultAttendee, PostmortemTemplate, ReviewDefaults
from postmortems.writing.templating import RECORD
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team, User

MAX_SECTION = 20_000
MAX_APPROVALS = 10
MAX_ATTENDEES = 30
_FIELDS = ("name", "team_id", "type_id", "sections", "active")
_PEOPLE = ("organiser", "organiser_backup", "process_owner", "process_owner_backup")


def save_template(*, actor: Actor, template_id: int | None = None, **values: Any) -> PostmortemTemplate:
    """Make a template, or change the named fields of one: name, team_id (None: everybody's), type_id, sections
    (key → markdown with variables), active. Managers for their team, admins for all."""
    unknown = set(values) - set(_FIELDS)
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    with transaction.atomic():
        row = _load(actor, template_id) if template_id is not None else PostmortemTemplate()
        team_before = row.team_id
        for name, value in values.items():
            setattr(row, name, value)
        if template_id is None or row.team_id != team_before:
            _require(actor, row.team_id)
        _check(row)
        row.updated_at, row.updated_by_id = clock.now(), actor.user_id
        row.save()
        _record(actor, "changed" if template_id else "created", row)
    return row


def delete_template(*, actor: Actor, template_id: int) -> None:
    """Documents that were started from it stay as they are."""
    with transaction.atomic():
        row = _load(actor, template_id)
        _record(actor, "deleted", row)
        row.delete()


def faults_of(text: str) -> list[str]:
    """What is wrong with the words of a section as a template, one sentence each."""
    return wording.faults(text, more=(RECORD,))


def save_defaults(
    *,
    actor: Actor,
    team_id: int,
    attendees: Sequence[tuple[int, str]] | None = None,
    approvals_needed: int | None = None,
    **people: int | None,
) -> ReviewDefaults:
    """Change who looks after a team's postmortems (`organiser`, `process_owner` and their backups: user ids), how many
    approvals they need, and who is proposed for every review: (user id, part). What is not given stays. Managers."""
    unknown = set(people) - set(_PEOPLE)
    if unknown:
        raise TypeError(f"no such people: {sorted(unknown)}")
    with transaction.atomic():
        if not Team.objects.visible_to(actor).filter(pk=team_id).exists():
            raise NotVisible
        _require(actor, team_id)
        row, _made = ReviewDefaults.objects.select_for_update(of=("self",)).get_or_create(team_id=team_id)
        for name, user_id in people.items():
            setattr(row, f"{name}_id", user_id)
        if approvals_needed is not None:
            if not 0 <= approvals_needed <= MAX_APPROVALS:
                raise field_error("approvals_needed", f"Between 0 and {MAX_APPROVALS}.")
            row.approvals_needed = approvals_needed
        _check_people(row, people, attendees or ())
        row.save()
        if attendees is not None:
            _attendees(team_id, attendees)
        record(
            actor=actor,
            verb="changed",
            obj_type="review defaults",
            obj_id=row.pk,
            label=str(row.team),
            team_id=team_id,
        )
    return row


def _attendees(team_id: int, attendees: Sequence[tuple[int, str]]) -> None:
    wanted = dict(attendees)
    DefaultAttendee.objects.filter(team_id=team_id).exclude(user_id__in=wanted).delete()
    for user_id, part in wanted.items():
        DefaultAttendee.objects.update_or_create(team_id=team_id, user_id=user_id, defaults={"part": part})


def _check_people(
    row: ReviewDefaults, people: Mapping[str, int | None], attendees: Sequence[tuple[int, str]]
) -> None:
    ids = {pk for pk in people.values() if pk is not None} | {pk for pk, _part in attendees}
    active = set(User.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True))
    refused = {
        name: ["There is no active person with this id."]
        for name, pk in people.items()
        if pk is not None and pk not in active
    }
    for name in ("organiser", "process_owner"):
        backup = getattr(row, f"{name}_backup_id")
        if backup is not None and backup == getattr(row, f"{name}_id"):
            refused.setdefault(f"{name}_backup", ["The backup is another person."])
    if len(attendees) > MAX_ATTENDEES:
        refused["attendees"] = [f"At most {MAX_ATTENDEES} people."]
    elif any(pk not in active or part not in Part.values for pk, part in attendees):
        refused["attendees"] = ["Only active people, each for a known part."]
    if refused:
        raise InvalidInput(next(iter(refused.values()))[0], fields=refused)


def _load(actor: Actor, template_id: int) -> PostmortemTemplate:
    rows = PostmortemTemplate.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    row: PostmortemTemplate | None = rows.filter(pk=template_id).first()
    if row is None:
        raise NotVisible
    _require(actor, row.team_id)
    return row


def _require(actor: Actor, team_id: int | None) -> None:
    if not actor.manages(team_id):
        whose = "a manager of the team or an admin" if team_id else "an admin"
        raise NotAllowed(f"Only {whose} can change that.")


def _check(row: PostmortemTemplate) -> None:
    row.name = one_line(row.name, 120)
    refused: dict[str, list[str]] = {}
    if not row.name:
        refused["name"] = ["Give it a name."]
    if not isinstance(row.sections, dict):
        raise field_error("sections", "Section key → text.")
    for key, text in row.sections.items():
        if key not in SectionKey.values:
            refused["sections"] = [f"One of {', '.join(SectionKey.values)}."]
        elif not isinstance(text, str) or len(text) > MAX_SECTION:
            refused[f"sections.{key}"] = [f"A text of at most {MAX_SECTION:,} characters."]
        elif faults := faults_of(text):
            refused[f"sections.{key}"] = faults
    if refused:
        raise InvalidInput(next(iter(refused.values()))[0], fields=refused)
    row.sections = {
        key: clean(text.replace("\r\n", "\n")).strip() for key, text in row.sections.items() if text.strip()
    }


def _record(actor: Actor, verb: str, row: PostmortemTemplate) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="postmortem template",
        obj_id=row.pk,
        label=row.name,
        team_id=row.team_id,
    )

"""Templates of documents: which one a new postmortem takes, and what its variables stand for."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from incidents import wording
from incidents.actions.update_templates import values_for
from incidents.models import Incident
from postmortems.choices import SectionKey
from postmortems.models import PostmortemTemplate

RECORD = "record"
VARIABLES = (*wording.VARIABLES, RECORD)


def template_for(incident: Incident) -> PostmortemTemplate | None:
    """The most particular one in use: team and type, team, type, neither; the newest of equals."""
    fits = Q(team__isnull=True) | Q(team_id=incident.team_id)
    fits &= Q(type__isnull=True) | Q(type_id=incident.type_id)
    rows = PostmortemTemplate.objects.filter(fits, active=True)
    ranked = sorted(rows, key=lambda row: (row.team_id is None, row.type_id is None, -row.pk))
    return ranked[0] if ranked else None


def combine(
    template: PostmortemTemplate | None, record: dict[str, str], incident: Incident, now: dt.datetime
) -> dict[str, str]:
    """Section key → text. A template says where the record goes by `{{ record }}`; without it the record follows."""
    if template is None:
        return record
    values = values_for(incident, facts={}, due=None, now=incident.resolved_at or now)
    texts = {}
    for key in SectionKey.values:
        words, known = template.sections.get(key, ""), record.get(key, "")
        if not words.strip():
            texts[key] = known
            continue
        has_place = RECORD in wording.variables_in(words)
        text = wording.fill(words, values | {RECORD: known})
        texts[key] = text if has_place or not known else f"{text}\n\n{known}"
    return texts

"""Reads that cross rooms: the Now page, the feed and search."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from alerts.models import Alert
from incidents.models import Incident
from incidents.selectors import active_by_severity, feed_entries, quiet_since
from incidents.tasklists import my_tasks, role_offers_for
from incidents.words import questions_for, waiting_for
from oncall.live import topics_of
from oncall.models import EscalationRun
from oncall.selectors import (
    OnCallRow,
    awaiting_ack,
    changes_at,
    next_shift,
    on_call_overview,
    requests_for_me,
)
from postmortems.selectors.items import drops_waiting_for, items_for
from postmortems.selectors.review import reviews_waiting_for
from services.selectors import search as search_services
from services.selectors.ownership import offers_for
from statuspage.selectors import words_waiting_for
from teams.actor import Actor
from teams.models import Team, User


def now_context(actor: Actor, now: dt.datetime) -> dict[str, Any]:
    """Everything the Now page shows, for one person."""
    assert actor.user_id is not None
    open_incidents = active_by_severity(actor)
    waiting = waiting_pages(actor)
    on_call = on_call_overview(actor, now)
    today = timezone.localdate(now)
    return {
        "waiting": waiting,
        "approvals": waiting_for(actor),
        "page_words": words_waiting_for(actor),
        "questions": questions_for(actor),
        "shift_requests": requests_for_me(actor, now),
        "items": items_for(actor, today),
        "drops": drops_waiting_for(actor),
        "reviews": reviews_waiting_for(actor),
        "today": today,
        "service_offers": offers_for(actor),
        "role_offers": role_offers_for(actor.user_id, actor),
        "tasks": my_tasks(actor, now),
        "mine": [row for row in open_incidents if row.commander_id == actor.user_id],
        "open": open_incidents,
        "quiet_since": None if open_incidents else quiet_since(actor),
        "on_call": _by_team(on_call),
        "live_topics": topics_of(row.schedule.team for row in on_call),
        "live_until": changes_at(on_call),
        "next_shift": next_shift(actor.user_id, now),
        "feed": feed_entries(actor),
    }


def waiting_pages(actor: Actor) -> list[tuple[EscalationRun, Incident]]:
    """Escalations that have paged the actor and go on, with their incidents."""
    runs = awaiting_ack(actor.user_id or 0)
    numbers = [
        int(run.subject_key.partition(":")[2]) for run in runs if run.subject_key.startswith("incident:")
    ]
    visible = Incident.objects.visible_to(actor).filter(number__in=numbers).select_related("severity")
    rows = {f"incident:{row.number}": row for row in visible}
    found: dict[str, tuple[EscalationRun, Incident]] = {}
    for run in runs:
        if run.subject_key in rows:
            found.setdefault(run.subject_key, (run, rows[run.subject_key]))
    return list(found.values())


def _by_team(rows: list[OnCallRow]) -> list[tuple[Team, list[OnCallRow]]]:
    teams: dict[int, tuple[Team, list[OnCallRow]]] = {}
    for row in rows:
        teams.setdefault(row.schedule.team_id, (row.schedule.team, []))[1].append(row)
    return list(teams.values())


def search(actor: Actor, text: str) -> list[tuple[str, list[dict[str, str]]]]:
    """Groups of hits for the palette: incidents, services, people, teams, alerts."""
    text = text.strip().replace("\x00", "")[:100]
    if not text:
        return []
    groups: list[tuple[str, list[dict[str, str]]]] = [
        (
            "Incidents",
            [
                _hit(str(row), row.get_absolute_url(), "siren", row.get_status_display())
                for row in _incidents(actor, text)
            ],
        ),
        (
            "Services",
            [
                _hit(row.name, row.get_absolute_url(), "server", row.team.name if row.team else "")
                for row in search_services(actor, text)
            ],
        ),
        (
            "Alerts",
            [
                _hit(row.title, row.get_absolute_url(), "bell-ring", row.get_status_display())
                for row in _alerts(actor, text)
            ],
        ),
        ("People", [_hit(row.name, f"/oncall/?person={row.pk}", "user", "") for row in _people(text)]),
    ]
    return [(label, hits) for label, hits in groups if hits]


def _hit(label: str, url: str, icon: str, hint: str) -> dict[str, str]:
    return {"label": label, "url": url, "icon": icon, "hint": str(hint)}


def _incidents(actor: Actor, text: str) -> QuerySet[Incident]:
    condition = Q(title__icontains=text)
    number = text.lstrip("#")
    if number.isdigit() and len(number) < 10:
        condition |= Q(number=int(number))
    return Incident.objects.visible_to(actor).filter(condition).order_by("-number")[:8]


def _alerts(actor: Actor, text: str) -> QuerySet[Alert]:
    return Alert.objects.visible_to(actor).filter(title__icontains=text).order_by("-pk")[:5]


def _people(text: str) -> QuerySet[User]:
    return User.objects.filter(name__icontains=text, is_active=True).order_by("name")[:5]

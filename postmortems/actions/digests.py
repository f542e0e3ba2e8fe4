"""The weekly list of what is overdue, to each lead on the first working morning of their week."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import structlog
from django.db import IntegrityError, transaction

from core import clock
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.items.workdays import people, zone_of
from postmortems.models import ActionItem, LeadDigest
from teams.actor import actor_for
from teams.choices import TeamRole
from teams.models import Membership, User

logger = structlog.get_logger(__name__)
_SHOWN = 50


def send_digests(*, now: dt.datetime | None = None) -> int:
    """One list to each lead and week, of what was overdue on the week's Monday; none when nothing was. Returns how
    many were sent. A week whose Monday was missed is caught up with on its next working morning."""
    now = now or clock.database_now()
    by_team = _teams_with_overdue(now)
    if not by_team:
        return 0
    rows = Membership.objects.filter(team_id__in=by_team, role=TeamRole.MANAGER, user__is_active=True)
    leads = {row.user_id: row.user for row in rows.select_related("user").order_by("user_id")}
    told = set(
        LeadDigest.objects.filter(user_id__in=leads, week__gte=now.date() - dt.timedelta(days=8)).values_list(
            "user_id", "week"
        )
    )
    waiting = {pk: user for pk, user in leads.items() if (pk, _week(user, now)) not in told}
    known = people(waiting.values(), now, ahead=dt.timedelta(days=2)) if waiting else {}
    sent = 0
    for pk, user in waiting.items():
        if not known[pk].at_work(now):
            continue
        try:
            sent += _send(user, now)
        except IntegrityError:
            continue  # another worker was first
        except Exception:
            # One person's digest must not hold up the others; it is tried again in a minute.
            logger.exception("postmortems.digest_failed", user=pk)
    return sent


def _send(user: User, now: dt.datetime) -> int:
    week = _week(user, now)
    with transaction.atomic():
        items = overdue_for(user, week)
        LeadDigest.objects.create(user=user, week=week, items=len(items), sent_at=now)
        if not items:
            return 0
        many = f"{len(items)} action items are overdue" if len(items) > 1 else "1 action item is overdue"
        lines = [_line(item, now.astimezone(zone_of(user)).date()) for item in items[:_SHOWN]]
        if len(items) > _SHOWN:
            lines.append(f"… and {len(items) - _SHOWN} more.")
        request_message(
            key=f"items-digest/{user.pk}/{week}",
            category=Category.REMINDER,
            user_id=user.pk,
            title=f"{many} in your teams",
            body="\n".join(lines),
            url_path="/action-items/?view=teams",
            now=now,
        )
    return 1


def overdue_for(user: User, day: dt.date) -> list[ActionItem]:
    """What was due before `day` in the teams the person manages and may see, the oldest first."""
    actor = actor_for(user)
    managed = actor.teams_with(TeamRole.MANAGER)
    members = Membership.objects.filter(team_id__in=managed).values("user_id")
    rows = ActionItem.objects.visible_to(actor).overdue(day)
    rows = rows.filter(team_id__in=managed) | rows.filter(team__isnull=True, owner_id__in=members)
    return list(rows.select_related("owner").order_by("due_on", "pk"))


def _teams_with_overdue(now: dt.datetime) -> set[int]:
    """Teams of overdue items, and of the owners of those without a team. Two statements."""
    rows = ActionItem.objects.overdue(now.astimezone(dt.UTC).date() + dt.timedelta(days=1))
    found: dict[bool, set[int]] = defaultdict(set)
    for team_id, owner_id in rows.values_list("team_id", "owner_id").distinct():
        found[team_id is None].add(team_id or owner_id or 0)
    teams = found[False]
    if found[True]:
        teams |= set(Membership.objects.filter(user_id__in=found[True]).values_list("team_id", flat=True))
    return teams


def _week(user: User, now: dt.datetime) -> dt.date:
    """The Monday of the week where the person lives."""
    today = now.astimezone(zone_of(user)).date()
    return today - dt.timedelta(days=today.weekday())


def _line(item: ActionItem, today: dt.date) -> str:
    assert item.due_on is not None
    late = (today - item.due_on).days
    owner = item.owner.name if item.owner else "nobody"
    return f"- {item.title}: {owner}, {late} {'day' if late == 1 else 'days'} late"

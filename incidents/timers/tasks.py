"""Tasks that are due, and backups that take over."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from incidents.actions.backups import (
    due_roles,
    due_tasks,
    owner_of,
    pass_role_to_backup,
    pass_task_to_backup,
)
from incidents.choices import ACTIVE, OPEN_TASKS, IncidentStatus, Visibility
from incidents.models import IncidentTask
from notifications.actions.messages import request_message
from notifications.choices import Category, Urgency

AT_ONCE = 200
_REMINDED_IN = (*ACTIVE, IncidentStatus.RESOLVED, IncidentStatus.IN_REVIEW)


def _reminders(now: dt.datetime) -> None:
    """Once a task, at its due time; not while the incident is on hold."""
    held = Q(incident__on_hold_until__isnull=True) | Q(incident__on_hold_until__lte=now)
    due = IncidentTask.objects.filter(
        held,
        due_at__lte=now,
        state__in=OPEN_TASKS,
        shown=True,
        reminded_at__isnull=True,
        incident__status__in=_REMINDED_IN,
    )
    for pk in list(due.order_by("due_at").values_list("pk", flat=True)[:AT_ONCE]):
        _remind(pk, now)


def _remind(task_id: int, now: dt.datetime) -> None:
    with transaction.atomic():
        rows = IncidentTask.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        task = rows.select_related("incident__commander", "owner").filter(pk=task_id).first()
        if task is None or task.reminded_at is not None or task.state not in OPEN_TASKS:
            return
        task.reminded_at = now
        task.save(update_fields=["reminded_at"])
        person = owner_of(task) or task.incident.commander
        if person is None or task.due_at is None:
            return
        incident = task.incident
        closed = incident.visibility == Visibility.RESTRICTED
        words = {"number": incident.number, "name": incident.name_outside, "task": task.title}
        title = (
            _("#%(number)s: due now: %(task)s") if not closed else _("#%(number)s %(name)s: a task is due")
        )
        request_message(
            key=f"task-due/{task.pk}/{task.due_at:%s}",
            category=Category.REMINDER,
            user_id=person.pk,
            title=title % words,
            body=_("Finish it, give it to somebody, or skip it with a reason."),
            url_path=f"{incident.get_absolute_url()}tasks/",
            team_id=incident.team_id,
            subject_key=incident.subject_key,
            urgency=Urgency.HIGH if incident.is_active else Urgency.LOW,
            now=now,
        )


def _role_backups(now: dt.datetime) -> None:
    for pk in due_roles(now, AT_ONCE):
        pass_role_to_backup(assignment_id=pk, now=now)


def _task_backups(now: dt.datetime) -> None:
    for pk in due_tasks(now, AT_ONCE):
        pass_task_to_backup(task_id=pk, now=now)


TIMERS = (_role_backups, _task_backups, _reminders)

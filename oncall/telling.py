"""Messages that follow from what people did with shifts: requests, answers, copies for those who learn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override as language

from notifications import replies
from notifications.actions.messages import request_message
from notifications.choices import Category
from oncall.choices import RequestKind, RequestStatus
from oncall.models import EscalationRun, RunPage, Shadow, ShiftRequest
from oncall.notices import when_for
from teams.choices import TeamRole
from teams.models import Membership, User


def tell_about_request(*, request_id: int, what: str, actor_id: int | None, now: dt.datetime) -> int:
    """Write to whoever may answer a new request, and to both people when it was answered or undone.

    Never to the one who did it. Returns how many were written to.
    """
    rows = ShiftRequest.objects.select_related("schedule", "user", "offered_to", "created_by", "answered_by")
    request = rows.filter(pk=request_id).first()
    if request is None:
        return 0
    people = _who_may_answer(request) if what == "asked" else _parties(request)
    told = 0
    for user in people:
        if user.pk == actor_id or not user.is_active:
            continue
        with language(user.language):
            title, body = _words(request, what, user)
        sent = request_message(
            key=f"shift-request/{request.pk}/{what}/{user.pk}",
            category=Category.UPDATE,
            user_id=user.pk,
            title=title,
            body=body,
            url_path="/oncall/me/",
            team_id=request.schedule.team_id,
            now=now,
        )
        told += sent is not None
    return told


def _who_may_answer(request: ShiftRequest) -> list[User]:
    if request.offered_to is not None:
        # Asked on behalf: the one whose shift it is should know too.
        return [request.offered_to, request.user]
    members = Membership.objects.filter(
        team_id=request.schedule.team_id, role__in=(TeamRole.MANAGER, TeamRole.RESPONDER)
    )
    return list(User.objects.active().filter(pk__in=members.values("user_id")).order_by("pk"))


def _parties(request: ShiftRequest) -> list[User]:
    people = (request.user, request.offered_to, request.created_by)
    return list({user.pk: user for user in people if user is not None}.values())


def _words(request: ShiftRequest, what: str, reader: User) -> tuple[str, str]:
    words = {
        "who": request.user.name,
        "by": request.answered_by.name if request.answered_by else request.user.name,
        "schedule": request.schedule.name,
        "from": when_for(request.starts_at, reader),
        "until": when_for(request.ends_at, reader),
    }
    titles = {
        "asked": _("%(who)s asks for cover: %(schedule)s"),
        "taken": _("%(by)s has taken over from %(who)s: %(schedule)s"),
        RequestStatus.ACCEPTED: _("%(by)s serves instead of %(who)s: %(schedule)s"),
        RequestStatus.DECLINED: _("%(by)s cannot take the shift of %(who)s: %(schedule)s"),
        RequestStatus.CANCELLED: _("No longer needed: cover for %(who)s, %(schedule)s"),
        RequestStatus.UNDONE: _("Undone: %(who)s serves again, %(schedule)s"),
    }
    title = titles.get(what, titles["asked"])
    if what == "asked" and request.kind == RequestKind.SWAP:
        title = _("%(who)s offers you a swap: %(schedule)s")
    lines = [_("From %(from)s until %(until)s.") % words]
    if request.back_starts_at is not None and request.back_ends_at is not None:
        back = {
            "from": when_for(request.back_starts_at, reader),
            "until": when_for(request.back_ends_at, reader),
            "who": request.user.name,
        }
        lines.append(_("In return %(who)s serves from %(from)s until %(until)s.") % back)
    if request.note:
        lines.append(request.note)
    return title % words, "\n\n".join(lines)


def copy_to_shadows(*, run_id: int, user_ids: Sequence[int], step: int, now: dt.datetime) -> int:
    """Send whoever shadows one of these people on their schedule a copy of the page. Once a step.

    A copy goes as an ordinary message, asks for no answer, and only to people who may see what it is about.
    Returns how many were written.
    """
    pages = RunPage.objects.filter(run_id=run_id, user_id__in=user_ids, reached=True, schedule__isnull=False)
    on_rota: dict[int, set[int]] = {}
    for schedule_id, user_id in pages.values_list("schedule_id", "user_id"):
        on_rota.setdefault(schedule_id, set()).add(user_id)
    run = EscalationRun.objects.filter(pk=run_id).first() if on_rota else None
    if run is None:
        return 0
    running = Q(schedule_id__in=on_rota, starts_at__lte=now, ends_at__gt=now, user__is_active=True)
    told = 0
    for shadow in Shadow.objects.filter(running).select_related("user", "schedule", "follows"):
        followed = on_rota[shadow.schedule_id]
        if shadow.user_id in user_ids or (
            shadow.follows_id is not None and shadow.follows_id not in followed
        ):
            continue
        if replies.port().describe(subject_key=run.subject_key, user_id=shadow.user_id) is None:
            continue
        with language(shadow.user.language):
            title = _("You learn along: %(title)s") % {"title": run.title}
            body = _("A copy for you. %(schedule)s is being paged; you need not answer.") % {
                "schedule": shadow.schedule.name
            }
        sent = request_message(
            key=f"shadow/{run_id}/{step}/{shadow.user_id}",
            category=Category.UPDATE,
            user_id=shadow.user_id,
            title=title,
            body=body,
            url_path=run.url_path,
            team_id=run.team_id,
            now=now,
        )
        told += sent is not None
    return told

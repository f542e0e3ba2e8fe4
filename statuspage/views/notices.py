"""Notices on the manage side: what is open, what to say, who has to look at it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import InvalidInput, NotVisible
from core.pages import actor_of, keyset
from statuspage import actions
from statuspage.building.preview import preview
from statuspage.choices import OVER, NoticeKind, NoticeState
from statuspage.forms.notices import EditForm, MoveForm, NoticeForm, UpdateForm, WorkForm
from statuspage.models import Notice, NoticeUpdate, StatusPage
from statuspage.views.common import frame, managed, publishing, visible
from teams.views.base import attach


@login_required
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """What is open, what waits for somebody, what is planned, and the history below."""
    page = visible(request, slug)
    rows = page.notices.select_related("incident").prefetch_related("components", "updates")
    published = rows.filter(state=NoticeState.PUBLISHED)
    going_on = list(published.exclude(status__in=OVER).order_by("started_at")[:100])
    waiting = NoticeUpdate.objects.filter(notice__page=page, state=NoticeState.WAITING)
    past = published.filter(status__in=OVER)
    context = frame(request, page, "") | {
        "open": [row for row in going_on if row.kind == NoticeKind.INCIDENT],
        "works": [row for row in going_on if row.kind == NoticeKind.MAINTENANCE],
        "waiting": waiting.select_related("notice", "author", "source__incident").order_by("created_at")[:50],
        "page": keyset(past, request.GET.get("cursor", ""), size=20),
        "wrong": page.components.exclude(status="operational").order_by("position"),
        "topic": f"statuspage:{page.slug}",
    }
    return render(request, "statuspage/pages/overview.html", context)


@login_required
def notice_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Write one; `?kind=maintenance` plans work, `?template=` begins with a text."""
    page = publishing(request, slug)
    actor = actor_of(request)
    kind = request.GET.get("kind", NoticeKind.INCIDENT)
    shape = WorkForm if kind == NoticeKind.MAINTENANCE else NoticeForm
    number = request.GET.get("template", "")
    template = (
        page.templates.filter(pk=int(number)).first() if number.isdigit() and len(number) < 18 else None
    )
    form = shape(request.POST or None, page=page, template=template)
    if request.method == "POST" and form.is_valid():
        try:
            values = form.values()
            notice = actions.create_notice(actor=actor, page_id=page.pk, **_filled(page, form, values))
        except InvalidInput as error:
            attach(form, error)
        else:
            _told(request, notice)
            return redirect(_url(page, notice))
    context = frame(request, page, "") | {
        "form": form,
        "kind": kind,
        "templates": page.templates.filter(kind=kind),
        "chosen": template,
    }
    status = 422 if form.errors else 200
    return render(request, "statuspage/pages/notice_new.html", context, status=status)


@login_required
@require_POST
def notice_preview(request: HttpRequest, slug: str) -> HttpResponse:
    """How what is being written will look to customers; nothing is stored."""
    page = visible(request, slug)
    html = preview(page, request.POST, clock.now())
    return render(request, "statuspage/partials/preview.html", {"html": html})


@login_required
def notice_page(request: HttpRequest, slug: str, notice: str) -> HttpResponse:
    """Everything said about it, and what to say next."""
    page = visible(request, slug)
    return _notice(request, page, _found(page, notice))


@login_required
@require_POST
def notice_say(request: HttpRequest, slug: str, notice: str) -> HttpResponse:
    """Publish an update."""
    page = publishing(request, slug)
    row = _found(page, notice)
    form = UpdateForm(request.POST, notice=row)
    if form.is_valid():
        try:
            actions.update_notice(actor=actor_of(request), notice_id=row.pk, words=form.words())
        except InvalidInput as error:
            attach(form, error)
        else:
            messages.success(request, _("Published."))
            return redirect(_url(page, row))
    return _notice(request, page, row, form=form)


@login_required
@require_POST
def notice_edit(request: HttpRequest, slug: str, notice: str) -> HttpResponse:
    """Correct title and impact."""
    page = publishing(request, slug)
    row = _found(page, notice)
    form = EditForm(request.POST, notice=row)
    if form.is_valid():
        try:
            actions.edit_notice(actor=actor_of(request), notice_id=row.pk, **form.values())
        except InvalidInput as error:
            attach(form, error)
        else:
            return redirect(_url(page, row))
    return _notice(request, page, row, edit_form=form)


@login_required
@require_POST
def notice_move(request: HttpRequest, slug: str, notice: str) -> HttpResponse:
    """Move or extend planned work."""
    page = publishing(request, slug)
    row = _found(page, notice)
    form = MoveForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        starts: dt.datetime | None = data["scheduled_for"] if row.status == "scheduled" else None
        try:
            actions.move_work(
                actor=actor_of(request),
                notice_id=row.pk,
                starts_at=starts,
                ends_at=data["scheduled_until"],
                body=data["body"],
            )
        except InvalidInput as error:
            attach(form, error)
        else:
            messages.success(request, _("The new times are published."))
            return redirect(_url(page, row))
    return _notice(request, page, row, move_form=form)


@login_required
@require_POST
def notice_cancel(request: HttpRequest, slug: str, notice: str) -> HttpResponse:
    """Call planned work off."""
    page = publishing(request, slug)
    row = _found(page, notice)
    actions.cancel_work(actor=actor_of(request), notice_id=row.pk, body=request.POST.get("body", ""))
    messages.success(request, _("Called off, and subscribers are told."))
    return redirect(_url(page, row))


@login_required
@require_POST
def notice_remove(request: HttpRequest, slug: str, notice: str) -> HttpResponse:
    """Take it away as if it had never been."""
    page = managed(request, slug)
    actions.remove_notice(actor=actor_of(request), notice_id=_found(page, notice).pk)
    messages.success(request, _("The notice is gone."))
    return redirect(page)


@login_required
@require_POST
def words_decide(request: HttpRequest, slug: str, update: str) -> HttpResponse:
    """Approve what waits, or with `do=refuse` send it back with a reason."""
    page = managed(request, slug)
    actor = actor_of(request)
    row = _words(page, update)
    try:
        if request.POST.get("do") == "refuse":
            actions.refuse_words(actor=actor, update_id=row.pk, reason=request.POST.get("reason", ""))
            messages.success(request, _("Sent back."))
        else:
            actions.approve_words(actor=actor, update_id=row.pk)
            messages.success(request, _("Published."))
    except InvalidInput as error:
        messages.error(request, error.sentence)
    return redirect(_url(page, row.notice))


@login_required
@require_POST
def words_correct(request: HttpRequest, slug: str, update: str) -> HttpResponse:
    """Correct what was said."""
    page = managed(request, slug)
    row = _words(page, update)
    try:
        actions.edit_update(actor=actor_of(request), update_id=row.pk, body=request.POST.get("body", ""))
        messages.success(request, _("Corrected. Subscribers are not told again."))
    except InvalidInput as error:
        messages.error(request, error.sentence)
    return redirect(_url(page, row.notice))


def _notice(
    request: HttpRequest,
    page: StatusPage,
    notice: Notice,
    *,
    form: UpdateForm | None = None,
    edit_form: EditForm | None = None,
    move_form: MoveForm | None = None,
) -> HttpResponse:
    notice.page = page
    faulty = form or edit_form or move_form
    may_say = notice.status not in OVER or notice.status == "resolved"
    window = {"scheduled_for": notice.scheduled_for, "scheduled_until": notice.scheduled_until}
    context = frame(request, page, "") | {
        "notice": notice,
        "updates": notice.updates.select_related("author", "decided_by", "source"),
        "components": list(notice.components.all()),
        "form": form or (UpdateForm(notice=notice) if may_say else None),
        "edit_form": edit_form or EditForm(notice=notice),
        "move_form": move_form or MoveForm(initial=window),
        "over": notice.status in OVER,
    }
    status = 422 if faulty else 200
    return render(request, "statuspage/pages/notice.html", context, status=status)


def _filled(page: StatusPage, form: NoticeForm, values: dict[str, Any]) -> dict[str, Any]:
    """Variables of a template that was used are filled with what was chosen."""
    named, _statuses = form.chosen_parts()
    names = ", ".join(row.name for row in form.components if row.pk in named)

    def fill(text: str) -> str:
        return actions.filled(text, components=names, page=page.name)

    words = values["words"]
    body_in = {code: fill(text) for code, text in words.body_in.items()}
    return values | {
        "title": fill(values["title"]),
        "title_in": {code: fill(text) for code, text in values["title_in"].items()},
        "words": replace(words, body=fill(words.body), body_in=body_in),
    }


def _told(request: HttpRequest, notice: Notice) -> None:
    if notice.state == NoticeState.WAITING:
        messages.info(request, _("A manager has to look at it before customers read it."))
    else:
        messages.success(request, _("Published."))


def _found(page: StatusPage, public_id: str) -> Notice:
    row: Notice | None = page.notices.select_related("incident", "author").filter(public_id=public_id).first()
    if row is None:
        raise NotVisible
    return row


def _words(page: StatusPage, public_id: str) -> NoticeUpdate:
    rows = NoticeUpdate.objects.filter(notice__page=page, public_id=public_id).select_related("notice")
    row: NoticeUpdate | None = rows.first()
    if row is None:
        raise NotVisible
    return row


def _url(page: StatusPage, notice: Notice) -> str:
    return f"{page.get_absolute_url()}notices/{notice.public_id}/"

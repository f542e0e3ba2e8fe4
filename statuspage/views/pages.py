"""The list of pages, and what a page is: settings, logo, log."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import InvalidInput, NotAllowed
from core.pages import actor_of, keyset
from statuspage import actions
from statuspage.choices import OVER, ComponentStatus, NoticeState
from statuspage.forms.pages import LogoForm, NewPageForm, RemoveForm, SettingsForm
from statuspage.models import Component, Notice, StatusPage
from statuspage.views.common import frame, managed, visible
from teams.views.base import attach


@login_required
def page_list(request: HttpRequest) -> HttpResponse:
    """Every status page the viewer may see, with what is wrong on it."""
    actor = actor_of(request)
    rows = StatusPage.objects.visible_to(actor).select_related("team")
    going_on = Notice.objects.filter(state=NoticeState.PUBLISHED).exclude(status__in=(*OVER, "scheduled"))
    parts = Component.objects.all()
    # Each in a statement below: joined, components would be multiplied by all notices there ever were.
    rows = rows.annotate(
        open_count=_count(going_on),
        wrong_count=_count(parts.exclude(status=ComponentStatus.OPERATIONAL)),
        part_count=_count(parts),
    )
    page = keyset(rows, request.GET.get("cursor", ""))
    return render(request, "statuspage/pages/list.html", {"page": page, "may_add": actor.manages_any})


def _count(rows: QuerySet[Any]) -> Coalesce:
    """How many of these a page has."""
    mine = rows.filter(page=OuterRef("pk")).order_by().values("page").annotate(many=Count("pk"))
    return Coalesce(Subquery(mine.values("many")), 0)


@login_required
def page_new(request: HttpRequest) -> HttpResponse:
    """Make a page."""
    actor = actor_of(request)
    if not actor.manages_any:
        raise NotAllowed("Only a manager of a team can make a status page.")
    form = NewPageForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            page = actions.create_page(actor=actor, team_id=data.pop("team").pk, **data)
        except InvalidInput as error:
            attach(form, error)
        else:
            return redirect(f"{page.get_absolute_url()}components/")
    return render(request, "statuspage/pages/new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
def page_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Who may read it, how it looks, what it offers."""
    page = managed(request, slug)
    actor = actor_of(request)
    form = SettingsForm(request.POST or None, initial=SettingsForm.of(page))
    if request.method == "POST" and form.is_valid():
        try:
            page = actions.set_page(actor=actor, page_id=page.pk, settings=form.settings())
        except InvalidInput as error:
            attach(form, error)
        else:
            messages.success(request, _("Saved and published."))
            return redirect(f"{page.get_absolute_url()}settings/")
    return _settings(request, page, form, LogoForm(), RemoveForm())


@login_required
@require_POST
def page_logo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a logo in, or with `do=remove` away."""
    page = managed(request, slug)
    actor = actor_of(request)
    if request.POST.get("do") == "remove":
        actions.set_logo(actor=actor, page_id=page.pk, content=b"")
        return redirect(f"{page.get_absolute_url()}settings/")
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            content = form.cleaned_data["logo"].read(actions.MAX_LOGO_BYTES + 1)
            actions.set_logo(actor=actor, page_id=page.pk, content=content)
        except InvalidInput as error:
            attach(form, error)
        else:
            return redirect(f"{page.get_absolute_url()}settings/")
    return _settings(request, page, SettingsForm(initial=SettingsForm.of(page)), form, RemoveForm())


@login_required
@require_POST
def page_remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the page away."""
    page = managed(request, slug)
    form = RemoveForm(request.POST)
    if form.is_valid():
        try:
            actions.remove_page(
                actor=actor_of(request), page_id=page.pk, confirm=form.cleaned_data["confirm"]
            )
        except InvalidInput as error:
            attach(form, error)
        else:
            messages.success(request, _("The page is gone."))
            return redirect("statuspage:list")
    return _settings(request, page, SettingsForm(initial=SettingsForm.of(page)), LogoForm(), form)


@login_required
def page_log(request: HttpRequest, slug: str) -> HttpResponse:
    """What was published, by whom and why."""
    page = visible(request, slug)
    rows = page.snapshots.select_related("author").defer("files")
    context = frame(request, page, "log/") | {
        "page": keyset(rows, request.GET.get("cursor", ""), field="version")
    }
    return render(request, "statuspage/pages/log.html", context)


def _settings(
    request: HttpRequest, page: StatusPage, form: SettingsForm, logo: LogoForm, remove: RemoveForm
) -> HttpResponse:
    faulty = form.errors or logo.errors or remove.errors
    context = frame(request, page, "settings/") | {
        "form": form,
        "logo_form": logo,
        "remove_form": remove,
        "logo": getattr(page, "logo", None),
    }
    return render(request, "statuspage/pages/settings.html", context, status=422 if faulty else 200)

"""The manage side of status pages."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.errors import InvalidInput, NotVisible
from core.pages import actor_of
from statuspage import actions, forms
from statuspage.choices import OVER, ComponentStatus
from statuspage.models import StatusPage
from teams.choices import TeamRole


@login_required
def page_list(request: HttpRequest) -> HttpResponse:
    """Every status page the viewer may see."""
    actor = actor_of(request)
    pages = StatusPage.objects.visible_to(actor).select_related("team").prefetch_related("components")
    return render(request, "statuspage/pages/list.html", {"pages": pages[:200], "may_add": actor.manages_any})


@login_required
def page_new(request: HttpRequest) -> HttpResponse:
    """Make a page."""
    actor = actor_of(request)
    form = forms.PageForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            page = actions.create_page(actor=actor, team_id=data.pop("team").pk, **data)
        except InvalidInput as error:
            _attach(form, error)
        else:
            return redirect(page.get_absolute_url())
    return render(request, "statuspage/pages/new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
def manage(request: HttpRequest, slug: str) -> HttpResponse:
    """Components, open notices and what to publish next."""
    actor = actor_of(request)
    page = _visible(request, slug)
    notices = page.notices.prefetch_related("updates", "components").select_related("incident")
    context = {
        "page_": page,
        "components": page.components.select_related("service"),
        "open": [
            (row, forms.UpdateForm(kind=row.kind, prefix=str(row.pk), initial={"status": row.status}))
            for row in notices.exclude(status__in=OVER)[:50]
        ],
        "past": notices.filter(status__in=OVER)[:20],
        "notice_form": forms.NoticeForm(page=page),
        "component_form": forms.ComponentForm(actor=actor),
        "statuses": ComponentStatus.choices,
        "may_publish": actor.manages(page.team_id)
        or actor.roles.get(page.team_id or 0) == TeamRole.RESPONDER,
    }
    return render(request, "statuspage/pages/manage.html", context)


@login_required
@require_POST
def add_component(request: HttpRequest, slug: str) -> HttpResponse:
    page = _visible(request, slug)
    form = forms.ComponentForm(request.POST, actor=actor_of(request))
    if form.is_valid():
        service = form.cleaned_data["service"]
        actions.add_component(
            actor=actor_of(request),
            page_id=page.pk,
            name=form.cleaned_data["name"],
            description=form.cleaned_data["description"],
            service_id=service.pk if service else None,
        )
        return redirect(page.get_absolute_url())
    return render(request, "statuspage/pages/form.html", {"form": form, "page_": page}, status=422)


@login_required
@require_POST
def set_component(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    page = _visible(request, slug)
    actions.set_component_status(
        actor=actor_of(request), component_id=pk, status=request.POST.get("status", "")
    )
    return redirect(page.get_absolute_url())


@login_required
@require_POST
def add_notice(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish a notice."""
    page = _visible(request, slug)
    form = forms.NoticeForm(request.POST, page=page)
    if form.is_valid():
        try:
            actions.create_notice(actor=actor_of(request), page_id=page.pk, **form.values())
        except InvalidInput as error:
            _attach(form, error)
        else:
            return redirect(page.get_absolute_url())
    return render(request, "statuspage/pages/form.html", {"form": form, "page_": page}, status=422)


@login_required
@require_POST
def update_notice(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Say more about a notice, or end it."""
    page = _visible(request, slug)
    notice = page.notices.filter(pk=pk).first()
    if notice is None:
        raise NotVisible
    form = forms.UpdateForm(request.POST, kind=notice.kind, prefix=str(pk))
    if form.is_valid():
        actions.update_notice(actor=actor_of(request), notice_id=pk, **form.cleaned_data)
        return redirect(page.get_absolute_url())
    return render(request, "statuspage/pages/form.html", {"form": form, "page_": page}, status=422)


def _visible(request: HttpRequest, slug: str) -> StatusPage:
    page: StatusPage | None = StatusPage.objects.visible_to(actor_of(request)).filter(slug=slug).first()
    if page is None:
        raise NotVisible
    return page


def _attach(form: Form, error: InvalidInput) -> None:
    for name, reasons in error.fields.items():
        form.add_error(name if name in form.fields else None, reasons[0])

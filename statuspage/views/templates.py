"""Notices that are ready before they are needed."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.errors import InvalidInput, NotVisible
from core.pages import actor_of
from statuspage import actions
from statuspage.forms.notices import TemplateForm
from statuspage.views.common import frame, managed, visible
from teams.views.base import attach


@login_required
def template_list(request: HttpRequest, slug: str) -> HttpResponse:
    """All templates of the page."""
    page = visible(request, slug)
    context = frame(request, page, "templates/") | {"rows": page.templates.all()}
    return render(request, "statuspage/pages/templates.html", context)


@login_required
def template_form(request: HttpRequest, slug: str, pk: int | None = None) -> HttpResponse:
    """Make one, or change one."""
    page = managed(request, slug)
    actor = actor_of(request)
    row = page.templates.filter(pk=pk).first() if pk else None
    if pk and row is None:
        raise NotVisible
    form = TemplateForm(request.POST or None, page=page, template=row)
    if request.method == "POST" and form.is_valid():
        try:
            values = form.values()
            if row is not None and row.kind == values["kind"]:
                values["status"] = row.status
            actions.save_template(actor=actor, page_id=page.pk, template_id=pk, **values)
        except InvalidInput as error:
            attach(form, error)
        else:
            return redirect(f"{page.get_absolute_url()}templates/")
    context = frame(request, page, "templates/") | {"form": form, "row": row}
    status = 422 if form.errors else 200
    return render(request, "statuspage/pages/template_form.html", context, status=status)


@login_required
@require_POST
def template_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take one away."""
    page = managed(request, slug)
    if not page.templates.filter(pk=pk).exists():
        raise NotVisible
    actions.remove_template(actor=actor_of(request), template_id=pk)
    return redirect(f"{page.get_absolute_url()}templates/")

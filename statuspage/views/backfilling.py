"""Writing down afterwards what customers went through."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from core.pages import actor_of
from statuspage import actions
from statuspage.forms.notices import BackfillForm
from statuspage.views.common import frame, managed
from teams.views.base import attach


@login_required
def backfill(request: HttpRequest, slug: str) -> HttpResponse:
    """A notice that is over already: it stands in the history, counts for uptime and tells nobody."""
    page = managed(request, slug)
    form = BackfillForm(request.POST or None, page=page)
    if request.method == "POST" and form.is_valid():
        try:
            notice = actions.backfill(actor=actor_of(request), page_id=page.pk, **form.values())
        except InvalidInput as error:
            names = {"updates": "ended_at"}
            fields = {names.get(name, name): reasons for name, reasons in error.fields.items()}
            attach(form, InvalidInput(error.sentence, fields=fields))
        else:
            messages.success(request, _("It stands in the history; nobody was told."))
            return redirect(f"{page.get_absolute_url()}notices/{notice.public_id}/")
    context = frame(request, page, "") | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "statuspage/pages/backfill.html", context, status=status)

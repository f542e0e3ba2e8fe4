"""The public report form: no account, no cookie, no script. And its settings, for managers."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.actions import reports
from alerts.choices import SourceKind
from alerts.forms.report import FormSettings
from alerts.models import Integration
from alerts.views.mail import of_kind
from alerts.watch import selectors as watched
from core import ratelimit
from core.crypto import digest
from core.errors import InvalidInput
from core.pages import actor_of
from incidents.published import told_in_public

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FIELDS = ("what", "when", "contact", "page")
# Of one address, and of one form: (a second, at once).
_PER_ADDRESS = (1 / 60, 5)
_PER_FORM = (0.5, 60)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def report_form(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, or thanks with a reference. 404 while it is switched off, 429 over a limit."""
    form = reports.form_at(slug)
    if form is None:
        return _shown("missing", 404)
    if request.method != "POST":
        return _form(form)
    try:
        given = {name: request.POST.get(name, "") for name in _FIELDS}
        trap, token = request.POST.get("website", ""), request.POST.get("token", "")
    except RequestDataTooBig:
        return _shown("missing", 413, too_large=True)
    if wait := _wait(request, form):
        answer = _shown("later", 429, form=form, minutes=-(-wait // 60))
        answer["Retry-After"] = str(wait)
        return answer
    if trap:
        # Whoever fills in what no person sees is thanked and forgotten.
        return _thanks(form, digest(token)[:8].upper())
    try:
        reference, _item = reports.report(form=form, token=token, fields=given)
    except reports.Stale:
        said = _("The page was open for too long, or was sent too soon. Look it over and send it again.")
        return _form(form, given, {"": said}, 422)
    except InvalidInput as error:
        return _form(form, given, {name: why[0] for name, why in error.fields.items()}, 422)
    return _thanks(form, reference)


def _wait(request: HttpRequest, form: Integration) -> int:
    address = digest(str(get_adapter().get_client_ip(request)))[:24]
    mine = ratelimit.take(f"report:{address}", rate=_PER_ADDRESS[0], burst=_PER_ADDRESS[1])
    return mine or ratelimit.take(f"report-form:{form.pk}", rate=_PER_FORM[0], burst=_PER_FORM[1])


def _form(
    form: Integration,
    given: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "given": given or {},
        "problem": (errors or {}).get("", ""),
        "what_problem": (errors or {}).get("what", ""),
        "token": reports.new_token(form),
        "known": told_in_public(form.service_id),
    }
    return _shown("form", status, form=form, **context)


def _thanks(form: Integration, reference: str) -> HttpResponse:
    return _shown("thanks", 200, form=form, reference=reference)


def _shown(page: str, status: int, form: Integration | None = None, **context: Any) -> HttpResponse:
    """Rendered without the request: nothing of the viewer, and no cookie."""
    context |= {"form": form, "title": reports.form_title(form) if form else _("Not found")}
    body = render_to_string(f"alerts/public/{page}.html", context)
    return HttpResponse(body, status=status, headers=_HEADERS)


@login_required
def report_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the form is and what it says."""
    integration = of_kind(request, pk, SourceKind.REPORT)
    form = FormSettings(request.POST or None, initial=FormSettings.of(integration))
    if request.method == "POST" and form.is_valid():
        try:
            reports.set_report_form(actor=actor_of(request), integration_id=pk, **form.cleaned_data)
        except InvalidInput as error:
            for name, reasons in error.fields.items():
                form.add_error(name if name in form.fields else None, " ".join(reasons))
        else:
            return redirect(integration.get_absolute_url())
    context = {"integration": integration, "form": form, "url": watched.report_url(integration)}
    return render(request, "alerts/pages/report_settings.html", context, status=422 if form.errors else 200)

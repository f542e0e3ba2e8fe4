"""The mail address of an integration: how it is read, a test, a new one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from alerts import actions
from alerts.actions import mail
from alerts.choices import SourceKind
from alerts.forms.mail import MailForm
from alerts.models import Integration
from alerts.views.integrations import changeable
from core.errors import InvalidInput, NotVisible
from core.pages import actor_of


def of_kind(request: HttpRequest, pk: int, kind: str) -> Integration:
    """A visible integration of that kind, which the viewer may change."""
    found = changeable(request, pk)
    if found.kind != kind:
        raise NotVisible
    return found


@login_required
def mail_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """How mail to it is read."""
    integration = of_kind(request, pk, SourceKind.EMAIL)
    form = MailForm(request.POST or None, initial=MailForm.of(integration.settings))
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_integration(actor=actor_of(request), integration_id=pk, settings=form.settings())
        except InvalidInput as error:
            for name, reasons in error.fields.items():
                form.add_error(name if name in form.fields else None, " ".join(reasons))
        else:
            return redirect(integration.get_absolute_url())
    context = {"integration": integration, "form": form}
    return render(request, "alerts/pages/mail_settings.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def mail_change(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """A test mail, or a new address."""
    if what == "test":
        mail.send_test_mail(actor=actor_of(request), integration_id=pk)
    else:
        mail.renew_mail_address(actor=actor_of(request), integration_id=pk)
    return redirect("alerts:integration", pk=pk)

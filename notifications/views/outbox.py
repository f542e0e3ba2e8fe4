"""`/dev/outbox/`: the mail that would have been sent, while no mail server is set in development."""

from __future__ import annotations

import nh3
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.generic import View

from core.errors import NotVisible
from core.pages import keyset
from notifications.models import CapturedMail
from notifications.selectors import captures_mail

_ATTRIBUTES = {
    "a": {"href"},
    "font": {"face", "size", "color"},
    "table": {"width", "cellpadding", "cellspacing", "border", "bgcolor"},
    "td": {"align", "bgcolor"},
}
_TAGS = {*_ATTRIBUTES, "tr", "tbody", "b", "br", "p"}


class OutboxPage(LoginRequiredMixin, View):
    """Not there at all where mail really leaves."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not captures_mail():
            raise NotVisible
        return super().dispatch(request, *args, **kwargs)


class OutboxView(OutboxPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        rows = CapturedMail.objects.all()
        if recipient := request.GET.get("to", "").strip():
            rows = rows.filter(recipient__icontains=recipient[:254])
        context = {
            "page": keyset(rows, request.GET.get("cursor", "")),
            "recipient": recipient,
            "crumbs": [{"label": _("Outbox"), "url": ""}],
        }
        return render(request, "notifications/pages/outbox.html", context)


class MailView(OutboxPage):
    """One mail as its recipient sees it: `?view=html` (first) or `?view=text`."""

    def get(self, request: HttpRequest, mail_id: int) -> HttpResponse:
        mail = CapturedMail.objects.filter(pk=mail_id).first()
        if mail is None:
            raise NotVisible
        form = "html" if mail.html and request.GET.get("view") != "text" else "text"
        names = [("html", "HTML"), ("text", _("Text"))] if mail.html else [("text", _("Text"))]
        context = {
            "mail": mail,
            "form": form,
            "content": _shown(mail.html) if form == "html" else "",
            "tabs": [
                {"label": label, "url": f"?view={name}", "active": name == form} for name, label in names
            ],
            "crumbs": [{"label": _("Outbox"), "url": "/dev/outbox/"}, {"label": mail.subject, "url": ""}],
        }
        return render(request, "notifications/pages/mail.html", context)


def _shown(html: str) -> str:
    """The mail's own markup, reduced to what our mails are made of."""
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags={"script", "style", "title"},
        url_schemes={"http", "https"},
        link_rel=None,
    )
    return mark_safe(clean)  # noqa: S308 - cleaned in the line above

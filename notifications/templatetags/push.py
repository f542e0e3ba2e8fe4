"""`{% load push %}`: the card "Pages on this device", and quiet hours, for the page about notifications."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from core import clock
from notifications.actions.push import fingerprint_of
from notifications.choices import Channel
from notifications.forms_quiet import QuietHoursForm
from notifications.models import ContactMethod, QuietHours
from notifications.transports.push import vapid

register = template.Library()


@register.inclusion_tag("notifications/partials/push.html", takes_context=True)
def push_card(context: Context) -> dict[str, Any]:
    """The person's browsers with push; which of them is this one only the browser knows."""
    request = context["request"]
    rows = ContactMethod.objects.filter(user=request.user, channel=Channel.PUSH)
    keys = vapid.keys(now=clock.now())
    methods = [{"method": method, "fingerprint": fingerprint_of(method)} for method in rows if method.usable]
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "public_key": keys["public"] if keys else "",
        "methods": methods,
        "known": " ".join(fingerprint_of(method) for method in rows if method.usable),
        "secure": request.is_secure(),
    }


@register.inclusion_tag("notifications/partials/quiet.html", takes_context=True)
def quiet_card(context: Context, form: QuietHoursForm | None = None) -> dict[str, Any]:
    """The form of a person's quiet hours; `form` is one that was refused."""
    request = context["request"]
    stored = QuietHours.objects.filter(user=request.user).first()
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "stored": stored,
        "zone": str(request.user.zone),
        "form": form or QuietHoursForm(initial=QuietHoursForm.initial_for(stored)),
    }

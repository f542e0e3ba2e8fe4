"""Small pieces of runbook pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.templatetags._controls import chip
from core.templatetags._html import format_html, format_html_join
from core.templatetags._time import when
from incidents.choices import Helpful
from incidents.models import Runbook, RunbookRun
from services.models import Service

register = template.Library()

_NOTHING = mark_safe("")
_NAMED = 3
_TONES: dict[str, tuple[str, str]] = {
    Helpful.YES: ("ok", "circle-check"),
    Helpful.PARTLY: ("warn", "circle-dot"),
    Helpful.NO: ("quiet", "circle-x"),
}


@register.simple_tag
def runbook_reviewed(runbook: Runbook, now: dt.datetime) -> SafeString:
    """ "reviewed 12 days ago", and a chip when that is too long ago."""
    stale = chip(_("Stale"), tone="warn", icon_name="clock-alert") if runbook.is_stale(now) else _NOTHING
    if runbook.checked_at is None:
        return format_html('<span class="muted">{}</span>', _("nothing written yet"))
    return format_html("{} {}", when(runbook.checked_at), stale)


@register.simple_tag
def runbook_for(runbook: Runbook, services: Mapping[int, Sequence[Service]]) -> SafeString:
    """What it is offered for, in a few words. `services`: runbook id → those its viewer sees."""
    named = list(services.get(runbook.pk, ()))
    words = [row.name for row in named[:_NAMED]]
    if len(named) > _NAMED:
        words.append(_("%(count)s more") % {"count": len(named) - _NAMED})
    words += [row.name for row in runbook.types.all()]
    if runbook.matchers:
        count = len(runbook.matchers)
        words.append(
            ngettext("%(count)s kind of alert", "%(count)s kinds of alerts", count) % {"count": count}
        )
    if not words:
        return format_html('<span class="muted">{}</span>', _("opened by hand"))
    return format_html(
        '<span class="text-13">{}</span>', format_html_join(", ", "{}", ((word,) for word in words))
    )


@register.simple_tag
def helpful_chip(run: RunbookRun) -> SafeString:
    """What whoever used it said of it."""
    if run.helpful not in _TONES:
        return _NOTHING
    tone, icon_name = _TONES[run.helpful]
    labels = {Helpful.YES: _("helped"), Helpful.PARTLY: _("helped partly"), Helpful.NO: _("did not help")}
    return chip(labels[Helpful(run.helpful)], tone=tone, icon_name=icon_name)

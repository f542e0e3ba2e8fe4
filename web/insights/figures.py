"""All figures, in the order of the page."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext_lazy as _

from web.insights import durations, learning, people, volume, windows
from web.insights.shapes import Figure


def _duration(key: str, title: object, icon: str, times: object, none: object = "") -> Figure:
    find = partial(durations.by_month, key=key)
    return Figure(key, title, icon, times, find, look="durations", none=none)  # type: ignore[arg-type]


FIGURES = (
    _duration(
        "acknowledge",
        _("Time to acknowledge"),
        "bell-ring",
        _("From detected (declared, where nothing detected it) to the first acknowledge."),
        _("Nothing was acknowledged in this range."),
    ),
    _duration(
        "mitigate",
        _("Time to mitigate"),
        "shield-check",
        _(
            "From the start to mitigated. The start is when impact began, or detected where nobody wrote that down."
        ),
        _("Nothing was mitigated in this range."),
    ),
    _duration(
        "resolve",
        _("Time to resolve"),
        "check",
        _(
            "From the start to resolved. The start is when impact began, or detected where nobody wrote that down."
        ),
        _("Nothing was resolved in this range."),
    ),
    _duration(
        "detect",
        _("Time to detect"),
        "radar",
        _("From impact began to detected. Incidents without a known start of impact are not in it."),
        _("No incident in this range has a known start of impact."),
    ),
    Figure(
        "hours",
        _("When incidents begin"),
        "calendar-clock",
        _("By weekday and hour of the start, in your time zone."),
        volume.hours,
        look="heat",
    ),
    Figure(
        "services",
        _("Where and when"),
        "server",
        _(
            "By service and hour of the start, in your time zone. An incident of two services counts for both."
        ),
        volume.by_service,
        look="heat",
        none=_("No incident in this range names a service you can see."),
    ),
    Figure(
        "load",
        _("Incidents a week"),
        "chart-column",
        _("By the week of the start, from Monday."),
        volume.load,
        look="weeks",
    ),
    Figure(
        "recurrence",
        _("Services that fail again"),
        "repeat",
        _(
            "From the start of one incident of a service to the start of its next. Services with two or more are shown."
        ),
        volume.recurrence,
        none=_("No service you can see had a second incident in this range."),
    ),
    Figure(
        "windows",
        _("What was promised and kept"),
        "target",
        _(
            "Acknowledge: the window of the severity. Review: held against the hours of the severity, from resolved."
            " Postmortem: published against its due time. Updates: each promised time against the next word to the"
            " same audience, or the end of the incident. What is still open counts for neither."
        ),
        windows.kept,
        none=_("Nothing was promised in this range yet."),
    ),
    _duration(
        "learn",
        _("Resolved to published"),
        "book-open-check",
        _("From resolved to the postmortem published: the time to learn."),
        _("No postmortem of this range is published yet."),
    ),
    Figure(
        "items",
        _("Action items on time"),
        "list-checks",
        _(
            "Items whose day lies in this range: the day they were closed, in your time zone, against the day they were"
            " due. On time is the share of what was done or is overdue."
        ),
        learning.on_time,
        none=_("No action item was due in this range."),
    ),
    Figure(
        "factors",
        _("Factors that come again"),
        "repeat",
        _("By contributing factor of the postmortems, at the start of their incidents."),
        learning.factors,
        none=_("No postmortem of this range names a contributing factor yet."),
    ),
    Figure(
        "noise",
        _("Noisiest alerts"),
        "bell-off",
        _(
            "By the time each alert was first seen, from the first day of this range until now. All severities."
        ),
        people.noise,
        none=_("Nothing fired in this time."),
        more=(_("Noise"), "/alerts/noise/"),
    ),
    Figure(
        "nights",
        _("Interrupted nights"),
        "moon",
        _(
            "Urgent pages that reached somebody between 22:00 and 7:00 where they live, by the time of the page."
            " You see yourself and the people of teams you manage. All services and severities."
        ),
        people.nights,
        none=_("Nobody whose nights you can see was on call or paged."),
        more=(_("Rotation health"), "/oncall/health/"),
    ),
)
BY_KEY = {figure.key: figure for figure in FIGURES}

"""Times and durations; everything shown here keeps ticking in the browser."""

from datetime import UTC, datetime, timedelta
from datetime import time as dt_time

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core import display
from core.clock import now as clock_now
from core.templatetags._html import format_html
from core.templatetags._markup import icon

NOTHING = mark_safe('<span class="muted">–</span>')


def absolute(at: datetime) -> str:
    """The moment in the viewer's zone and in UTC, as shown on hover."""
    local = timezone.localtime(at)
    zone = local.tzname() or ""
    own = f"{display.weekday_text(local)} {local.year} {display.time_text(local, seconds=True)} {zone}"
    return own if zone == "UTC" else f"{own} · {at.astimezone(UTC):%H:%M:%S} UTC"


def when(at: datetime | None, form: str = "relative", css: str = "") -> SafeString:
    """A `<time>`: form relative ("12 minutes ago"), time ("03:12"), date ("20 Nov 2026") or datetime.

    `data-when` lets the browser write it anew for its own person where the page got it live, rendered
    once for everybody.
    """
    if at is None:
        return NOTHING
    local = timezone.localtime(at)
    iso = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if form == "time":
        inside: str | SafeString = display.time_text(local)
    elif form == "date":
        inside = f"{display.day_text(local)} {local.year}"
    elif form == "datetime":
        inside = f"{display.day_text(local)} {display.time_text(local)}"
    else:
        shown = f"{display.day_text(local)} {display.time_text(local)}"
        inside = format_html(
            '<relative-time datetime="{}" no-title threshold="P30D">{}</relative-time>', iso, shown
        )
    return format_html(
        '<time class="{}" data-when="{}" datetime="{}" title="{}">{}</time>',
        css or "when",
        form,
        iso,
        absolute(at),
        inside,
    )


def clock_time(at: datetime | dt_time | None) -> str:
    """03:12 or 3:12 AM, as the viewer wants it; a moment in the viewer's zone."""
    if at is None:
        return "–"
    return display.time_text(timezone.localtime(at) if isinstance(at, datetime) else at)


def day_time(at: datetime | None) -> str:
    """Mon 3 Aug 15:04, in the viewer's zone."""
    return display.day_time_text(timezone.localtime(at)) if at is not None else "–"


def words(length: timedelta | float | None) -> str:
    """A length (timedelta or seconds) in words: 40 s, 47 min, 3 h 12 min, 2 d 4 h."""
    if length is None:
        return "–"
    seconds = max(0, int(length.total_seconds() if isinstance(length, timedelta) else length))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return _("%(s)d s") % {"s": seconds}
    if minutes < 60:
        return _("%(m)d min") % {"m": minutes}
    if hours < 24:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes % 60}
    return _("%(d)d d %(h)d h") % {"d": days, "h": hours % 24}


def digits(seconds: float) -> str:
    """06:12, 1:06:12, 2 d 03:10."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours >= 24:
        return f"{hours // 24} d {hours % 24:02}:{minutes:02}"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def clock(since: datetime | None, until: datetime | None = None, form: str = "digits") -> SafeString:
    """How long since a moment, ticking; stands still with `until`. form: digits (47:03) or words (47 min)."""
    if since is None:
        return NOTHING
    seconds = ((until or clock_now()) - since).total_seconds()
    return format_html(
        '<wb-clock since="{}"{} format="{}" title="{}">{}</wb-clock>',
        since.astimezone(UTC).isoformat(),
        format_html(' until="{}"', until.astimezone(UTC).isoformat()) if until else "",
        form,
        absolute(since),
        words(seconds) if form == "words" else digits(seconds),
    )


def countdown(until: datetime | None, label: str = "", icon_name: str = "timer") -> SafeString:
    """A clock towards a moment ("label 06:12"): amber in the last five minutes, red and counting up when late."""
    if until is None:
        return NOTHING
    seconds = (until - clock_now()).total_seconds()
    state = "late" if seconds < 0 else "soon" if seconds <= 300 else "calm"
    shown = _("%(time)s late") % {"time": digits(-seconds)} if seconds < 0 else digits(seconds)
    ticking = format_html(
        '<wb-countdown until="{}" data-state="{}" title="{}">{}</wb-countdown>',
        until.astimezone(UTC).isoformat(),
        state,
        absolute(until),
        shown,
    )
    if not label:
        return ticking
    return format_html('<span class="promise">{}<span>{} {}</span></span>', icon(icon_name), label, ticking)

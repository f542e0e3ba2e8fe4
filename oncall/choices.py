from django.db import models
from django.utils.translation import gettext_lazy as _


class TurnUnit(models.TextChoices):
    HOUR = "hour", _("Hours")
    DAY = "day", _("Days")
    WEEK = "week", _("Weeks")
    MONTH = "month", _("Months")


EVERY = {
    TurnUnit.HOUR: (_("Every hour"), _("Every %(count)d hours")),
    TurnUnit.DAY: (_("Every day"), _("Every %(count)d days")),
    TurnUnit.WEEK: (_("Every week"), _("Every %(count)d weeks")),
    TurnUnit.MONTH: (_("Every month"), _("Every %(count)d months")),
}
WEEKDAYS = {
    "mo": _("Mon"),
    "tu": _("Tue"),
    "we": _("Wed"),
    "th": _("Thu"),
    "fr": _("Fri"),
    "sa": _("Sat"),
    "su": _("Sun"),
}


class OverrideKind(models.TextChoices):
    TAKE_OVER = "take_over", _("Takes over alone")
    REPLACE = "replace", _("Replaces one person")
    ADD = "add", _("Joins")
    REMOVE = "remove", _("Is taken off")


class TargetType(models.TextChoices):
    USER = "user", _("Person")
    SCHEDULE = "schedule", _("Schedule")
    TEAM = "team", _("Whole team")
    WEBHOOK = "webhook", _("Webhook")


class RunStatus(models.TextChoices):
    ACTIVE = "active", _("Paging")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    STOPPED = "stopped", _("Stopped")
    EXHAUSTED = "exhausted", _("Nobody left to page")


class OnHolidays(models.TextChoices):
    """What a rotation does on public holidays of its schedule's region."""

    SERVE = "serve", _("Serves as on other days")
    SKIP = "skip", _("Does not serve")
    ONLY = "only", _("Serves on these days only")


class CalendarPurpose(models.TextChoices):
    SHIFTS = "shifts", _("Who is on call")
    LEAVE = "leave", _("Who is away")


class RequestKind(models.TextChoices):
    COVER = "cover", _("Cover")
    SWAP = "swap", _("Swap")


class RequestStatus(models.TextChoices):
    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    CANCELLED = "cancelled", _("Withdrawn")
    UNDONE = "undone", _("Undone")
    EXPIRED = "expired", _("Nobody answered")


class NoticeKind(models.TextChoices):
    """What somebody was told about a shift."""

    REMINDER = "reminder", _("Reminder")
    BEGINS = "begins", _("Shift begins")
    ENDS = "ends", _("Shift ends")
    LEAVE = "leave", _("Leave meets a shift")
    GAP = "gap", _("Gap ahead")


class Pick(models.TextChoices):
    """Which of a step's targets are paged."""

    ALL = "all", _("All of them")
    ROUND_ROBIN = "round_robin", _("One in turn")
    FAIR = "fair", _("One, fairly")


class Serving(models.TextChoices):
    """Whom a schedule as target means."""

    CURRENT = "current", _("Who is on call")
    NEXT = "next", _("Who is on call next")
    EVERYONE = "everyone", _("Everybody in its rotations")


class LocalHours(models.TextChoices):
    """At which local time of the person a step pages them."""

    ANY = "any", _("At any hour")
    NIGHT = "night", _("Only in their night")
    WORK = "work", _("Only in their working hours")
    AWAKE = "awake", _("Not in their night")

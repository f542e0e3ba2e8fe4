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


class RunStatus(models.TextChoices):
    ACTIVE = "active", _("Paging")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    STOPPED = "stopped", _("Stopped")
    EXHAUSTED = "exhausted", _("Nobody left to page")

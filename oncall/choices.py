from django.db import models
from django.utils.translation import gettext_lazy as _


class TurnUnit(models.TextChoices):
    HOUR = "hour", _("Hours")
    DAY = "day", _("Days")
    WEEK = "week", _("Weeks")
    MONTH = "month", _("Months")


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

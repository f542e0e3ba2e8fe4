"""A heartbeat."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts.choices import SEVERITIES
from alerts.forms.integrations import ServiceForm
from alerts.models import Heartbeat

UNITS = (("1", _("seconds")), ("60", _("minutes")), ("3600", _("hours")), ("86400", _("days")))
# Which field of the form an action's field is shown at.
_SHOWN_AT = {"interval_seconds": "every", "grace_seconds": "grace"}
SEVERITY_CHOICES = [
    ("critical", _("Critical, pages at once")),
    ("error", _("Error, pages at once")),
    ("warning", _("Warning, low urgency")),
    ("info", _("Info, low urgency")),
]
assert [value for value, _label in SEVERITY_CHOICES] == list(SEVERITIES)


class HeartbeatForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("For example: Nightly backup"))
    every = forms.IntegerField(label=_("A sign is expected every"), min_value=1, max_value=2_678_400)
    every_unit = forms.ChoiceField(label=_("Unit"), choices=UNITS)
    cron = forms.CharField(
        label=_("Or by this schedule"),
        max_length=120,
        required=False,
        help_text=_("The five fields of the job's own cron line, such as 15 3 * * 1-5. Empty: as above."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    timezone = forms.CharField(
        label=_("Time zone of the schedule"),
        max_length=64,
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    grace = forms.IntegerField(
        label=_("Grace"), min_value=0, max_value=604_800, help_text=_("How much later it may come.")
    )
    grace_unit = forms.ChoiceField(label=_("Unit"), choices=UNITS)
    severity = forms.ChoiceField(label=_("When it stays away"), choices=SEVERITY_CHOICES)
    field_order = [
        "name",
        "service",
        "every",
        "every_unit",
        "cron",
        "timezone",
        "grace",
        "grace_unit",
        "severity",
    ]
    manage = True

    @staticmethod
    def of(beat: Heartbeat | None) -> dict[str, Any]:
        """What the form begins with."""
        beat = beat or Heartbeat()
        every, every_unit = _split(beat.interval_seconds)
        grace, grace_unit = _split(beat.grace_seconds)
        return {
            "name": beat.name,
            "service": beat.service_id,
            "every": every,
            "every_unit": every_unit,
            "cron": beat.cron,
            "timezone": beat.timezone,
            "grace": grace,
            "grace_unit": grace_unit,
            "severity": beat.severity,
        }

    def fields_of_action(self) -> dict[str, Any]:
        """What `actions.save_heartbeat` takes."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "service_id": data["service"].pk,
            "interval_seconds": data["every"] * int(data["every_unit"]),
            "cron": data["cron"],
            "timezone": data["timezone"],
            "grace_seconds": data["grace"] * int(data["grace_unit"]),
            "severity": data["severity"],
        }

    def refuse(self, errors: dict[str, list[str]]) -> None:
        """Show what an action refused, at the field it is about."""
        for name, reasons in errors.items():
            shown = _SHOWN_AT.get(name, name)
            self.add_error(shown if shown in self.fields else None, " ".join(reasons))


def _split(seconds: int) -> tuple[int, str]:
    unit = next((size for size in (86_400, 3600, 60) if seconds and seconds % size == 0), 1)
    return seconds // unit, str(unit)

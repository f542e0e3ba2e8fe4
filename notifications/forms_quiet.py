"""Cleaning of quiet hours and delivery limits; the rules themselves are in the actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.models import QuietHours


class QuietHoursForm(forms.Form):
    """From and to, by the person's own clock."""

    starts = forms.TimeField(
        label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), initial="22:00"
    )
    ends = forms.TimeField(
        label=_("To"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), initial="07:00"
    )

    @staticmethod
    def initial_for(stored: QuietHours | None) -> dict[str, Any]:
        """The present values, or a usual night."""
        return {"starts": stored.starts, "ends": stored.ends} if stored else {}


class LimitsForm(forms.Form):
    """How fast pages go out. Bounds are checked by the action, which says why."""

    singles = forms.IntegerField(
        label=_("Single pages"),
        help_text=_("So many pages go to one destination one by one; after that the rest is bundled."),
    )
    window_seconds = forms.IntegerField(
        label=_("Within seconds"), help_text=_("Over how long those pages are counted.")
    )
    hold_seconds = forms.IntegerField(
        label=_("Bundle after seconds"),
        help_text=_("How long the rest of a storm waits for its bundle. A service's first page never waits."),
    )
    expire_minutes = forms.IntegerField(
        label=_("Drop after minutes"),
        help_text=_("A page that could not be sent for so long is dropped: replayed late it would mislead."),
    )

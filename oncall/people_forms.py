"""Input about one's own shifts: asking for cover, leave, reminders, notes, learning along."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import display
from core.forms import offer
from oncall.api.fields import instant
from oncall.forms import people
from oncall.selectors import Exchange
from teams.models import User

_LOCAL = "%Y-%m-%dT%H:%M"
REMINDERS = [
    (10_080, _("A week before")),
    (2880, _("Two days before")),
    (1440, _("A day before")),
    (720, _("12 hours before")),
    (60, _("An hour before")),
    (15, _("15 minutes before")),
]


def moment(label: Any, **options: Any) -> forms.DateTimeField:
    """A date and time of the reader's own zone."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL)
    return forms.DateTimeField(label=label, widget=widget, **options)


class AskForm(forms.Form):
    """Cover for a stretch, from anybody or somebody; or a swap for one of `exchanges`."""

    starts_at = moment(_("From"))
    ends_at = moment(_("Until"))
    offered_to = forms.ModelChoiceField(
        User.objects.none(), label=_("Ask"), required=False, empty_label=_("Anybody in the team")
    )
    back = forms.ChoiceField(
        label=_("In return"),
        required=False,
        help_text=_("A shift you would serve for them. With one chosen this is a swap with its owner."),
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, *args: Any, exchanges: list[Exchange], user_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, offered_to=people().exclude(pk=user_id))
        self.exchanges = {each.value: each for each in exchanges}
        choices: list[tuple[str, Any]] = [("", _("Nothing: cover"))]
        choices += [(value, _exchange_text(each)) for value, each in self.exchanges.items()]
        offer(self, back=choices)

    def asked(self) -> dict[str, Any]:
        """What `oncall.actions.requests.ask` takes; the form must be valid."""
        data = self.cleaned_data
        exchange = self.exchanges.get(data["back"])
        offered = exchange.user.pk if exchange else data["offered_to"].pk if data["offered_to"] else None
        return {
            "window": (data["starts_at"], data["ends_at"]),
            "offered_to_id": offered,
            "back": (exchange.start, exchange.end) if exchange else None,
            "note": data["note"],
        }


def _exchange_text(each: Exchange) -> str:
    start, end = (at.astimezone(each.zone) for at in (each.start, each.end))
    return f"{each.user.name}: {display.day_time_text(start)} – {display.day_time_text(end)}"


class LeaveForm(forms.Form):
    starts_at = moment(_("From"))
    ends_at = moment(_("Until"))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class PreferenceForm(forms.Form):
    remind_minutes = forms.TypedMultipleChoiceField(
        label=_("Remind me"),
        choices=REMINDERS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    handoff_notices = forms.BooleanField(label=_("Tell me when a shift begins and ends"), required=False)


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("What should the next person know?"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    load = forms.TypedChoiceField(
        label=_("How heavy was it?"),
        choices=[("", "–"), (1, _("1 quiet")), (2, "2"), (3, "3"), (4, "4"), (5, _("5 too much"))],
        coerce=int,
        empty_value=None,
        required=False,
    )


class ShadowForm(forms.Form):
    user = forms.ModelChoiceField(User.objects.none(), label=_("Who learns along"))
    follows = forms.ModelChoiceField(
        User.objects.none(), label=_("Follows"), required=False, empty_label=_("Whoever is on call")
    )
    starts_at = moment(_("From"))
    ends_at = moment(_("Until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("user", "follows"):
            offer(self, **{name: people()})


def window_asked(query: Any, now: dt.datetime) -> tuple[dt.datetime | None, dt.datetime | None]:
    """`?start=&end=` of a link to a form; None for what is missing or wrong. Nothing before now."""
    start, end = (instant(str(query.get(name, ""))) for name in ("start", "end"))
    return (max(start, now.replace(second=0, microsecond=0)) if start else None), end

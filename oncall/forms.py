"""Input of the on-call pages; no writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import display
from core.forms import offer
from oncall.calendars.text import MAX_BYTES
from oncall.choices import WEEKDAYS, OnHolidays, OverrideKind, TurnUnit
from oncall.holidays import regions
from oncall.models import Rotation, Schedule
from oncall.rows import numbers, operation, rearranged, whole
from teams.actor import Actor
from teams.forms import zone_names
from teams.models import Team, User

_PEOPLE = User.objects.none()
# What a select sends for a turn that nobody serves.
NOBODY = "nobody"
Turn = list[int] | None


def people() -> Any:
    """Everybody who can serve."""
    return User.objects.active().order_by("name", "pk")


class ScheduleForm(forms.Form):
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"))
    name = forms.CharField(label=_("Name"), max_length=120)
    timezone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        initial="UTC",
        help_text=_("Handoffs happen at this zone's wall time. Type a city to search."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    holiday_region = forms.CharField(
        label=_("Public holidays of"),
        max_length=12,
        required=False,
        help_text=_("A country such as DE, or a part of it such as DE-BY. Rotations can skip its holidays."),
        widget=forms.TextInput(attrs={"list": "regions", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, actor: Actor, schedule: Schedule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if schedule is not None:
            del self.fields["team"]
        else:
            offer(self, team=Team.objects.manageable_by(actor))

    @property
    def zones(self) -> list[str]:
        return zone_names()

    @property
    def regions(self) -> list[str]:
        return sorted(regions())


def windows_of(data: Any) -> list[dict[str, Any]]:
    """Planned empty hours as typed, after the pressed add or remove button."""
    windows: list[dict[str, Any]] = [
        {
            "from": data.get(f"from-{number}", "")[:8],
            "to": data.get(f"to-{number}", "")[:8],
            "days": [day for day in WEEKDAYS if day in data.getlist(f"days-{number}")],
        }
        for number in numbers(data, "window")
    ]
    word, position = operation(data)
    if word == "add":
        return [*windows, {"from": "", "to": "", "days": []}]
    return rearranged(windows, word, position)


def filled_windows(windows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those with times, as the actions take them."""
    kept = [window for window in windows if window["from"] or window["to"]]
    return [{name: value for name, value in window.items() if name != "days" or value} for window in kept]


class CalendarForm(forms.Form):
    """A foreign calendar: its address, or a file that is read once."""

    name = forms.CharField(label=_("Name"), max_length=120)
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        required=False,
        help_text=_("https:// or webcal://. Read every 15 minutes; not shown again."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )
    file = forms.FileField(
        label=_("or a file"),
        required=False,
        help_text=_("An .ics file of at most 2 MB; read once."),
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
    )
    layer = forms.IntegerField(
        label=_("Layer"),
        min_value=0,
        max_value=1000,
        initial=0,
        help_text=_("Its shifts hide those of lower layers and join those of the same."),
    )

    def __init__(self, *args: Any, leave: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if leave:
            del self.fields["layer"]

    def clean_file(self) -> bytes:
        upload = self.cleaned_data.get("file")
        if upload is None:
            return b""
        if upload.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MB."))
        return bytes(upload.read())

    def values(self) -> dict[str, Any]:
        """What the actions take."""
        data = dict(self.cleaned_data)
        content = data.pop("file", b"")
        return {**data, "content": content}


class OverrideForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What happens"), choices=OverrideKind.choices, initial=OverrideKind.TAKE_OVER
    )
    user = forms.ModelChoiceField(_PEOPLE, label=_("Who serves"), required=False)
    replaces = forms.ModelChoiceField(
        _PEOPLE, label=_("Instead of"), required=False, help_text=_("For “replaces” and “is taken off”.")
    )
    starts_at = forms.DateTimeField(label=_("From"), help_text=_("Your time zone."))
    ends_at = forms.DateTimeField(label=_("Until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("user", "replaces"):
            offer(self, **{name: people()})


class RotationForm(forms.Form):
    """A rotation but for its turns, which are rows (see `turns_of`)."""

    name = forms.CharField(label=_("Name"), max_length=120)
    count = forms.IntegerField(label=_("Each turn lasts"), min_value=1, max_value=8784, initial=1)
    unit = forms.ChoiceField(label=_("Unit"), choices=TurnUnit.choices, initial=TurnUnit.WEEK)
    # Texts, because a wall time of the schedule's zone need not exist in the viewer's.
    starts_at = forms.CharField(
        label=_("First turn begins"),
        max_length=30,
        widget=forms.DateTimeInput,
        help_text=_("Wall time of the schedule's zone; may lie in the past."),
    )
    ends_at = forms.CharField(
        label=_("Ends"),
        max_length=30,
        required=False,
        widget=forms.DateTimeInput,
        help_text=_("Nobody serves from then on."),
    )
    layer = forms.IntegerField(
        label=_("Layer"),
        min_value=0,
        max_value=1000,
        initial=0,
        help_text=_("A higher layer hides lower ones while it serves."),
    )
    by_day = forms.MultipleChoiceField(
        label=_("Only on these days"),
        choices=list(WEEKDAYS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    on_holidays = forms.ChoiceField(
        label=_("On public holidays"),
        choices=OnHolidays.choices,
        initial=OnHolidays.SERVE,
        required=False,
        help_text=_("Of the region named in the schedule."),
    )
    hours_from = forms.TimeField(label=_("Only from"), required=False)
    hours_to = forms.TimeField(label=_("to"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days, first = list(WEEKDAYS.items()), display.first_weekday()
        offer(self, by_day=days[first:] + days[:first])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("hours_from")) != bool(data.get("hours_to")):
            self.add_error("hours_to", _("Give both times, or neither."))
        return data

    def values(self, old: Rotation | None, turns: list[Turn]) -> dict[str, Any]:
        """What the actions take. Hours with more windows than the form shows stay as they are."""
        data = self.cleaned_data
        values = {
            "name": data["name"],
            "count": data["count"],
            "unit": data["unit"],
            "layer": data["layer"],
            "by_day": data["by_day"],
            "starts_at": data["starts_at"],
            "ends_at": data["ends_at"],
            "members": turns,
            "on_holidays": data["on_holidays"] or OnHolidays.SERVE,
        }
        if old is None or len(old.restrictions) < 2:
            days = old.restrictions[0].get("days") if old and old.restrictions else None
            values["restrictions"] = self._hours(days)
        return values

    def _hours(self, days: list[str] | None) -> list[dict[str, Any]]:
        start, end = self.cleaned_data["hours_from"], self.cleaned_data["hours_to"]
        if start is None:
            return []
        return [{"from": f"{start:%H:%M}", "to": f"{end:%H:%M}", **({"days": days} if days else {})}]


def rotation_initial(row: Rotation) -> dict[str, Any]:
    """The form's first values for a stored rotation."""
    hours = row.restrictions[0] if len(row.restrictions) == 1 else {}
    return {
        "name": row.name,
        "count": row.count,
        "unit": row.unit,
        "layer": row.layer,
        "by_day": row.by_day,
        "starts_at": row.starts_at[:16],
        "ends_at": row.ends_at[:16],
        "hours_from": hours.get("from"),
        "hours_to": hours.get("to"),
        "on_holidays": row.on_holidays,
    }


def turns_of(data: Any) -> list[Turn]:
    """Turns as typed, after the pressed add, remove or up button. People of a turn share its number."""
    turns = [_turn(data.getlist(f"person-{number}")[:100]) for number in numbers(data, "turn")]
    word, position = operation(data)
    if word == "add":
        return [*turns, []]
    return rearranged(turns, word, position)


def _turn(texts: list[str]) -> Turn:
    users = [pk for text in texts if (pk := whole(text)) is not None]
    return None if not users and NOBODY in texts else users


def shown_turns(turns: Iterable[Turn]) -> list[list[Any]]:
    """Turns as the selects show them."""
    return [[NOBODY] if turn is None else list(turn) for turn in turns]

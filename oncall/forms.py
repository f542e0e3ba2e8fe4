"""Input of the on-call pages; no writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import display
from oncall.actions.policies import StepInput, TargetInput
from oncall.choices import WEEKDAYS, OverrideKind, TargetType, TurnUnit
from oncall.models import EscalationPolicy, Rotation, Schedule
from oncall.rows import numbers, operation, rearranged, whole
from teams.actor import Actor
from teams.forms import zone_names
from teams.models import Team, User

_PEOPLE = User.objects.none()


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

    def __init__(self, *args: Any, actor: Actor, schedule: Schedule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if schedule is not None:
            del self.fields["team"]
        else:
            self.fields["team"].queryset = Team.objects.manageable_by(actor)  # type: ignore[attr-defined]

    @property
    def zones(self) -> list[str]:
        return zone_names()


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
            self.fields[name].queryset = people()  # type: ignore[attr-defined]


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
    hours_from = forms.TimeField(label=_("Only from"), required=False)
    hours_to = forms.TimeField(label=_("to"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days, first = list(WEEKDAYS.items()), display.first_weekday()
        self.fields["by_day"].choices = days[first:] + days[:first]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("hours_from")) != bool(data.get("hours_to")):
            self.add_error("hours_to", _("Give both times, or neither."))
        return data

    def values(self, old: Rotation | None, turns: list[list[int]]) -> dict[str, Any]:
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
    }


def turns_of(data: Any) -> list[list[int]]:
    """Turns as typed, after the pressed add, remove or up button. People of a turn share its number."""
    turns = [
        [pk for text in data.getlist(f"person-{number}")[:100] if (pk := whole(text)) is not None]
        for number in numbers(data, "turn")
    ]
    word, position = operation(data)
    if word == "add":
        return [*turns, []]
    return rearranged(turns, word, position)


class PolicyForm(forms.Form):
    """A policy but for its steps, which are rows (see `steps_of`)."""

    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"))
    name = forms.CharField(label=_("Name"), max_length=120)
    repeat = forms.IntegerField(
        label=_("Further rounds"),
        min_value=0,
        max_value=20,
        initial=1,
        help_text=_("How often the steps start again when nobody has answered."),
    )
    is_default = forms.BooleanField(
        label=_("Default of the team"),
        required=False,
        help_text=_("Used by services of the team that name no policy of their own."),
    )

    def __init__(
        self, *args: Any, actor: Actor, policy: EscalationPolicy | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if policy is not None:
            del self.fields["team"]
            self.fields["is_default"].disabled = policy.is_default
        else:
            self.fields["team"].queryset = Team.objects.manageable_by(actor)  # type: ignore[attr-defined]


def steps_of(data: Any) -> list[StepInput]:
    """Steps as typed, after the pressed add, remove or up button. A delay that is no number becomes -1."""
    steps = []
    for number in numbers(data, "step"):
        delay = whole(data.get(f"delay-{number}", ""))
        named = [_target(text) for text in data.getlist(f"target-{number}")[:100]]
        targets = list(dict.fromkeys(target for target in named if target is not None))
        steps.append(StepInput(-1 if delay is None else delay, targets))
    word, position = operation(data)
    if word == "add":
        return [*steps, StepInput(5, [])]
    return rearranged(steps, word, position)


def _target(text: str) -> TargetInput | None:
    kind, _colon, number = text.partition(":")
    pk = whole(number)
    return TargetInput(kind, pk) if kind in TargetType.values and pk is not None else None


def target_choices(actor: Actor) -> list[tuple[Any, list[tuple[str, str]]]]:
    """(group label, [(value, label)]) of everything a step can page; three statements."""
    schedules = Schedule.objects.visible_to(actor).order_by("name", "pk")
    teams = Team.objects.visible_to(actor)
    return [
        (_("Who is on call"), [(f"schedule:{row.pk}", _("On call in %s") % row.name) for row in schedules]),
        (_("People"), [(f"user:{row.pk}", row.name) for row in people()]),
        (_("Whole teams"), [(f"team:{row.pk}", _("Everybody in %s") % row.name) for row in teams]),
    ]

"""Silences and maintenance windows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts import matching
from alerts.forms.integrations import ServiceForm
from teams.actor import Actor
from teams.choices import TeamRole
from teams.models import Team


def _local_time() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class MatchersField(forms.CharField):
    """Matchers as text; the cleaned value is a list of `Matcher`."""

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget", forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"})
        )
        super().__init__(required=False, max_length=20_000, **options)

    def clean(self, value: Any) -> Any:
        try:
            found = matching.parse(super().clean(value))
            matching.checked(found)
        except matching.MatcherError as error:
            raise forms.ValidationError(str(error)) from error
        return found


class HoldForm(ServiceForm):
    reason = forms.CharField(label=_("Why"), max_length=300)
    starts_at = forms.DateTimeField(label=_("From"), widget=_local_time())
    ends_at = forms.DateTimeField(label=_("Until"), widget=_local_time())

    def values(self) -> dict[str, Any]:
        """What the action takes."""
        data = dict(self.cleaned_data)
        service = data.pop("service")
        return {**data, "service_id": service.pk if service else None}


class SilenceForm(HoldForm):
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Or all services of a team"), required=False)
    matchers = MatchersField(
        label=_("Only alerts that match"),
        help_text=_(
            'One a line: severity="warning" or service=~"web.*" (also != and !~); @title, @severity and @source '
            "stand for the alert itself. Empty: every alert there."
        ),
    )
    field_order = ["service", "team", "matchers", "reason", "starts_at", "ends_at"]

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        self.fields["service"].required = False
        rows = Team.objects.visible_to(actor)
        if not actor.is_admin:
            rows = rows.filter(pk__in=actor.teams_with(TeamRole.MANAGER, TeamRole.RESPONDER))
        field: Any = self.fields["team"]
        field.queryset = rows

    def values(self) -> dict[str, Any]:
        data = super().values()
        team = data.pop("team")
        return {**data, "team_id": team.pk if team else None}


class WindowForm(HoldForm):
    repeat = forms.ChoiceField(
        label=_("Comes again"),
        choices=[
            ("none", _("Once")),
            ("daily", _("Every day")),
            ("weekly", _("Every week")),
            ("monthly", _("Every month")),
        ],
        initial="none",
        help_text=_("At the same time of day in your time zone, also when clocks change."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days, when every week"),
        choices=[
            (0, _("Mon")),
            (1, _("Tue")),
            (2, _("Wed")),
            (3, _("Thu")),
            (4, _("Fri")),
            (5, _("Sat")),
            (6, _("Sun")),
        ],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    repeats_until = forms.DateTimeField(
        label=_("For the last time before"),
        required=False,
        widget=_local_time(),
        help_text=_("At most a year from the start."),
    )

    def values(self) -> dict[str, Any]:
        data = super().values()
        if data["repeat"] != "weekly":
            data["weekdays"] = []
        return data


def first_values(now: dt.datetime, query: dict[str, str]) -> dict[str, Any]:
    """What a new hold begins with; service, team, matchers and reason may come with the address."""
    given = {name: query[name] for name in ("service", "team", "matchers", "reason") if query.get(name)}
    begins = now.replace(second=0, microsecond=0)
    return {"starts_at": begins, "ends_at": begins + dt.timedelta(hours=2), **given}

"""Declaring an incident and moving it through its life."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import offer
from incidents.actions.causes import has_confirmed_cause
from incidents.choices import TRANSITIONS, IncidentStatus, Visibility
from incidents.forms.base import ActorForm, OtherIncidentForm, severity_choices
from incidents.forms.merging import MergedForm
from incidents.models import IncidentType, RoleDefinition
from oncall.models import EscalationPolicy, Schedule
from services.models import Service
from teams.models import Team, User


class DeclareForm(ActorForm):
    title = forms.CharField(label=_("What is wrong?"), max_length=200)
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(), label=_("Affected services"), required=False
    )
    severity = forms.ChoiceField(label=_("Severity"), required=False)
    impact = forms.CharField(
        label=_("Who feels it, and how?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("Team"),
        required=False,
        empty_label=_("The first service's team"),
    )
    page = forms.BooleanField(label=_("Page whoever is on call"), required=False, initial=True)
    kind = forms.BooleanField(label=_("This is a drill"), required=False)
    invited = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("People in the drill"),
        required=False,
        help_text=_("A drill pages these and nobody else."),
    )
    type = forms.ModelChoiceField(
        IncidentType.objects.none(), label=_("Type"), required=False, empty_label=_("Not set")
    )
    ticket = forms.CharField(label=_("Ticket"), required=False, max_length=100)
    source = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    link = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)

    def setup(self) -> None:
        offer(
            self,
            services=Service.objects.visible_to(self.actor),
            invited=User.objects.filter(is_active=True),
            type=IncidentType.objects.filter(active=True),
            team=Team.objects.visible_to(self.actor),
            severity=severity_choices(),
        )

    def values(self) -> dict[str, Any]:
        """Keyword arguments of `declare_incident`."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            "service_ids": [service.pk for service in data["services"]],
            "team_id": data["team"].pk if data["team"] else None,
            "severity": int(data["severity"]) if data["severity"] else None,
            "impact": data["impact"],
            "page": data["page"],
            "kind": "drill" if data["kind"] else "real",
            "invited": [person.pk for person in data["invited"]],
            "source": data["source"],
            "link": data["link"],
            "ticket": data["ticket"],
            "type_key": data["type"].key if data["type"] else None,
        }


class SeverityForm(ActorForm):
    prefill = ("severity",)
    severity = forms.ChoiceField(label=_("Severity"), required=False)
    reason = forms.CharField(label=_("Why"), required=False, max_length=500)

    def setup(self) -> None:
        offer(self, severity=severity_choices())
        if self.incident is not None and self.incident.severity_id is not None:
            self.initial.setdefault("severity", str(self.incident.severity_id))

    def values(self) -> dict[str, Any]:
        chosen = self.cleaned_data["severity"]
        return {"severity": int(chosen) if chosen else None, "reason": self.cleaned_data["reason"]}


class RoleForm(ActorForm):
    prefill = ("role",)
    role = forms.ChoiceField(label=_("Role"))
    user = forms.ModelChoiceField(
        User.objects.none(), label=_("Person"), required=False, empty_label=_("Nobody")
    )
    schedule = forms.ModelChoiceField(
        Schedule.objects.none(),
        label=_("Or whoever is on call in"),
        required=False,
        empty_label=_("No schedule"),
    )

    def setup(self) -> None:
        roles = list(RoleDefinition.objects.values_list("key", "name"))
        offer(self, role=roles)
        offer(self, user=User.objects.filter(is_active=True))
        schedules = Schedule.objects.visible_to(self.actor).order_by("name", "pk")
        offer(self, schedule=schedules)

    def values(self) -> dict[str, Any]:
        user, schedule = self.cleaned_data["user"], self.cleaned_data["schedule"]
        return {
            "role": self.cleaned_data["role"],
            "user_id": user.pk if user else None,
            "schedule_id": schedule.pk if schedule else None,
        }


class NoteForm(ActorForm):
    text = forms.CharField(label=_("Note"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}))
    happened_at = forms.DateTimeField(
        label=_("When it happened"),
        required=False,
        help_text=_("Leave empty for now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def values(self) -> dict[str, Any]:
        return {"text": self.cleaned_data["text"], "happened_at": self.cleaned_data["happened_at"]}


class StatusForm(ActorForm):
    prefill = ("status",)
    status = forms.ChoiceField(label=_("State"))
    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)
    cause = forms.CharField(
        label=_("The cause"),
        required=False,
        max_length=300,
        help_text=_("For “identified”, unless a suspected cause is confirmed already."),
    )
    cause_unknown = forms.BooleanField(label=_("Cause unknown, mitigation known"), required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        assert self.incident is not None
        said = data.get("cause") or data.get("cause_unknown")
        identified = data.get("status") == IncidentStatus.IDENTIFIED
        if identified and not said and not has_confirmed_cause(self.incident):
            self.add_error("cause", _("Name the cause, or say that it is not known."))
        return data

    def setup(self) -> None:
        assert self.incident is not None
        allowed = [s for s in TRANSITIONS[self.incident.status] if s != IncidentStatus.MERGED]
        field: Any = self.fields["status"]
        field.choices = [(s, IncidentStatus(s).label) for s in allowed]
        field.help_text = _("Now: %(state)s.") % {"state": self.incident.get_status_display()}
        if IncidentStatus.IDENTIFIED not in allowed:
            del self.fields["cause"], self.fields["cause_unknown"]


class ReasonForm(ActorForm):
    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)


class EmptyForm(ActorForm):
    """Nothing to fill in: the dialog only asks."""

    def values(self) -> dict[str, Any]:
        return {}


class VisibilityForm(ActorForm):
    visibility = forms.ChoiceField(label=_("Who sees it"), choices=Visibility.choices)
    code_name = forms.CharField(
        label=_("Code name"),
        required=False,
        max_length=60,
        help_text=_("For a restricted one: what mail subjects and lock screens call it."),
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)

    def setup(self) -> None:
        if self.incident is not None:
            self.initial.setdefault("visibility", self.incident.visibility)
            self.initial.setdefault("code_name", self.incident.code_name)

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if data["visibility"] == Visibility.OPEN:
            data["code_name"] = None
        return data


class PageForm(ActorForm):
    users = forms.ModelMultipleChoiceField(User.objects.none(), label=_("People"), required=False)
    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.none(),
        label=_("Or an escalation policy"),
        required=False,
        empty_label=_("This incident's own"),
    )
    text = forms.CharField(label=_("What you need from them"), required=False, max_length=2000)

    def setup(self) -> None:
        offer(self, users=User.objects.filter(is_active=True))
        policies = EscalationPolicy.objects.visible_to(self.actor)
        offer(self, policy=policies)

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "user_ids": [user.pk for user in data["users"]],
            "policy_id": data["policy"].pk if data["policy"] else None,
            "text": data["text"],
        }


class SnoozeForm(ActorForm):
    minutes = forms.TypedChoiceField(
        label=_("For how long"),
        coerce=int,
        choices=[
            (15, _("15 minutes")),
            (30, _("30 minutes")),
            (60, _("1 hour")),
            (240, _("4 hours")),
            (720, _("12 hours")),
        ],
    )


class ImpactForm(MergedForm):
    merged = {"impact": "base"}
    impact = forms.CharField(
        label=_("Impact in one sentence"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(), label=_("Affected services"), required=False
    )
    base = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)

    def setup(self) -> None:
        visible = Service.objects.visible_to(self.actor)
        offer(self, services=visible)
        if self.incident is not None:
            self.initial.setdefault("impact", self.incident.impact)
            self.initial.setdefault("base", self.incident.impact)
            held = self.incident.service_rows.values_list("service_id", flat=True)
            self.initial.setdefault("services", list(held))

    def values(self) -> dict[str, Any]:
        return {
            "impact": self.cleaned_data["impact"],
            "service_ids": [service.pk for service in self.cleaned_data["services"]],
            **self.bases(),
        }


class MergeForm(OtherIncidentForm):
    other_field = "into"
    into = forms.IntegerField(label=_("Number of the incident that goes on"), min_value=1)

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from services.models import Service
from statuspage.choices import INCIDENT_STATUSES, ComponentStatus, Impact, NoticeKind, NoticeStatus
from statuspage.models import Component, StatusPage
from teams.actor import Actor
from teams.models import Team

_WHEN = {"type": "datetime-local"}


class PageForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.SlugField(
        label=_("Address"), max_length=60, required=False, help_text=_("Empty: from the name.")
    )
    description = forms.CharField(label=_("What it is about"), max_length=300, required=False)
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"))

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.manageable_by(actor)  # type: ignore[attr-defined]


class ComponentForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("Description"), max_length=300, required=False)
    service = forms.ModelChoiceField(Service.objects.none(), label=_("Service behind it"), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset = Service.objects.visible_to(actor)  # type: ignore[attr-defined]


class NoticeForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=NoticeKind.choices)
    title = forms.CharField(label=_("Title"), max_length=200)
    body = forms.CharField(label=_("What customers should know"), widget=forms.Textarea(attrs={"rows": 4}))
    impact = forms.ChoiceField(label=_("Impact"), choices=Impact.choices, initial=Impact.MINOR)
    components = forms.ModelMultipleChoiceField(
        Component.objects.none(), label=_("Affected components"), required=False
    )
    component_status = forms.ChoiceField(label=_("Set them to"), required=False)
    scheduled_for = forms.DateTimeField(
        label=_("Planned from"), required=False, widget=forms.DateTimeInput(attrs=_WHEN)
    )
    scheduled_until = forms.DateTimeField(
        label=_("Planned until"), required=False, widget=forms.DateTimeInput(attrs=_WHEN)
    )

    def __init__(self, *args: Any, page: StatusPage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["components"].queryset = page.components.all()  # type: ignore[attr-defined]
        choices = [("", _("Leave as they are")), *ComponentStatus.choices]
        self.fields["component_status"].choices = choices  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["component_ids"] = [row.pk for row in data.pop("components")]
        return data


class UpdateForm(forms.Form):
    status = forms.ChoiceField(label=_("State"))
    body = forms.CharField(label=_("What customers should know"), widget=forms.Textarea(attrs={"rows": 3}))
    component_status = forms.ChoiceField(label=_("Set its components to"), required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = [
            (value, label)
            for value, label in NoticeStatus.choices
            if (value in INCIDENT_STATUSES) == (kind == NoticeKind.INCIDENT)
        ]
        self.fields["status"].choices = mine  # type: ignore[attr-defined]
        choices = [("", _("Leave as they are")), *ComponentStatus.choices]
        self.fields["component_status"].choices = choices  # type: ignore[attr-defined]

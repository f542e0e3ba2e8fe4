from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from services.models import Service
from statuspage.choices import ComponentStatus, Follows
from statuspage.models import Component, ComponentGroup, StatusPage
from teams.actor import Actor


class ComponentForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("Description"), max_length=300, required=False)
    group = forms.ModelChoiceField(
        ComponentGroup.objects.none(), label=_("Group"), required=False, empty_label=_("None")
    )
    follows = forms.ChoiceField(label=_("Its status comes from"), choices=Follows.choices)
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(),
        label=_("Services behind it"),
        required=False,
        help_text=_("For proposals from incidents, and for what it follows. Customers do not see them."),
    )
    showcase = forms.BooleanField(label=_("Show its uptime"), required=False, initial=True)
    only_show_if_degraded = forms.BooleanField(
        label=_("Show it only while something is wrong"), required=False
    )
    start_date = forms.DateField(label=_("Uptime counts from"), required=False)

    def __init__(self, *args: Any, actor: Actor, page: StatusPage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["group"].queryset = page.groups.all()
        fields["services"].queryset = Service.objects.visible_to(actor).order_by("name")

    @staticmethod
    def of(component: Component) -> dict[str, Any]:
        """Initial values."""
        names = ("name", "description", "group", "follows", "showcase", "only_show_if_degraded", "start_date")
        values = {name: getattr(component, name) for name in names}
        return values | {"services": [row.pk for row in component.services.all()]}

    def values(self) -> dict[str, Any]:
        """As the actions take them."""
        data = dict(self.cleaned_data)
        group, services = data.pop("group"), data.pop("services")
        return data | {"group_id": group.pk if group else None, "service_ids": [row.pk for row in services]}


class GroupForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("Description"), max_length=300, required=False)
    folded = forms.BooleanField(label=_("Folded while all is well"), required=False)


class CorrectionForm(forms.Form):
    """Times are in the viewer's zone."""

    component = forms.ModelChoiceField(Component.objects.none(), label=_("Component"))
    since = forms.DateTimeField(label=_("From"), widget=forms.DateTimeInput())
    until = forms.DateTimeField(label=_("To"), widget=forms.DateTimeInput())
    status = forms.ChoiceField(label=_("Count it as"), choices=ComponentStatus.choices)
    reason = forms.CharField(label=_("Why"), max_length=300)

    def __init__(self, *args: Any, page: StatusPage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["component"].queryset = page.components.all()

"""What every form about an incident shares."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident, SeverityLevel
from incidents.selectors import others_for
from teams.actor import Actor


class ActorForm(forms.Form):
    """A form that knows who fills it in and, where there is one, the incident.

    `prefill`: names of fields whose first value may come with the address (`?status=declined`).
    """

    prefill: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, actor: Actor, incident: Incident | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.incident = incident
        self.conflict: dict[str, list[str]] = {}
        self.setup()

    def setup(self) -> None:
        """Narrow choices to what the actor may see."""

    def rebase(self) -> None:
        """Called when somebody else changed the same meanwhile, before the form is shown again; `conflict` has
        what the fields say now."""

    def values(self) -> dict[str, Any]:
        """Keyword arguments of the action behind the form."""
        return dict(self.cleaned_data)


class OtherIncidentForm(ActorForm):
    """A form that asks for another incident's number in the field `other_field`; open ones are offered by title, the
    likeliest first."""

    other_field: ClassVar[str] = ""

    def setup(self) -> None:
        assert self.incident is not None
        self.offered = others_for(self.actor, self.incident)
        self.fields[self.other_field].widget.attrs |= {"list": "offered-incidents", "autocomplete": "off"}


def severity_choices() -> list[tuple[str, str]]:
    return [("", str(_("Not set")))] + [(str(row.rank), str(row)) for row in SeverityLevel.objects.all()]

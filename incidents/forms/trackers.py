"""Forms of connections to issue trackers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.trackers import GITHUB_API
from incidents.models import TrackerConnection
from teams.actor import Actor
from teams.models import Team


class TrackerForm(forms.Form):
    """A repository on GitHub. The token is written here and never read from here."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none())
    project = forms.CharField(
        label=_("Repository"), max_length=200, help_text=_("owner/repository, as in its address.")
    )
    token = forms.CharField(
        label=_("Token"),
        max_length=400,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "A fine-grained personal access token for this repository alone, with “Issues: read and write”."
        ),
    )
    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, help_text=_("Empty means the repository's name.")
    )
    labels = forms.CharField(
        label=_("Labels"),
        max_length=1100,
        required=False,
        help_text=_("Put on every new issue; separated by commas."),
    )
    base_url = forms.CharField(
        label=_("Address of the API"),
        max_length=300,
        required=False,
        initial=GITHUB_API,
        help_text=_("For GitHub Enterprise: https://your-host/api/v3"),
    )
    active = forms.BooleanField(
        label=_("In use"), required=False, initial=True, help_text=_("Off: nothing is written or heard.")
    )

    def __init__(self, *args: Any, actor: Actor, row: TrackerConnection | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if row is not None:
            del self.fields["team"]
            self.fields["token"].required = False
            self.fields["token"].help_text = _("Empty keeps the present one, which ends in %(hint)s.") % {
                "hint": row.token_hint
            }
            return
        del self.fields["active"]
        field: Any = self.fields["team"]
        field.queryset = Team.objects.manageable_by(actor)

    def clean_labels(self) -> list[str]:
        return [part.strip() for part in self.cleaned_data["labels"].split(",") if part.strip()]

    @staticmethod
    def initial_for(row: TrackerConnection) -> dict[str, Any]:
        """The present values, without secrets."""
        return {
            "project": row.project,
            "name": row.name,
            "labels": ", ".join(str(label) for label in row.labels),
            "base_url": row.base_url,
            "active": row.active,
        }


class DisconnectForm(forms.Form):
    confirm = forms.CharField(
        label=_("Repository"), max_length=200, help_text=_("Type its name to remove the connection.")
    )

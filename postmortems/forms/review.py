"""The forms of people, review, meetings, words for customers, templates and defaults."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.models import IncidentType
from postmortems.actions.meetings import MAX_TEXT
from postmortems.actions.people import PEOPLE
from postmortems.actions.publishing import MAX_PUBLIC
from postmortems.actions.review import MAX_NOTE
from postmortems.actions.templates import MAX_APPROVALS, MAX_SECTION
from postmortems.choices import MeetingKind, Part, SectionKey
from postmortems.models import Attendee, PostmortemTemplate, ReviewDefaults
from teams.actor import Actor
from teams.models import Team, User


class _Person(forms.ModelChoiceField):
    """An active person; whether they may see the incident is asked by the action."""

    def __init__(self, label: Any, *, required: bool = False, help_text: Any = "") -> None:
        people = User.objects.filter(is_active=True).order_by("name")
        super().__init__(people, label=label, required=required, help_text=help_text)


def _moment(label: Any, **more: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, **more)


def _text(label: Any, rows: int, limit: int, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=limit, widget=forms.Textarea(attrs={"rows": rows}), **more)


class PeopleForm(forms.Form):
    owner = _Person(_("Owner"))
    owner_backup = _Person(_("Owner's backup"))
    organiser = _Person(_("Retrospective organiser"))
    organiser_backup = _Person(_("Organiser's backup"))
    process_owner = _Person(_("Process-change owner"))
    process_owner_backup = _Person(_("Process-change owner's backup"))

    def values(self) -> dict[str, Any]:
        """The arguments of `set_people`: the fields that were sent."""
        return {
            name: person.pk if (person := self.cleaned_data[name]) else None
            for name in PEOPLE
            if name in self.data
        }


class AttendeeForm(forms.Form):
    user = _Person(_("Person"), required=True)
    part = forms.ChoiceField(label=_("Speaks for"), choices=Part.choices, initial=Part.ENGINEERING)


class ReviewerForm(forms.Form):
    user = _Person(_("Reviewer"), required=True)


class AnswerForm(forms.Form):
    note = _text(_("What has to change"), 3, MAX_NOTE, required=False)
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class MeetingForm(forms.Form):
    kind = forms.ChoiceField(choices=MeetingKind.choices, widget=forms.HiddenInput, required=False)
    starts_at = _moment(_("When"))
    minutes = forms.IntegerField(label=_("Minutes"), min_value=5, max_value=480, initial=60)
    place = forms.CharField(label=_("Place or link"), max_length=300, required=False)
    agenda = _text(_("Agenda"), 10, MAX_TEXT, required=False)


class HoldForm(forms.Form):
    """`attended`: the attendees of a review; a follow-up keeps no ticks."""

    held_at = _moment(_("Held"), required=False)
    attended = forms.ModelMultipleChoiceField(
        Attendee.objects.none(),
        label=_("Who came"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    notes = _text(_("Notes"), 10, MAX_TEXT, required=False)

    def __init__(self, *args: Any, attendees: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["attended"]
        field.queryset = attendees
        field.label_from_instance = lambda row: f"{row.user.name} ({row.get_part_display()})"


class PublicForm(forms.Form):
    text = _text(_("What customers read"), 10, MAX_PUBLIC)


class TemplateForm(forms.Form):
    """A template with one field for each section: `text_<key>`."""

    name = forms.CharField(label=_("Name"), max_length=120)
    team = forms.ModelChoiceField(
        Team.objects.none(), label=_("Team"), required=False, empty_label=_("All teams")
    )
    type = forms.ModelChoiceField(
        IncidentType.objects.all(),
        label=_("Incident type"),
        required=False,
        empty_label=_("Every type"),
    )
    active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(
        self, *args: Any, actor: Actor, row: PostmortemTemplate | None = None, **kwargs: Any
    ) -> None:
        if row is not None:
            known = {"name": row.name, "team": row.team_id, "type": row.type_id, "active": row.active}
            texts = {f"text_{key}": text for key, text in row.sections.items()}
            kwargs["initial"] = known | texts
        super().__init__(*args, **kwargs)
        teams = Team.objects.manageable_by(actor).order_by("name")
        field: Any = self.fields["team"]
        field.queryset = teams
        field.required = not actor.is_admin
        if not actor.is_admin:
            field.empty_label = None
        for key in SectionKey:
            self.fields[f"text_{key}"] = _text(key.label, 4, MAX_SECTION, required=False)

    def texts(self) -> list[Any]:
        """The bound fields of the sections."""
        return [self[f"text_{key}"] for key in SectionKey.values]

    def sections(self) -> dict[str, str]:
        return {key: self.cleaned_data.get(f"text_{key}", "") for key in SectionKey.values}

    def values(self) -> dict[str, Any]:
        """The arguments of `save_template`."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "team_id": data["team"].pk if data["team"] else None,
            "type_id": data["type"].pk if data["type"] else None,
            "active": data["active"],
            "sections": self.sections(),
        }


class DefaultsForm(forms.Form):
    organiser = _Person(_("Retrospective organiser"), help_text=_("Calls the review meeting."))
    organiser_backup = _Person(_("Organiser's backup"))
    process_owner = _Person(
        _("Process-change owner"), help_text=_("Sees that playbooks and runbooks change.")
    )
    process_owner_backup = _Person(_("Process-change owner's backup"))
    approvals_needed = forms.IntegerField(
        label=_("Approvals before reviewed"),
        min_value=0,
        max_value=MAX_APPROVALS,
        initial=1,
        help_text=_("From others than the owner."),
    )

    def __init__(self, *args: Any, row: ReviewDefaults | None = None, **kwargs: Any) -> None:
        if row is not None:
            kwargs["initial"] = {
                name: getattr(row, f"{name}_id", None) for name in DefaultsForm.base_fields
            } | {"approvals_needed": row.approvals_needed}
        super().__init__(*args, **kwargs)

    def values(self) -> dict[str, Any]:
        """The arguments of `save_defaults`."""
        data = dict(self.cleaned_data)
        return {
            name: value if name == "approvals_needed" else (value.pk if value else None)
            for name, value in data.items()
        }

"""Dialogs about what is known of an incident."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import offer
from incidents import details, hooks
from incidents.actions.times import TIMES
from incidents.choices import (
    CriterionKind,
    FieldKind,
    FieldSection,
    ImpactCondition,
    Reach,
    RelationKind,
)
from incidents.forms.base import ActorForm, OtherIncidentForm
from incidents.models import CustomField, IncidentType
from services.models import Service
from teams.models import User

_SEVERAL_LINES = {"rows": 3}


class Moment(forms.DateTimeField):
    """A moment in the viewer's zone."""

    widget = forms.DateTimeInput


class TypeForm(ActorForm):
    type = forms.ModelChoiceField(
        IncidentType.objects.none(), label=_("Type"), required=False, empty_label=_("Not set")
    )

    def setup(self) -> None:
        offer(self, type=IncidentType.objects.filter(active=True))
        if self.incident is not None:
            self.initial.setdefault("type", self.incident.type_id)

    def values(self) -> dict[str, Any]:
        chosen = self.cleaned_data["type"]
        return {"type_key": chosen.key if chosen else None}


class AnswersForm(ActorForm):
    """The custom fields asked of the incident in `sections`, as form fields `f_<key>`.

    A hidden `base_<key>` carries what the writer saw, so that nobody's answer is overwritten unseen.
    """

    sections: tuple[str, ...] = (FieldSection.TRIAGE, FieldSection.DETAILS)

    def setup(self) -> None:
        assert self.incident is not None
        definitions = details.asked(details.definitions(), self.incident)
        self.asked = [field for field in definitions if field.section in self.sections]
        for field in self.asked:
            answer = self.incident.fields.get(field.key)
            name = f"f_{field.key}"
            self.fields[name] = _form_field(field)
            self.initial.setdefault(name, _shown(field, answer))
            self.fields[f"base_{field.key}"] = forms.CharField(required=False, widget=forms.HiddenInput)
            self.initial.setdefault(f"base_{field.key}", str(answer if answer is not None else ""))

    def answers(self) -> dict[str, Any]:
        """Key → answer of the fields in the form; None for one left empty."""
        found: dict[str, Any] = {}
        for field in self.asked:
            value = self.cleaned_data.get(f"f_{field.key}")
            value = value.pk if isinstance(value, User) else value
            found[field.key] = None if value in ("", None, []) else value
        return found

    def values(self) -> dict[str, Any]:
        return {"answers": self._changed(), "base": self._base()}

    def rebase(self) -> None:
        """After a refusal: the writer has now seen the present answers and may overwrite them."""
        assert self.incident is not None
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # what a request sends is a QueryDict
        for field in self.asked:
            answer = self.incident.fields.get(field.key)
            data[f"base_{field.key}"] = str(answer if answer is not None else "")
        self.data = data

    def _changed(self) -> dict[str, Any]:
        """Only what the writer changed, so that untouched answers are nobody's business."""
        assert self.incident is not None
        return {key: value for key, value in self.answers().items() if f"f_{key}" in self.changed_data}

    def _base(self) -> dict[str, Any]:
        """What the writer saw, where it is no longer what is stored."""
        assert self.incident is not None
        seen: dict[str, Any] = {}
        for field in self.asked:
            answer = self.incident.fields.get(field.key)
            saw = self.cleaned_data.get(f"base_{field.key}", "")
            seen[field.key] = answer if saw == str(answer if answer is not None else "") else saw
        return seen


def _shown(field: CustomField, answer: Any) -> Any:
    if field.kind == FieldKind.YES_NO:
        return {True: "yes", False: "no"}.get(answer, "")
    if field.kind == FieldKind.MOMENT and isinstance(answer, str):
        return dt.datetime.fromisoformat(answer)
    return answer


def _form_field(field: CustomField) -> forms.Field:
    shared: dict[str, Any] = {"label": field.label, "help_text": field.help, "required": False}
    options = [(option, option) for option in field.options]
    match field.kind:
        case FieldKind.LONG_TEXT:
            return forms.CharField(max_length=10_000, widget=forms.Textarea(attrs=_SEVERAL_LINES), **shared)
        case FieldKind.NUMBER:
            return forms.FloatField(**shared)
        case FieldKind.CHOICE:
            return forms.ChoiceField(choices=[("", "—"), *options], **shared)
        case FieldKind.CHOICES:
            return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **shared)
        case FieldKind.YES_NO:
            return forms.ChoiceField(choices=[("", "—"), ("yes", _("Yes")), ("no", _("No"))], **shared)
        case FieldKind.MOMENT:
            return Moment(**shared)
        case FieldKind.LINK:
            return forms.URLField(max_length=500, assume_scheme="https", **shared)
        case FieldKind.PERSON:
            return forms.ModelChoiceField(User.objects.filter(is_active=True), empty_label="—", **shared)
        case _:
            return forms.CharField(max_length=300, **shared)


class TimesForm(ActorForm):
    reason = forms.CharField(label=_("Why they are corrected"), required=False, max_length=500)

    def setup(self) -> None:
        assert self.incident is not None
        for name in TIMES:
            label = name.replace("_", " ").capitalize()
            self.fields[name] = Moment(label=label, required=False)
            self.initial.setdefault(name, getattr(self.incident, f"{name}_at"))
        self.order_fields([*TIMES, "reason"])

    def values(self) -> dict[str, Any]:
        assert self.incident is not None
        data = self.cleaned_data
        # A picker knows minutes alone: what was not touched keeps its seconds.
        changed = {
            name: data[name]
            for name in TIMES
            if _minute(data[name]) != _minute(getattr(self.incident, f"{name}_at"))
        }
        return {"times": changed, "reason": data["reason"]}


def _minute(moment: dt.datetime | None) -> dt.datetime | None:
    return moment.replace(second=0, microsecond=0) if moment else None


class HoldForm(ActorForm):
    until = Moment(label=_("Until"))
    reason = forms.CharField(
        label=_("What it waits for"),
        max_length=300,
        help_text=_("A vendor, the next maintenance, a delivery."),
    )


class ImpactRowForm(ActorForm):
    service = forms.ModelChoiceField(
        Service.objects.none(), label=_("Service"), required=False, empty_label=_("The whole")
    )
    condition = forms.ChoiceField(label=_("Condition"), choices=ImpactCondition.choices)
    reach = forms.ChoiceField(label=_("Who feels it"), choices=[("", "—"), *Reach.choices], required=False)
    regions = forms.CharField(
        label=_("Regions"), required=False, max_length=1000, help_text=_("With commas between.")
    )
    segments = forms.CharField(
        label=_("Groups of customers"), required=False, max_length=1000, help_text=_("With commas between.")
    )
    started_at = Moment(label=_("Since"), required=False, help_text=_("Leave empty for now."))
    ended_at = Moment(label=_("Until"), required=False, help_text=_("Leave empty while it lasts."))
    customers = forms.IntegerField(label=_("Customers"), required=False, min_value=0)
    requests_failed = forms.IntegerField(label=_("Failed requests"), required=False, min_value=0)
    tickets = forms.IntegerField(label=_("Tickets"), required=False, min_value=0)
    data_lost = forms.CharField(label=_("Data lost"), required=False, max_length=300)
    note = forms.CharField(label=_("Note"), required=False, max_length=500)

    def setup(self) -> None:
        assert self.incident is not None
        offer(self, service=Service.objects.visible_to(self.actor))
        first = self.incident.service_rows.first()
        self.initial.setdefault("service", first.service_id if first else None)

    def facts(self) -> dict[str, Any]:
        """Everything but the service, as `add_impact` and `edit_impact` take it."""
        data = dict(self.cleaned_data)
        data.pop("service", None)
        for name in ("regions", "segments"):
            data[name] = [word for word in re.split(r"[,;\n]", data[name]) if word.strip()]
        if not data["started_at"]:
            data.pop("started_at")
        return data

    def values(self) -> dict[str, Any]:
        service = self.cleaned_data["service"]
        return {"service_id": service.pk if service else None, **self.facts()}


class CriterionForm(ActorForm):
    kind = forms.ChoiceField(label=_("How it is checked"), choices=CriterionKind.choices)
    text = forms.CharField(
        label=_("What must hold"), required=False, max_length=200, help_text=_("For one that a person ticks.")
    )
    minutes = forms.IntegerField(
        label=_("For how many minutes"), required=False, min_value=0, max_value=1440, initial=10
    )

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        return data | {"minutes": data["minutes"] or 0}


class RelationForm(OtherIncidentForm):
    other_field = "other"
    kind = forms.ChoiceField(
        label=_("It is"),
        choices=[
            ("parent", _("Part of a larger incident")),
            (RelationKind.RELATED, _("Related to another")),
            (RelationKind.DUPLICATE, _("A duplicate of another")),
            ("none", _("No longer related to it")),
        ],
    )
    other = forms.IntegerField(label=_("Number of the other one"), min_value=1, max_value=2**31 - 1)


class MergeInForm(ActorForm):
    numbers = forms.CharField(
        label=_("Numbers of the others"), max_length=300, help_text=_("With commas between: 41, 43, 44.")
    )

    def clean_numbers(self) -> list[int]:
        words = [word.lstrip("#") for word in re.split(r"[\s,;]+", self.cleaned_data["numbers"]) if word]
        if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
            raise forms.ValidationError(_("Numbers alone, with commas between."))
        return [int(word) for word in words]


class WorkaroundForm(ActorForm):
    text = forms.CharField(
        label=_("What keeps it going while the cause remains"),
        required=False,
        max_length=500,
        help_text=_("Leave empty when the cause is gone."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def setup(self) -> None:
        if self.incident is not None:
            self.initial.setdefault("text", self.incident.workaround)


class FeedbackForm(ActorForm):
    rating = forms.TypedChoiceField(
        label=_("How did the response go?"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "—"), (5, _("5, well")), (4, "4"), (3, "3"), (2, "2"), (1, _("1, badly"))],
    )
    went_well = forms.CharField(
        label=_("What went well?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs=_SEVERAL_LINES),
    )
    was_hard = forms.CharField(
        label=_("What was hard?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs=_SEVERAL_LINES),
    )
    anonymous = forms.BooleanField(label=_("Do not show my name"), required=False)

    def setup(self) -> None:
        assert self.incident is not None
        own = self.incident.feedback.filter(user_id=self.actor.user_id or 0).first()
        for name in ("rating", "went_well", "was_hard", "anonymous"):
            if own is not None:
                self.initial.setdefault(name, getattr(own, name))


class ResolveForm(AnswersForm):
    """What was the matter and what ended it, and why it is over although something is in the way."""

    sections = (FieldSection.CLOSING,)

    workaround = forms.CharField(
        label=_("It runs on a workaround"),
        required=False,
        max_length=500,
        help_text=_(
            "Say which, if the cause remains. A follow-up for the lasting repair is then needed to close it."
        ),
    )
    override_reason = forms.CharField(
        label=_("Why it is over although something is in the way"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    public_words = forms.CharField(
        label=_("What customers read at the end"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def setup(self) -> None:
        super().setup()
        assert self.incident is not None
        self.initial.setdefault("workaround", self.incident.workaround)
        last = ("workaround", "public_words", "override_reason")
        names = [name for name in self.fields if name not in last]
        self.order_fields([*names, *last])
        titles = hooks.open_notices(self.incident.pk)
        if titles:
            text = _("Ends the public notice: %(titles)s. Empty: it stays open.")
            self.fields["public_words"].help_text = text % {"titles": ", ".join(titles)}
        else:
            del self.fields["public_words"]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "answers": self._changed(),
            "workaround": data["workaround"],
            "override_reason": data["override_reason"],
            "public_words": data.get("public_words", ""),
        }

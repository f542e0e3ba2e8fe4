from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage.actions import Window, Words
from statuspage.actions.common import MAX_BODY, MAX_TITLE
from statuspage.choices import (
    INCIDENT_STATUSES,
    MAINTENANCE_STATUSES,
    ComponentStatus,
    Impact,
    Language,
    NoticeKind,
    NoticeStatus,
    Repeats,
)
from statuspage.models import Component, Notice, NoticeTemplate, StatusPage

_REMINDERS = ((10_080, _("A week before")), (1440, _("A day before")), (60, _("An hour before")))


def _statuses(kind: str) -> list[tuple[str, Any]]:
    names = INCIDENT_STATUSES[:4] if kind == NoticeKind.INCIDENT else MAINTENANCE_STATUSES
    return [(name, NoticeStatus(name).label) for name in names]


class _Languages(forms.Form):
    """A field more for each further language of the page, by `<name>_<code>`."""

    translated: tuple[str, ...] = ("body",)

    def add_languages(self, page: StatusPage) -> None:
        for code in page.languages[1:]:
            for name in self.translated:
                own = self.fields[name]
                label = f"{own.label} ({Language(code).label})"
                attrs = {"lang": code, **({"rows": 4} if name == "body" else {})}
                self.fields[f"{name}_{code}"] = forms.CharField(
                    label=label,
                    required=False,
                    max_length=getattr(own, "max_length", None),
                    widget=type(own.widget)(attrs=attrs),
                )
        self.codes = page.languages[1:]

    def texts(self, name: str) -> dict[str, str]:
        """Language code → what was written in it."""
        return {code: self.cleaned_data.get(f"{name}_{code}", "") for code in self.codes}

    def foreign(self) -> list[Any]:
        """The fields of further languages."""
        return [self[f"{name}_{code}"] for code in self.codes for name in self.translated]


class _Parts(forms.Form):
    """A choice for each component, by `part_<public id>`: untouched, named, or set to a status."""

    def add_parts(self, components: list[Component], chosen: Mapping[int, str]) -> None:
        self.components = components
        choices = [("", _("Not affected")), ("-", _("Affected, status stays")), *ComponentStatus.choices]
        for row in components:
            self.fields[f"part_{row.public_id}"] = forms.ChoiceField(
                label=row.name, choices=choices, required=False, initial=chosen.get(row.pk, "")
            )

    def parts(self) -> list[Any]:
        """The fields, each with its component as `row`."""
        found: list[Any] = []
        for row in self.components:
            bound: Any = self[f"part_{row.public_id}"]
            bound.row = row
            found.append(bound)
        return found

    def chosen_parts(self) -> tuple[list[int], dict[int, str]]:
        """(keys of all that are named, key → status of those that are set)."""
        given = {row.pk: self.cleaned_data.get(f"part_{row.public_id}", "") for row in self.components}
        return [pk for pk, value in given.items() if value], {
            pk: value for pk, value in given.items() if value and value != "-"
        }


class NoticeForm(_Languages, _Parts):
    """A new notice. Times are in the viewer's zone."""

    translated = ("title", "body")

    title = forms.CharField(label=_("Title"), max_length=MAX_TITLE)
    status = forms.ChoiceField(label=_("Status"))
    body = forms.CharField(
        label=_("What customers should know"), max_length=MAX_BODY, widget=forms.Textarea(attrs={"rows": 5})
    )
    impact = forms.ChoiceField(
        label=_("Impact"),
        required=False,
        choices=[("", _("As its components say")), *list(Impact.choices)[:4]],
    )
    next_update_at = forms.DateTimeField(
        label=_("Next update by"), required=False, widget=forms.DateTimeInput()
    )
    eta_at = forms.DateTimeField(
        label=_("Expected to be solved by"), required=False, widget=forms.DateTimeInput()
    )
    deliver = forms.BooleanField(label=_("Tell subscribers"), required=False, initial=True)

    def __init__(
        self,
        *args: Any,
        page: StatusPage,
        kind: str = NoticeKind.INCIDENT,
        chosen: Mapping[int, str] | None = None,
        template: NoticeTemplate | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        status: Any = self.fields["status"]
        status.choices = _statuses(kind)
        if kind == NoticeKind.MAINTENANCE:
            for name in ("impact", "next_update_at", "eta_at"):
                del self.fields[name]
        self.add_languages(page)
        self.add_parts(list(page.components.all()), chosen or {})
        if template is not None:
            self.initial["title"], self.initial["body"] = template.title, template.body
            self.initial["status"] = template.status
            for code in self.codes:
                self.initial[f"title_{code}"] = template.title_in.get(code, "")
                self.initial[f"body_{code}"] = template.body_in.get(code, "")

    def values(self) -> dict[str, Any]:
        """As `create_notice` takes them."""
        data = self.cleaned_data
        named, statuses = self.chosen_parts()
        return {
            "kind": self.kind,
            "title": data["title"],
            "title_in": self.texts("title"),
            "impact": data.get("impact", ""),
            "component_ids": named,
            "words": Words(
                body=data["body"],
                body_in=self.texts("body"),
                status=data["status"],
                statuses=statuses,
                next_update_at=data.get("next_update_at"),
                eta_at=data.get("eta_at"),
                deliver=data["deliver"],
            ),
        }


class WorkForm(NoticeForm):
    """Planned work."""

    scheduled_for = forms.DateTimeField(label=_("Begins"), widget=forms.DateTimeInput())
    scheduled_until = forms.DateTimeField(label=_("Ends"), widget=forms.DateTimeInput())
    auto_start = forms.BooleanField(label=_("Begin by itself"), required=False, initial=True)
    auto_end = forms.BooleanField(label=_("End by itself"), required=False, initial=True)
    remind = forms.TypedMultipleChoiceField(
        label=_("Remind subscribers"),
        choices=_REMINDERS,
        coerce=int,
        required=False,
        initial=[1440, 60],
        widget=forms.CheckboxSelectMultiple,
    )
    repeats = forms.ChoiceField(label=_("Comes again"), choices=Repeats.choices)
    repeats_until = forms.DateField(label=_("Until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, kind=NoticeKind.MAINTENANCE, **kwargs)
        del self.fields["status"]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        data["status"] = "scheduled"
        window = Window(
            starts_at=data["scheduled_for"],
            ends_at=data["scheduled_until"],
            auto_start=data["auto_start"],
            auto_end=data["auto_end"],
            remind_minutes=data["remind"],
            repeats=data["repeats"],
            repeats_until=data["repeats_until"],
        )
        return super().values() | {"window": window}


class UpdateForm(_Languages, _Parts):
    """More about a notice."""

    status = forms.ChoiceField(label=_("Status"))
    body = forms.CharField(
        label=_("What customers should know"), max_length=MAX_BODY, widget=forms.Textarea(attrs={"rows": 4})
    )
    next_update_at = forms.DateTimeField(
        label=_("Next update by"), required=False, widget=forms.DateTimeInput()
    )
    eta_at = forms.DateTimeField(
        label=_("Expected to be solved by"), required=False, widget=forms.DateTimeInput()
    )
    deliver = forms.BooleanField(label=_("Tell subscribers"), required=False, initial=True)

    def __init__(self, *args: Any, notice: Notice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        status: Any = self.fields["status"]
        status.choices = _statuses(notice.kind)
        if notice.status == "resolved":
            status.choices = [("postmortem", NoticeStatus.POSTMORTEM.label)]
        self.initial.setdefault("status", notice.status)
        if notice.kind == NoticeKind.MAINTENANCE:
            for name in ("next_update_at", "eta_at"):
                del self.fields[name]
        self.add_languages(notice.page)
        named = {row.pk: "-" for row in notice.components.all()}
        self.add_parts(list(notice.page.components.all()), named)

    def words(self) -> Words:
        data = self.cleaned_data
        named, statuses = self.chosen_parts()
        return Words(
            component_ids=named,
            body=data["body"],
            body_in=self.texts("body"),
            status=data["status"],
            statuses=statuses,
            next_update_at=data.get("next_update_at"),
            eta_at=data.get("eta_at"),
            deliver=data["deliver"],
        )


class FromIncidentForm(_Languages, _Parts):
    """A notice from an incident. Nothing is filled in from its internal text."""

    translated = ("title", "body")

    title = forms.CharField(label=_("Title"), max_length=MAX_TITLE)
    body = forms.CharField(
        label=_("What customers should know"), max_length=MAX_BODY, widget=forms.Textarea(attrs={"rows": 5})
    )
    next_update_in_minutes = forms.TypedChoiceField(
        label=_("Next update"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[
            ("", _("As the severity asks")),
            (15, _("in 15 minutes")),
            (30, _("in 30 minutes")),
            (60, _("in an hour")),
            (120, _("in two hours")),
            (0, _("Promise none")),
        ],
    )
    eta_at = forms.DateTimeField(
        label=_("Expected to be solved by"), required=False, widget=forms.DateTimeInput()
    )

    def __init__(
        self, *args: Any, page: StatusPage, chosen: Mapping[int, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.add_languages(page)
        self.add_parts(list(page.components.all()), chosen or {})

    def values(self) -> dict[str, Any]:
        """As `tell_public` takes them."""
        data = self.cleaned_data
        named, statuses = self.chosen_parts()
        return {
            "title": data["title"],
            "title_in": self.texts("title"),
            "body": data["body"],
            "body_in": self.texts("body"),
            "component_ids": named,
            "statuses": statuses,
            "next_update_in_minutes": data["next_update_in_minutes"],
            "eta_at": data["eta_at"],
        }


class BackfillForm(_Languages, _Parts):
    """What happened before anybody wrote it down. Times are in the viewer's zone."""

    translated = ("title",)

    title = forms.CharField(label=_("Title"), max_length=MAX_TITLE)
    began_at = forms.DateTimeField(label=_("Began"), widget=forms.DateTimeInput())
    first_words = forms.CharField(
        label=_("What happened"), max_length=MAX_BODY, widget=forms.Textarea(attrs={"rows": 3})
    )
    ended_at = forms.DateTimeField(label=_("Ended"), widget=forms.DateTimeInput())
    last_words = forms.CharField(
        label=_("What ended it"), max_length=MAX_BODY, widget=forms.Textarea(attrs={"rows": 3})
    )
    impact = forms.ChoiceField(label=_("Impact"), choices=list(Impact.choices)[:4], initial=Impact.MINOR)

    def __init__(self, *args: Any, page: StatusPage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_languages(page)
        self.add_parts(list(page.components.all()), {})

    def values(self) -> dict[str, Any]:
        """As `backfill` takes them."""
        data = self.cleaned_data
        _named, statuses = self.chosen_parts()
        return {
            "title": data["title"],
            "title_in": self.texts("title"),
            "impact": data["impact"],
            "statuses": statuses,
            "updates": [
                (data["began_at"], "investigating", data["first_words"]),
                (data["ended_at"], "resolved", data["last_words"]),
            ],
        }


class MoveForm(forms.Form):
    """Times are in the viewer's zone."""

    scheduled_for = forms.DateTimeField(label=_("Begins"), required=False, widget=forms.DateTimeInput())
    scheduled_until = forms.DateTimeField(label=_("Ends"), widget=forms.DateTimeInput())
    body = forms.CharField(
        label=_("What subscribers read"),
        required=False,
        max_length=MAX_BODY,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Empty: the new times."),
    )


class EditForm(_Languages):
    """Title and impact of a notice."""

    translated = ("title",)

    title = forms.CharField(label=_("Title"), max_length=MAX_TITLE)
    impact = forms.ChoiceField(
        label=_("Impact"),
        required=False,
        choices=[("", _("As its components say")), *list(Impact.choices)[:4]],
    )

    def __init__(self, *args: Any, notice: Notice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_languages(notice.page)
        self.initial = {"title": notice.title, "impact": notice.impact_override} | {
            f"title_{code}": notice.title_in.get(code, "") for code in self.codes
        }
        if notice.kind == NoticeKind.MAINTENANCE:
            del self.fields["impact"]

    def values(self) -> dict[str, Any]:
        found = {"title": self.cleaned_data["title"], "title_in": self.texts("title")}
        return found | ({"impact": self.cleaned_data["impact"]} if "impact" in self.fields else {})


class TemplateForm(_Languages):
    translated = ("title", "body")

    name = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), choices=NoticeKind.choices)
    title = forms.CharField(label=_("Title"), max_length=MAX_TITLE)
    body = forms.CharField(
        label=_("Text"),
        max_length=MAX_BODY,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("{{ components }} and {{ page }} are filled in."),
    )

    def __init__(
        self, *args: Any, page: StatusPage, template: NoticeTemplate | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.add_languages(page)
        if template is not None:
            self.initial = {name: getattr(template, name) for name in ("name", "kind", "title", "body")}
            for code in self.codes:
                self.initial[f"title_{code}"] = template.title_in.get(code, "")
                self.initial[f"body_{code}"] = template.body_in.get(code, "")

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        found = {name: data[name] for name in ("name", "kind", "title", "body")}
        return found | {"title_in": self.texts("title"), "body_in": self.texts("body")}

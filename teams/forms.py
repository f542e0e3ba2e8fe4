"""Input of the settings and entrance pages. Rules of the subject are in the actions."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core import clock
from core.forms import offer
from teams.choices import Scope, TeamRole, TeamVisibility, Theme
from teams.models import Team, User


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        help_text=_("All times are shown in it. Type a city to search."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=lambda: settings.LANGUAGES)
    theme = forms.ChoiceField(label=_("Colour scheme"), choices=Theme.choices, widget=forms.RadioSelect)
    clock_24h = forms.TypedChoiceField(
        label=_("Clock"),
        choices=[("1", _("24 hours (15:04)")), ("0", _("12 hours (3:04 pm)"))],
        coerce=lambda value: value == "1",
    )
    week_starts_monday = forms.TypedChoiceField(
        label=_("Week starts on"),
        choices=[("1", _("Monday")), ("0", _("Sunday"))],
        coerce=lambda value: value == "1",
    )
    single_keys = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("Press ? on any page for the list. They do nothing while you type."),
    )

    @classmethod
    def initial_for(cls, user: User) -> dict[str, Any]:
        values = {name: getattr(user, name) for name in cls.base_fields}
        return values | {name: str(int(values[name])) for name in ("clock_24h", "week_starts_monday")}


def zone_names() -> list[str]:
    """Zones to choose from: places by region, and UTC."""
    return sorted(
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/")
    ) + ["UTC"]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("What will use it, such as “deploy script”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ],
        choices=[
            (Scope.READ, _("Read what you may see")),
            (Scope.RESPOND, _("Respond: declare and work on incidents")),
            (Scope.MANAGE, _("Manage: change schedules, services and other set-up")),
        ],
    )
    team = forms.ModelChoiceField(
        label=_("Only in team"), queryset=Team.objects.none(), required=False, empty_label=_("All my teams")
    )
    days = forms.TypedChoiceField(
        label=_("Expires"),
        coerce=int,
        initial="90",
        choices=[
            ("30", _("In 30 days")),
            ("90", _("In 90 days")),
            ("365", _("In a year")),
            ("0", _("Never")),
        ],
    )

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, team=teams)

    def expires_at(self) -> dt.datetime | None:
        days = self.cleaned_data["days"]
        return clock.now() + dt.timedelta(days=days) if days else None


class TeamForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("What the team looks after"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    visibility = forms.ChoiceField(
        label=_("Who sees its services, schedules and incidents"),
        choices=TeamVisibility.choices,
        initial=TeamVisibility.ORGANISATION,
        widget=forms.RadioSelect,
    )


class NewTeamForm(TeamForm):
    slug = forms.CharField(
        label=_("Address"),
        max_length=60,
        required=False,
        help_text=_("Lower-case letters, digits and hyphens; made from the name when left empty."),
    )
    field_order = ["name", "slug", "description", "visibility"]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=TeamRole.choices, initial=TeamRole.RESPONDER)


class AddMemberForm(RoleForm):
    user = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none(), empty_label=_("Choose"))
    field_order = ["user", "role"]

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, user=people)


class InviteForm(RoleForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_("Left empty, whoever has the link can use it once."),
    )
    name = forms.CharField(label=_("Name"), required=False, max_length=120)
    send = forms.BooleanField(label=_("Send the link by mail as well"), required=False)
    field_order = ["email", "name", "role", "send"]


class PersonInviteForm(InviteForm):
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=Team.objects.none(), required=False, empty_label=_("No team yet")
    )
    field_order = ["email", "name", "team", "role", "send"]

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, team=teams)


class InviteTableForm(forms.Form):
    rows = forms.CharField(
        label=_("Rows"),
        required=False,
        max_length=200_000,
        help_text=_("One person a line: name,email,team,role. Team and role may be empty."),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "mono"}),
    )
    file = forms.FileField(
        label=_("Or a CSV file"), required=False, widget=forms.FileInput(attrs={"accept": ".csv"})
    )
    send = forms.BooleanField(label=_("Send each link by mail as well"), required=False)

    def clean(self) -> dict[str, Any]:
        """`rows` becomes the file's text when a file came."""
        cleaned: dict[str, Any] = super().clean() or {}
        upload = cleaned.get("file")
        if upload is not None:
            if upload.size > 400_000:
                self.add_error("file", _("At most 400 KB."))
                return cleaned
            try:
                cleaned["rows"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _("The file is not UTF-8 text."))
                return cleaned
        if not (cleaned.get("rows") or "").strip():
            self.add_error("rows", _("Paste rows or choose a file."))
        return cleaned


class PersonForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail address"), help_text=_("What the person signs in with."))
    admin = forms.BooleanField(
        label=_("Admin"), required=False, help_text=_("Sees and changes everything, and opens Django admin.")
    )
    support = forms.BooleanField(
        label=_("Support"),
        required=False,
        help_text=_("Works with the live feed: reports from customers and what to tell them."),
    )


class HandoverForm(forms.Form):
    """One choice of a successor for each kind of thing that a leaving person holds."""

    def __init__(self, *args: Any, questions: dict[str, str], people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, question in questions.items():
            self.fields[kind] = forms.ModelChoiceField(
                label=question, queryset=people, empty_label=_("Choose a person")
            )

    def successors(self) -> dict[str, int]:
        return {kind: user.pk for kind, user in self.cleaned_data.items()}


class AuditFilterForm(forms.Form):
    actor = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    verb = forms.CharField(required=False, max_length=60)
    object_type = forms.CharField(required=False, max_length=40)
    object_id = forms.CharField(required=False, max_length=60)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    cursor = forms.IntegerField(required=False, min_value=1, max_value=2**62)


class NewAccountForm(forms.Form):
    """Name and password of somebody who comes in; `email` only where it is not known."""

    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=512,
        strip=False,
        help_text=_("At least 9 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if email:
            del self.fields["email"]


class SetupForm(NewAccountForm):
    code = forms.CharField(
        label=_("One-time code"),
        max_length=100,
        help_text=_("The terminal in which Watchbill runs shows it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    field_order = ["code", "name", "email", "password"]

"""A check, and a place that checks are made from."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from alerts.actions.checks import header_names
from alerts.checks import settings as kinds
from alerts.choices import CheckKind
from alerts.forms.heartbeats import SEVERITY_CHOICES
from alerts.forms.integrations import ServiceForm
from alerts.models import Check, CheckLocation
from alerts.watch.heartbeats import length
from core import clock

INTERVALS: tuple[int, ...] = (20, 30, 60, 120, 300, 600, 900, 1800, 3600, 6 * 3600, 12 * 3600, 86_400)
# A certificate does not end from one minute to the next.
_INTERVAL = 60
_USUAL_INTERVAL: dict[str, int] = {CheckKind.TLS: 6 * 3600, CheckKind.DNS: 300}
_CHOSEN_AT_FIRST = 5
# A worker asks for work every few seconds; one that has not for so long is away.
_AWAY = dt.timedelta(minutes=2)
# Which field of the form an action's field is shown at.
_SHOWN_AT = {
    "interval_seconds": "interval",
    "timeout_seconds": "timeout",
    "location_ids": "locations",
    "service_id": "service",
}
_TARGETS: dict[str, tuple[Any, str, Any]] = {
    CheckKind.HTTP: (_("Address"), "https://shop.example.com/healthz", ""),
    CheckKind.TCP: (_("Host and port"), "db1.example.com:5432", ""),
    CheckKind.TLS: (_("Host and port"), "shop.example.com:443", _("Without a port: 443.")),
    CheckKind.DNS: (_("DNS name"), "shop.example.com", ""),
}


_STATES = {
    "off": _("switched off"),
    "new": _("its worker has not come yet"),
    "away": _("its worker is silent"),
}


def state_of(location: CheckLocation, now: dt.datetime) -> str:
    """off, new (its worker has never asked for work), away or here."""
    if not location.is_active:
        return "off"
    if location.last_seen_at is None:
        return "new"
    return "away" if now - location.last_seen_at > _AWAY else "here"


class _Locations(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        said = _STATES.get(state_of(obj, clock.now()))
        return f"{obj.name} ({said})" if said else str(obj.name)


class CheckForm(ServiceForm):
    """The fields follow the kind: those of every kind, then what `alerts.checks.settings` asks of this one.

    Headers are only written: empty leaves them as they are.
    """

    kind = forms.ChoiceField(label=_("Kind"), choices=CheckKind.choices)
    target = forms.CharField(
        max_length=kinds.MAX_TARGET,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("For example: Shop answers"))
    headers = forms.CharField(
        label=_("Headers"),
        required=False,
        max_length=50_000,
        widget=forms.Textarea(
            attrs={"rows": 2, "class": "textarea mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_(
            "One a line, such as Authorization: Bearer … They are kept encrypted and not shown again."
        ),
    )
    drop_headers = forms.BooleanField(label=_("Remove the headers"), required=False)
    interval = forms.TypedChoiceField(label=_("Check it every"), coerce=int)
    timeout = forms.IntegerField(label=_("Give up after (seconds)"), min_value=1, max_value=60)
    locations = _Locations(
        CheckLocation.objects.none(),
        label=_("From these locations"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least two.")},
    )
    needed = forms.IntegerField(
        label=_("Down when so many see it fail"),
        min_value=2,
        max_value=20,
        help_text=_("At least two: one location that fails alone may have lost its own network."),
    )
    severity = forms.ChoiceField(label=_("When it is down"), choices=SEVERITY_CHOICES)
    field_order = ["kind", "target", "name", "service"]
    manage = True

    def __init__(self, *args: Any, kind: str, check: Check | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown_kind = kind if kind in CheckKind.values else CheckKind.HTTP
        self.setting_names = [each.name for each in kinds.fields_of(self.shown_kind)]
        for each in kinds.fields_of(self.shown_kind):
            self.fields[each.name] = _setting(each)
        target = self.fields["target"]
        target.label, target.widget.attrs["placeholder"], target.help_text = _TARGETS[self.shown_kind]
        self._offer(check)
        if self.shown_kind != CheckKind.HTTP:
            del self.fields["headers"], self.fields["drop_headers"]
        elif check is None or not check.headers_sealed:
            del self.fields["drop_headers"]
        else:
            names = ", ".join(header_names(check))
            self.fields["headers"].help_text = _(
                "Set: %(names)s. What is written here replaces them all; empty leaves them as they are."
            ) % {"names": names}

    def _offer(self, check: Check | None) -> None:
        places: Any = self.fields["locations"]
        rows = CheckLocation.objects.filter(is_active=True)
        present = INTERVALS
        if check is not None:
            rows = rows | CheckLocation.objects.filter(pk__in=[run.location_id for run in check.runs.all()])
            present = tuple(sorted({*INTERVALS, check.interval_seconds}))
        places.queryset = rows
        intervals: Any = self.fields["interval"]
        intervals.choices = [(seconds, length(seconds)) for seconds in present]

    @staticmethod
    def of(check: Check | None, kind: str) -> dict[str, Any]:
        """What the form begins with."""
        if check is None:
            return {
                "kind": kind,
                "interval": _USUAL_INTERVAL.get(kind, _INTERVAL),
                "timeout": 10,
                "needed": 2,
                "severity": "critical",
                "locations": _first_choice(),
                **{each.name: each.default for each in kinds.fields_of(kind)},
            }
        own = check.settings if kind == check.kind else {}
        return {
            "kind": kind,
            "name": check.name,
            "service": check.service_id,
            "target": check.target,
            "interval": check.interval_seconds,
            "timeout": check.timeout_seconds,
            "needed": check.needed,
            "severity": check.severity,
            "locations": [run.location_id for run in check.runs.all()],
            **{each.name: own.get(each.name, each.default) for each in kinds.fields_of(kind)},
        }

    @property
    def of_kind(self) -> list[forms.BoundField]:
        """The fields that only this kind has."""
        return [self[name] for name in self.setting_names]

    def clean_headers(self) -> dict[str, str]:
        """Names and values of the lines."""
        found: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data["headers"].splitlines(), 1):
            name, colon, value = line.partition(":")
            if not line.strip():
                continue
            if not colon or not name.strip():
                raise forms.ValidationError(_("Line %(number)d is not “Name: value”.") % {"number": number})
            if name.strip().lower() in {each.lower() for each in found}:
                raise forms.ValidationError(
                    _("Line %(number)d: this name stands there twice.") % {"number": number}
                )
            found[name.strip()] = value.strip()
        return found

    def fields_of_action(self) -> dict[str, Any]:
        """What `alerts.actions.checks.save_check` takes."""
        data = self.cleaned_data
        found: dict[str, Any] = {
            "name": data["name"],
            "service_id": data["service"].pk,
            "kind": data["kind"],
            "target": data["target"],
            "settings": {name: data[name] for name in self.setting_names},
            "interval_seconds": data["interval"],
            "timeout_seconds": data["timeout"],
            "needed": data["needed"],
            "severity": data["severity"],
            "location_ids": [place.pk for place in data["locations"]],
        }
        if data.get("headers"):
            found["headers"] = data["headers"]
        elif data.get("drop_headers") or data["kind"] != CheckKind.HTTP:
            found["headers"] = {}
        return found

    def refuse(self, errors: dict[str, list[str]], sentence: str = "") -> None:
        """Show what an action refused, at the field it is about."""
        if not errors:
            self.add_error(None, sentence)
        for name, reasons in errors.items():
            last = name.rpartition(".")[2]
            shown = _SHOWN_AT.get(last, last)
            self.add_error(shown if shown in self.fields else None, " ".join(reasons))


def _first_choice() -> list[int]:
    """Locations whose workers work; all when those are too few."""
    active = list(CheckLocation.objects.filter(is_active=True))
    here = [place for place in active if state_of(place, clock.now()) == "here"]
    return [place.pk for place in (here if len(here) > 1 else active)[:_CHOSEN_AT_FIRST]]


def _setting(each: kinds.Field) -> forms.Field:
    named: dict[str, Any] = {"label": each.label, "help_text": each.help, "required": False}
    if each.type == "flag":
        return forms.BooleanField(**named)
    if each.type == "number":
        return forms.IntegerField(**named | {"required": True}, min_value=0, max_value=each.most)
    if each.type == "choice":
        return forms.ChoiceField(
            **named | {"required": True}, choices=[(value, value) for value in each.choices]
        )
    return forms.CharField(
        **named | {"required": bool(each.default)},
        max_length=each.most,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class LocationForm(forms.Form):
    """Where checks are made from."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Where it stands: Frankfurt, office, customer's network")
    )
    is_active = forms.BooleanField(label=_("Checks are made from here"), required=False)

    def refuse(self, errors: dict[str, list[str]], sentence: str) -> None:
        for name, reasons in (errors or {"": [sentence]}).items():
            self.add_error(name if name in self.fields else None, " ".join(reasons))


def began(data: QueryDict, kind: str) -> dict[str, Any]:
    """What was typed so far, to begin the form of another kind with; `shown` names the kind it was typed for."""
    same = data.get("shown") == kind
    names = ("name", "service", "target", "timeout", "needed", "severity", "headers")
    found: dict[str, Any] = {name: data[name] for name in names if name in data}
    found["locations"] = data.getlist("locations")
    usual = str(_USUAL_INTERVAL.get(data.get("shown", ""), _INTERVAL))
    if data.get("interval", usual) != usual or same:
        found["interval"] = data.get("interval")
    if same:
        found |= {
            each.name: each.name in data if each.type == "flag" else data.get(each.name, "")
            for each in kinds.fields_of(kind)
        }
    return found

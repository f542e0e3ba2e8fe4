from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts.mapping import LISTS, TEMPLATES


def _line(label: Any, help_text: Any = "", rows: int = 1, *, required: bool = False) -> forms.CharField:
    shown = {"class": "input mono", "spellcheck": "false"}
    widget = (
        forms.TextInput(shown)
        if rows == 1
        else forms.Textarea({**shown, "class": "textarea mono", "rows": rows})
    )
    return forms.CharField(label=label, required=required, help_text=help_text, widget=widget, strip=False)


class MappingForm(forms.Form):
    """A mapping as fields. Lists are written with commas, labels and links one a line."""

    items = forms.CharField(
        label=_("List of alerts"),
        required=False,
        max_length=300,
        help_text=_("The path of a list with one alert each, such as data.alerts. Empty: the body itself."),
    )
    title = _line(_("Title"), required=True)
    status = _line(_("Status"))
    resolved_values = forms.CharField(
        label=_("Resolved when the status is"),
        required=False,
        max_length=2000,
        help_text=_(
            "With commas between; small and capital letters are the same. Anything else opens an alert."
        ),
    )
    acknowledged_values = forms.CharField(label=_("Acknowledged when it is"), required=False, max_length=2000)
    ignored_values = forms.CharField(label=_("Nothing to do when it is"), required=False, max_length=2000)
    dedup_key = _line(_("Key"), _("What is the same for an alert, its repeats and its end."))
    severity = _line(_("Severity"))
    description = _line(_("Description"), rows=3)
    source = _line(_("Where it comes from"))
    group_key = _line(_("Grouping key"), _("Empty: the key."))
    occurred_at = _line(_("When it happened"), _("ISO 8601, or seconds since 1970."))
    labels = _line(_("Labels"), _("One a line: name = template"), rows=4)
    links = _line(_("Links"), _("One a line: text = template of an address"), rows=2)

    @staticmethod
    def initial_of(mapping: Mapping[str, Any]) -> dict[str, str]:
        """The fields of a mapping."""
        found = {name: str(mapping.get(name, "")) for name in ("items", *TEMPLATES)}
        found |= {name: ", ".join(mapping.get(name, [])) for name in LISTS}
        found["labels"] = "\n".join(f"{name} = {text}" for name, text in mapping.get("labels", {}).items())
        found["links"] = "\n".join(f"{link['text']} = {link['href']}" for link in mapping.get("links", []))
        return found

    def mapping(self) -> dict[str, Any]:
        """What the fields say; `alerts.mapping.check` decides whether it can be used."""
        data = self.cleaned_data
        found: dict[str, Any] = {name: data[name].strip() for name in ("items", *TEMPLATES)}
        found |= {name: [part.strip() for part in data[name].split(",") if part.strip()] for name in LISTS}
        found["labels"] = dict(_pairs(data["labels"]))
        found["links"] = [{"text": text, "href": href} for text, href in _pairs(data["links"])]
        return found

    def blame(self, errors: Mapping[str, list[str]]) -> None:
        """Show reasons at the fields they are about."""
        for path, reasons in errors.items():
            name = next((part for part in path.split(".") if part in self.fields), None)
            shown = path if name and path != name else ""
            for reason in reasons:
                self.add_error(name, f"{shown}: {reason}" if shown else reason)


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    return [(name.strip(), value.strip()) for name, _equals, value in pairs]

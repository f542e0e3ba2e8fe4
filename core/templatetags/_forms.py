"""Fields of Django forms: label, help, control and inline error, tied together for screen readers."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.widgets import DateTimeBaseInput
from django.utils.translation import gettext as _

from core.templatetags._vocabulary import SEVERITIES

DATETIME_FORMAT = "%Y-%m-%dT%H:%M"


def _kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.Select):
        return "select"
    return "textarea" if isinstance(widget, forms.Textarea) else "input"


def _described_by(bound: BoundField) -> str:
    ids = []
    if bound.help_text:
        ids.append(f"{bound.auto_id}_help")
    if bound.errors:
        ids.append(f"{bound.auto_id}_error")
    return " ".join(ids)


def _attrs(bound: BoundField, kind: str, extra: dict[str, Any]) -> dict[str, Any]:
    attrs: dict[str, Any] = {name.replace("_", "-"): value for name, value in extra.items()}
    own_class = str(bound.field.widget.attrs.get("class", ""))
    base = {"input": "input", "select": "select", "textarea": "textarea", "checkbox": "check"}.get(kind, "")
    if base or own_class:
        attrs["class"] = f"{base} {own_class}".strip()
    described = _described_by(bound)
    if described:
        attrs["aria-describedby"] = described
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return attrs


def _time_widget(widget: forms.Widget) -> forms.Widget | None:
    """A native picker for plain Django date and time inputs, whose default is a text box."""
    kinds: tuple[tuple[type[DateTimeBaseInput], str, str], ...] = (
        (forms.DateTimeInput, "datetime-local", DATETIME_FORMAT),
        (forms.DateInput, "date", "%Y-%m-%d"),
        (forms.TimeInput, "time", "%H:%M"),
    )
    for base, input_type, wire_format in kinds:
        if isinstance(widget, base) and "type" not in widget.attrs:
            return base(attrs={**widget.attrs, "type": input_type}, format=wire_format)
    return None


def field(bound: BoundField, label: str = "", help: str = "", css: str = "", **attrs: Any) -> dict[str, Any]:
    """One field of a form with everything around it; further keywords become attributes of the control."""
    widget = bound.field.widget
    kind = _kind(widget)
    return {
        "bound": bound,
        "kind": kind,
        "label": label or bound.label,
        "help": help or bound.help_text,
        "optional": not bound.field.required and kind != "checkbox",
        "control": ""
        if kind == "choices"
        else bound.as_widget(_time_widget(widget), _attrs(bound, kind, attrs)),
        "choices": bound.subwidgets if kind == "choices" else (),
        "described_by": _described_by(bound),
        "css": css,
    }


def form_errors(form: forms.BaseForm) -> dict[str, Any]:
    """The summary above a form: what belongs to no field, and links to the fields to correct."""
    rows = [(bound, error) for bound in form for error in bound.errors if not bound.is_hidden]
    hidden = [error for bound in form.hidden_fields() for error in bound.errors]
    return {"general": [*form.non_field_errors(), *hidden], "rows": rows}


def severity_picker(
    bound: BoundField | None = None, name: str = "severity", value: Any = None
) -> dict[str, Any]:
    """Radio buttons that look like severity chips; takes a field, or a name and the present rank or None."""
    if bound is not None:
        name, value = bound.html_name, bound.value()
    current = "" if value is None else str(value)
    options = [(str(rank), rank, current == str(rank)) for rank in SEVERITIES]
    return {
        "name": name,
        "label": bound.label if bound is not None else _("Severity"),
        "errors": bound.errors if bound is not None else (),
        "options": [*options, ("", None, current == "")],
    }

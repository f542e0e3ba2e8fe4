"""What forms of every room share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet


def offer(form: forms.BaseForm, **fields: Any) -> None:
    """What each of these fields of `form` offers: a queryset, or (value, label) pairs."""
    for name, offered in fields.items():
        field: Any = form.fields[name]
        if isinstance(offered, QuerySet):
            field.queryset = offered
        else:
            field.choices = offered

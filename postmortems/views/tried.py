"""Running an action for a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms

from core.errors import Conflict, InvalidInput
from teams.views.base import attach

T = TypeVar("T")


def applied(form: forms.Form, call: Callable[[dict[str, Any]], T]) -> T | None:
    """Run `call` with the cleaned data; None when the form is not valid or the action refuses what was asked, with the
    reasons in the form. What one may not see or not do at all is raised as everywhere."""
    if not form.is_valid():
        return None
    try:
        return call(form.cleaned_data)
    except (Conflict, InvalidInput) as error:
        attach(form, error)
        return None

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from incidents.forms.base import ActorForm


@dataclass(frozen=True)
class Verb:
    """A dialog: its form, the action behind it and its words."""

    form: type[ActorForm]
    action: Callable[..., Any]
    title: Any
    submit: Any
    note: Any = ""
    danger: bool = False

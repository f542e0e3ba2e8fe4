from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from incidents.forms.base import ActorForm
from incidents.models import Incident
from teams.actor import Actor


@dataclass(frozen=True)
class Verb:
    """A dialog: its form, the action behind it and its words.

    `extra`: a template shown above the fields, with what `extra_context` gives.
    """

    form: type[ActorForm]
    action: Callable[..., Any]
    title: Any
    submit: Any
    note: Any = ""
    danger: bool = False
    extra: str = ""
    extra_context: Callable[[Actor, Incident], dict[str, Any]] | None = None

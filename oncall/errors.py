"""Turning what the rota refuses into errors of the product."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import InvalidInput


def refusal(errors: Mapping[str, str]) -> InvalidInput:
    """`{field: reason}` of `oncall.rota` as an `InvalidInput` with a sentence for each field."""
    name, reason = next(iter(errors.items()))
    return InvalidInput(f"{name} {reason}.", fields={key: [f"{why}."] for key, why in errors.items()})

"""The settings of providers: read often, written seldom, sealed at rest."""

from __future__ import annotations

import json
from typing import Any

from core.crypto import seal, unseal
from notifications.models import ProviderAccount


def settings_of(provider: str) -> dict[str, Any] | None:
    """What the provider needs, opened; None when it is not set up or switched off. One statement."""
    row = ProviderAccount.objects.filter(provider=provider, enabled=True).only("sealed").first()
    return (opened(row) or None) if row is not None else None


def opened(row: ProviderAccount) -> dict[str, Any]:
    """The row's settings in the clear; empty when there are none or the secret key has changed."""
    values: dict[str, Any] = json.loads(unseal(row.sealed) or "{}") if row.sealed else {}
    return values


def sealed(values: dict[str, Any]) -> str:
    """What to store."""
    return seal(json.dumps(values, sort_keys=True))


def all_settings() -> dict[str, dict[str, Any]]:
    """Settings of every provider that is set up and switched on, by name. One statement."""
    rows = ProviderAccount.objects.filter(enabled=True).exclude(sealed="").only("provider", "sealed")
    found = {row.provider: opened(row) for row in rows}
    return {provider: values for provider, values in found.items() if values}

"""Keeps in mind whether a provider takes us, for the page where admins set it up."""

from __future__ import annotations

import datetime as dt

from notifications.channels import KINDS
from notifications.models import ProviderAccount


def fails(provider: str, reason: str, now: dt.datetime) -> None:
    """The provider refuses our settings."""
    ProviderAccount.objects.filter(provider=provider).update(failure=reason[:300], checked_at=now)


def works(channel: str) -> None:
    """Something went out by this channel: whatever was wrong is not any more."""
    kind = KINDS.get(channel)
    if kind is not None and kind.provider:
        ProviderAccount.objects.filter(provider=kind.provider).exclude(failure="").update(failure="")

"""Checks: made on their own page, each with an integration of its own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source


def setup(key: str, base_url: str) -> list[SetupText]:
    """Nothing is to be connected: the product asks by itself."""
    return []


SOURCE = Source(
    kind="check",
    group="own",
    icon="radar",
    words=gettext_lazy(
        "Asked again and again from several places; when it does not answer well, an alert opens."
    ),
    setup=setup,
)

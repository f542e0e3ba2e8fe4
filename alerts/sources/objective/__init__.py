"""Service level objectives: made on their own page, each with an integration of its own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source


def setup(key: str, base_url: str) -> list[SetupText]:
    """Nothing is to be connected: what is good is measured by checks, or pushed to the API."""
    return []


SOURCE = Source(
    kind="objective",
    group="own",
    icon="target",
    words=gettext_lazy(
        "How good a service shall be; when its error budget is spent too fast, an alert opens."
    ),
    setup=setup,
)

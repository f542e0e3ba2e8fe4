"""Heartbeats: made on their own page, each with an integration of its own."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source

_CURL = "curl -fsS -m 10 --retry 3 -o /dev/null {url}"


def setup(key: str, base_url: str) -> list[SetupText]:
    return [SetupText(_("When the job is done"), _CURL.format(url=f"{base_url}/api/v1/heartbeat/{key}/"))]


SOURCE = Source(
    kind="heartbeat",
    group="own",
    icon="heart-pulse",
    words=gettext_lazy("A sign of life that is expected; when it stays away, an alert opens."),
    setup=setup,
)

"""Any JSON: stored as it comes and read with the mapping written on the integration's page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import Event, Headers, SetupText, Source, fail, intake_url

_CURL = """curl -X POST '{url}' \\
  -H 'Content-Type: application/json' \\
  -d '{{"check": "disk", "host": "db1", "state": "failing", "text": "The disk is full"}}'"""


def parse(_payload: Any, _headers: Headers | None = None) -> list[Event]:
    """Without an integration there is no mapping."""
    raise fail("", "There is no mapping yet.")


def setup(key: str, base_url: str) -> list[SetupText]:
    url = intake_url("custom", key, base_url)
    note = _("Send one first; then say on the mapping page what in it is title, status and key.")
    return [SetupText(_("Address"), url), SetupText(_("Try it with curl"), _CURL.format(url=url), note)]


SOURCE = Source(
    kind="custom",
    group="own",
    icon="sliders-horizontal",
    words=gettext_lazy(
        "JSON of any shape: send one, then say what in it is the title, the status and the key."
    ),
    parse=parse,
    bodies=frozenset({"json", "form"}),
    mapped=True,
    setup=setup,
)

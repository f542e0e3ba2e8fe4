"""Grafana Alerting webhook: the Alertmanager body with a title, a message and links per alert.

Signed, when a secret is set there, with an HMAC-SHA256 of the body in hex, or of `<timestamp>:<body>` when a header
for the time is configured.
"""

from __future__ import annotations

from typing import Any

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.alertmanager import event_of
from alerts.sources.base import (
    MAX_ITEMS,
    Event,
    Headers,
    SetupText,
    Source,
    fail,
    intake_url,
    link,
    loose,
    require_object,
)
from alerts.sources.generic import curl
from alerts.sources.signing import hmac_fault

_LINKS = {
    "dashboardURL": "Dashboard",
    "panelURL": "Panel",
    "silenceURL": "Silence in Grafana",
    "imageURL": "Picture",
}
SIGNATURE = "x-grafana-alerting-signature"
TIMESTAMP = "x-grafana-alerting-timestamp"


def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
    """One event for each alert; DatasourceNoData and DatasourceError come as ordinary alert names."""
    body = require_object(payload)
    alerts = body.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        raise fail("alerts", "Must be a list with at least one alert.")
    shared = {name: value for name, value in body.items() if name != "alerts"}
    found = []
    for index, alert in enumerate(alerts[:MAX_ITEMS]):
        item = require_object(alert, f"alerts.{index}")
        event = event_of(item, shared, index)
        links = [each for name, label in _LINKS.items() for each in link(item.get(name), label)]
        description = event.parsed.description or loose(item.get("valueString"), 4000)
        source = event.parsed.source if event.parsed.source != "Alertmanager" else "Grafana"
        parsed = msgspec.structs.replace(
            event.parsed, links=[*event.parsed.links, *links], description=description, source=source
        )
        found.append(Event(parsed, event.raw))
    return found


def verify(body: bytes, headers: Headers, secret: str) -> str:
    """What is wrong with the signature; "" when it is right."""
    stamp = headers.get(TIMESTAMP, "")
    return hmac_fault(f"{stamp}:".encode() + body if stamp else body, headers.get(SIGNATURE, ""), secret)


_TEXT = """Alerting → Contact points → New contact point
Integration:  Webhook
URL:          {url}
HTTP method:  POST"""
_SIGNED = """Webhook settings → HMAC signature
Secret:            the secret set on this page
Signature header:  X-Grafana-Alerting-Signature
Timestamp header:  X-Grafana-Alerting-Timestamp (or empty)"""


def setup(key: str, base_url: str) -> list[SetupText]:
    return [
        SetupText(_("Grafana: contact point"), _TEXT.format(url=intake_url("grafana", key, base_url))),
        SetupText(_("Signed requests, if you want them"), _SIGNED),
        curl(key, base_url),
    ]


SOURCE = Source(
    kind="grafana",
    group="monitoring",
    icon="chart-line",
    words=gettext_lazy("Grafana Alerting, with links to dashboard, panel and silence."),
    parse=parse,
    signature=(SIGNATURE, TIMESTAMP),
    verify=verify,
    secret_help=gettext_lazy(
        "The secret of the contact point's HMAC signature. Once set, only signed alerts come in."
    ),
    setup=setup,
)

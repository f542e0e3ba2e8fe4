"""Copy-paste set-up of each source, with the real address and key in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class SetupText:
    """A block to copy: what it is, and the text."""

    label: str
    text: str

    @property
    def id(self) -> str:
        """Id of the element that holds the text."""
        return "setup-" + hashlib.sha256(self.label.encode()).hexdigest()[:8]


def setup_texts(kind: str, key: str, base_url: str) -> list[SetupText]:
    """What to paste where. `key` may be a placeholder once the real one is no longer known."""
    url = f"{base_url}/api/v1/intake/{kind}/{key}/"
    curl = SetupText(_("Try it with curl"), _CURL.format(url=f"{base_url}/api/v1/intake/generic/{key}/"))
    by_kind = {
        "generic": [],
        "alertmanager": [SetupText(_("alertmanager.yml"), _ALERTMANAGER.format(url=url))],
        "grafana": [SetupText(_("Grafana: contact point"), _GRAFANA.format(url=url))],
        "pagerduty": [
            SetupText(
                _("Any client of PagerDuty Events v2"),
                _PAGERDUTY.format(url=f"{base_url}/compat/pagerduty/v2/enqueue", key=key),
            )
        ],
        "opsgenie": [
            SetupText(
                _("Any client of the Opsgenie alert API"),
                _OPSGENIE.format(url=f"{base_url}/compat/opsgenie/", key=key),
            )
        ],
    }
    return [*by_kind[kind], curl]


_CURL = """curl -X POST '{url}' \\
  -H 'Content-Type: application/json' \\
  -d '{{"title": "Checkout answers slowly", "status": "firing", "severity": "critical"}}'"""

_ALERTMANAGER = """route:
  receiver: watchbill
  group_by: [alertname, service]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 4h

receivers:
  - name: watchbill
    webhook_configs:
      - url: '{url}'
        send_resolved: true"""

_GRAFANA = """Alerting → Contact points → New contact point
Integration: Webhook
URL: {url}
HTTP method: POST"""

_PAGERDUTY = """URL:          {url}
Routing key:  {key}"""

_OPSGENIE = """API URL:  {url}
API key:  {key}"""

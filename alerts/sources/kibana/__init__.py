"""Kibana: a webhook connector with the body of the set-up page, for active and recovered alerts."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source, intake_url
from alerts.sources.generic import curl
from alerts.sources.shipped import mapping_of, parser_of

_CONNECTOR = """Stack Management → Connectors → Create connector → Webhook
Method:          POST
URL:             {url}
Authentication:  None
Header:          Content-Type: application/json"""
_BODY = """{{
  "date": "{{{{date}}}}",
  "severity": "critical",
  "rule": {{
    "id": "{{{{rule.id}}}}", "name": "{{{{rule.name}}}}", "tags": "{{{{rule.tags}}}}",
    "spaceId": "{{{{rule.spaceId}}}}", "url": "{{{{{{rule.url}}}}}}"
  }},
  "alert": {{"id": "{{{{alert.id}}}}", "uuid": "{{{{alert.uuid}}}}", "actionGroup": "{group}"}},
  "context": {{"reason": "{{{{context.reason}}}}"}}
}}"""


def setup(key: str, base_url: str) -> list[SetupText]:
    connector = _CONNECTOR.format(url=intake_url("kibana", key, base_url))
    note = _("Action of the rule: for each alert, on check intervals or status changes.")
    again = _("A second action of the same rule, run when: Recovered.")
    return [
        SetupText(_("Kibana: connector"), connector),
        SetupText(_("Action when the alert is active"), _BODY.format(group="{{alert.actionGroup}}"), note),
        SetupText(_("Action when it has recovered"), _BODY.format(group="recovered"), again),
        curl(key, base_url),
    ]


_MAPPING = mapping_of("kibana")
SOURCE = Source(
    kind="kibana",
    group="monitoring",
    icon="search",
    words=gettext_lazy("Rules of Kibana and Elastic, through a webhook connector with a body to paste."),
    parse=parser_of(_MAPPING),
    mapped=True,
    mapping=_MAPPING,
    setup=setup,
)

"""Zendesk: a webhook with the body of the set-up page, sent by triggers."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source, intake_url
from alerts.sources.generic import curl
from alerts.sources.shipped import mapping_of, parser_of

_WEBHOOK = """Admin Center → Apps and integrations → Webhooks → Create webhook
Connect to:       Trigger or automation
Endpoint URL:     {url}
Request method:   POST
Request format:   JSON
Authentication:   None"""
_TRIGGERS = """Admin Center → Objects and rules → Business rules → Triggers → Create trigger
1. "Tell Watchbill":        Ticket is Created or Updated, Priority is Urgent or High,
                            Status category is less than Solved
2. "Tell Watchbill: over":  Ticket is Updated, Status category changed to Solved
Action of both:             Notify active webhook, with the JSON body below"""
_BODY = """{
  "ticket": {
    "id": "{{ticket.id}}", "title": "{{ticket.title}}", "url": "{{ticket.link}}",
    "status": "{{ticket.status}}", "priority": "{{ticket.priority}}",
    "type": "{{ticket.ticket_type}}", "group": "{{ticket.group.name}}", "tags": "{{ticket.tags}}",
    "updated_at": "{{ticket.updated_at_with_timestamp}}"
  }
}"""


def setup(key: str, base_url: str) -> list[SetupText]:
    chosen = _("Take conditions of your own: every ticket that is sent opens an alert.")
    words = _("The account writes Solved and Closed in its own language; in English they end the alert.")
    return [
        SetupText(_("Zendesk: webhook"), _WEBHOOK.format(url=intake_url("zendesk", key, base_url))),
        SetupText(_("Two triggers"), _TRIGGERS, chosen),
        SetupText(_("Their JSON body"), _BODY, words),
        curl(key, base_url),
    ]


_MAPPING = mapping_of("zendesk")
SOURCE = Source(
    kind="zendesk",
    group="tickets",
    icon="ticket",
    words=gettext_lazy("Tickets of Zendesk that triggers choose, through a webhook with a body to paste."),
    parse=parser_of(_MAPPING),
    mapped=True,
    mapping=_MAPPING,
    setup=setup,
)

"""Freshdesk: a webhook with the body of the set-up page, sent by automation rules."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source, intake_url
from alerts.sources.generic import curl
from alerts.sources.shipped import mapping_of, parser_of

_RULES = """Admin → Workflows → Automations
Ticket creation:  If Priority is Urgent or High
Ticket updates:   When Status is changed, or Priority is changed; if Priority is Urgent or High
Action of both:   Trigger webhook
Request type:     POST
URL:              {url}
Encoding:         JSON
Content:          Advanced, with the body below"""
_BODY = """{
  "freshdesk_webhook": {
    "ticket_id": "{{ticket.id}}", "ticket_subject": "{{ticket.subject}}", "ticket_url": "{{ticket.url}}",
    "ticket_status": "{{ticket.status}}", "ticket_priority": "{{ticket.priority}}",
    "ticket_type": "{{ticket.ticket_type}}", "ticket_group_name": "{{ticket.group.name}}",
    "ticket_tags": "{{ticket.tags}}"
  }
}"""


def setup(key: str, base_url: str) -> list[SetupText]:
    chosen = _("Take conditions of your own: every ticket that is sent opens an alert.")
    words = _("Resolved and Closed end the alert.")
    return [
        SetupText(
            _("Freshdesk: two rules"), _RULES.format(url=intake_url("freshdesk", key, base_url)), chosen
        ),
        SetupText(_("Their content"), _BODY, words),
        curl(key, base_url),
    ]


_MAPPING = mapping_of("freshdesk")
SOURCE = Source(
    kind="freshdesk",
    group="tickets",
    icon="ticket",
    words=gettext_lazy("Tickets of Freshdesk that automation rules choose, with a body to paste."),
    parse=parser_of(_MAPPING),
    mapped=True,
    mapping=_MAPPING,
    setup=setup,
)

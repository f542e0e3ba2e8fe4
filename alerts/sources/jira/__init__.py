"""Jira Service Management: the webhook of a site for issues that are created, updated or deleted."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source, intake_url
from alerts.sources.generic import curl
from alerts.sources.shipped import mapping_of, parser_of

_WEBHOOK = """Jira settings → System → WebHooks → Create a WebHook
URL:              {url}
JQL:              project = SUP AND issuetype = "[System] Incident" AND priority in (Highest, High)
Events (Issue):   created, updated, deleted
Exclude body:     no"""


def setup(key: str, base_url: str) -> list[SetupText]:
    text = _WEBHOOK.format(url=intake_url("jira", key, base_url))
    note = _("Write the JQL for the requests that matter: every issue that is sent opens an alert.")
    over = _("A status of the category Done ends it, whatever its name; so does deleting the issue.")
    return [SetupText(_("Jira: webhook"), text, f"{note} {over}"), curl(key, base_url)]


_MAPPING = mapping_of("jira")
SOURCE = Source(
    kind="jira",
    group="tickets",
    icon="ticket",
    words=gettext_lazy("Requests of Jira Service Management and issues of Jira, through a webhook."),
    parse=parser_of(_MAPPING),
    mapped=True,
    mapping=_MAPPING,
    setup=setup,
)

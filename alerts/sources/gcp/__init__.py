"""Google Cloud Monitoring: a webhook notification channel, schema version 1.2."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source, intake_url
from alerts.sources.generic import curl
from alerts.sources.shipped import mapping_of, parser_of

_TEXT = """Monitoring → Alerting → Edit notification channels → Webhooks → Add new
Endpoint URL:  {url}
Then choose the channel in the notifications of your alerting policies, with “Notify on incident closure”."""


def setup(key: str, base_url: str) -> list[SetupText]:
    text = _TEXT.format(url=intake_url("gcp", key, base_url))
    return [SetupText(_("Google Cloud: notification channel"), text), curl(key, base_url)]


_MAPPING = mapping_of("gcp")
SOURCE = Source(
    kind="gcp",
    group="clouds",
    icon="cloud",
    words=gettext_lazy("Incidents of alerting policies in Google Cloud Monitoring."),
    parse=parser_of(_MAPPING),
    mapped=True,
    mapping=_MAPPING,
    setup=setup,
)

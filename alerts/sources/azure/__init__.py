"""Azure Monitor: action group webhooks with the common alert schema."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source, intake_url
from alerts.sources.generic import curl
from alerts.sources.shipped import mapping_of, parser_of

_TEXT = """Monitor → Alerts → Action groups → Create → Actions
Action type:                     Webhook
URI:                             {url}
Enable the common alert schema:  Yes"""


def setup(key: str, base_url: str) -> list[SetupText]:
    text = _TEXT.format(url=intake_url("azure", key, base_url))
    return [SetupText(_("Azure: action group"), text), curl(key, base_url)]


_MAPPING = mapping_of("azure")
SOURCE = Source(
    kind="azure",
    group="clouds",
    icon="cloud",
    words=gettext_lazy("Alerts of Azure Monitor, with the common alert schema."),
    parse=parser_of(_MAPPING),
    mapped=True,
    mapping=_MAPPING,
    setup=setup,
)

"""One folder a source. A source turns a sender's JSON into `Event`s; it never touches the database."""

from alerts.sources.alertmanager import parse as _alertmanager
from alerts.sources.base import Event, Parsed, Parser, PayloadError
from alerts.sources.generic import parse as _generic
from alerts.sources.grafana import parse as _grafana
from alerts.sources.opsgenie import parse as _opsgenie
from alerts.sources.pagerduty import parse as _pagerduty

PARSERS: dict[str, Parser] = {
    "generic": _generic,
    "alertmanager": _alertmanager,
    "grafana": _grafana,
    "pagerduty": _pagerduty,
    "opsgenie": _opsgenie,
}

__all__ = ["PARSERS", "Event", "Parsed", "PayloadError"]

"""Sentry's integration platform: issue alerts, metric alerts and what becomes of issues.

An issue is one alert, so that resolving it in Sentry resolves it here. A new issue opens nothing by itself: Sentry
sends every one of them; which of them matter is what its alert rules say.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import (
    MAX_DESCRIPTION,
    Event,
    Headers,
    Ignored,
    Parsed,
    SetupText,
    Source,
    fail,
    intake_url,
    key,
    link,
    loose,
    loose_instant,
    require_object,
)
from alerts.sources.generic import curl
from alerts.sources.signing import hmac_fault
from core.text import one_line

SIGNATURE = "sentry-hook-signature"
RESOURCE = "sentry-hook-resource"
_SEVERITIES = {"fatal": "critical", "error": "error", "warning": "warning", "info": "info", "debug": "debug"}
_ISSUE_ACTIONS = {"resolved": "resolve", "archived": "resolve", "ignored": "resolve", "unresolved": "trigger"}
_METRIC_ACTIONS = {"critical": "trigger", "warning": "trigger", "resolved": "resolve"}


def parse(payload: Any, headers: Headers | None = None) -> list[Event]:
    """One event of an issue or metric alert; `Ignored` for what Sentry sends besides."""
    body = require_object(payload)
    data = require_object(body.get("data"), "data")
    action = one_line(loose(body.get("action"), 40), 40)
    resource = (headers or {}).get(RESOURCE) or next(
        (
            name
            for name, has in (("event_alert", "event"), ("metric_alert", "metric_alert"), ("issue", "issue"))
            if has in data
        ),
        "",
    )
    if resource == "event_alert":
        return [Event(_event_alert(data), body)]
    if resource == "metric_alert":
        return [Event(_metric_alert(data, action), body)]
    if resource == "issue":
        return [Event(_issue(data, action), body)]
    if resource in ("installation", "error", "comment", "activity_alert", "seer"):
        raise Ignored(f"Sentry's {resource.replace('_', ' ')}: nothing to open")
    raise fail("data", "Must hold an event, a metric_alert or an issue.")


def _event_alert(data: dict[str, Any]) -> Parsed:
    event = require_object(data.get("event"), "data.event")
    issue = _id(event.get("issue_id"), "data.event.issue_id")
    rule = one_line(loose(data.get("triggered_rule"), 200), 200)
    tags = event.get("tags")
    found = {
        one_line(loose(pair[0], 200), 200): one_line(loose(pair[1], 1000), 1000)
        for pair in (tags[:50] if isinstance(tags, list) else ())
        if isinstance(pair, list) and len(pair) == 2
    }
    return Parsed(
        action="trigger",
        dedup_key=f"issue:{issue}",
        group_key=f"issue:{issue}",
        title=_title(event),
        description=loose(event.get("culprit") or event.get("location"), MAX_DESCRIPTION),
        severity=_SEVERITIES.get(loose(event.get("level"), 40), "error"),
        source=one_line(loose(event.get("platform"), 100), 100) or "Sentry",
        labels=found | ({"rule": rule} if rule else {}),
        links=link(event.get("web_url"), "Sentry"),
        occurred_at=loose_instant(event.get("datetime")),
    )


def _metric_alert(data: dict[str, Any], action: str) -> Parsed:
    alert = require_object(data.get("metric_alert"), "data.metric_alert")
    if action not in _METRIC_ACTIONS:
        raise fail("action", "Must be critical, warning or resolved.")
    number = _id(alert.get("id"), "data.metric_alert.id")
    rule = alert.get("alert_rule")
    name = loose(rule.get("name"), 300) if isinstance(rule, dict) else ""
    return Parsed(
        action=_METRIC_ACTIONS[action],
        dedup_key=f"metric:{number}",
        group_key=f"metric:{number}",
        title=one_line(
            loose(data.get("description_title"), 300) or loose(alert.get("title"), 300) or name, 300
        )
        or "Sentry metric alert",
        description=loose(data.get("description_text"), MAX_DESCRIPTION),
        severity=action if action != "resolved" else "",
        source="Sentry",
        labels={"rule": one_line(name, 300)} if name else {},
        links=link(data.get("web_url"), "Sentry"),
        occurred_at=loose_instant(alert.get("date_started")),
    )


def _issue(data: dict[str, Any], action: str) -> Parsed:
    issue = require_object(data.get("issue"), "data.issue")
    number = _id(issue.get("id"), "data.issue.id")
    if action not in _ISSUE_ACTIONS:
        raise Ignored(f"An issue was {action or 'changed'}: only an alert rule of Sentry opens an alert")
    project = issue.get("project")
    name = loose(project.get("slug"), 200) if isinstance(project, dict) else ""
    return Parsed(
        action=_ISSUE_ACTIONS[action],
        dedup_key=f"issue:{number}",
        group_key=f"issue:{number}",
        title=_title(issue),
        description=loose(issue.get("culprit"), MAX_DESCRIPTION),
        severity=_SEVERITIES.get(loose(issue.get("level"), 40), "error"),
        source=one_line(name, 300) or "Sentry",
        labels={"project": one_line(name, 300)} if name else {},
        links=link(issue.get("permalink") or issue.get("web_url"), "Sentry"),
        occurred_at=loose_instant(issue.get("lastSeen")),
    )


def _title(of: dict[str, Any]) -> str:
    return one_line(loose(of.get("title"), 300), 300) or "Sentry issue"


def _id(value: Any, field: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise fail(field, "Is required.")
    return key(str(value), 400)


def verify(body: bytes, headers: Headers, secret: str) -> str:
    """What is wrong with the signature; "" when it is right."""
    return hmac_fault(body, headers.get(SIGNATURE, ""), secret)


_TEXT = """Settings → Custom Integrations → Create New Integration → Internal Integration
Webhook URL:        {url}
Alert Rule Action:  on
Permissions:        Issue & Event: Read
Webhooks:           issue"""


def setup(key: str, base_url: str) -> list[SetupText]:
    text = _TEXT.format(url=intake_url("sentry", key, base_url))
    note = _("With “issue”, resolving in Sentry resolves here. New issues open nothing by themselves.")
    rule = "Alerts → Create Alert → … → Then perform these actions:\nSend a notification via Watchbill"
    secret = _(
        "Copy the client secret into this integration's settings: then only signed requests become alerts."
    )
    return [
        SetupText(_("Sentry: internal integration"), text, note),
        SetupText(_("Sentry: alert rule"), rule, secret),
        curl(key, base_url),
    ]


SOURCE = Source(
    kind="sentry",
    group="errors",
    icon="bug",
    words=gettext_lazy("Issue and metric alerts of Sentry; resolved there is resolved here."),
    parse=parse,
    headers=(RESOURCE,),
    signature=(SIGNATURE,),
    verify=verify,
    secret_help=gettext_lazy(
        "The client secret of the internal integration. Once set, only signed alerts come in."
    ),
    setup=setup,
)

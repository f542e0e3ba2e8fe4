"""CloudWatch alarms as SNS delivers them: the alarm's JSON is the `Message` of a signed envelope.

What SNS itself needs (signature, subscription) is `alerts.intake.sns`; here an alarm becomes an event.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import (
    MAX_DESCRIPTION,
    Event,
    Headers,
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
from core.text import one_line

_ACTIONS = {"ALARM": "trigger", "OK": "resolve", "INSUFFICIENT_DATA": "trigger"}


def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
    """One event of an alarm or composite alarm. Too little data is a warning, unless the alarm was on before."""
    alarm = require_object(payload)
    name, state = alarm.get("AlarmName"), alarm.get("NewStateValue")
    if not isinstance(name, str) or not name.strip():
        raise fail("AlarmName", "Is required: only alarms of CloudWatch are understood.")
    if not isinstance(state, str) or state not in _ACTIONS:
        raise fail("NewStateValue", "Must be ALARM, OK or INSUFFICIENT_DATA.")
    account, region = loose(alarm.get("AWSAccountId"), 60), loose(alarm.get("Region"), 100)
    arn = loose(alarm.get("AlarmArn"), 2000).strip()
    dedup = key(arn or f"{account}:{region}:{name}")
    unsure = state == "INSUFFICIENT_DATA" and alarm.get("OldStateValue") != "ALARM"
    parsed = Parsed(
        action=_ACTIONS[state],
        dedup_key=dedup,
        group_key=dedup,
        title=one_line(name, 300),
        description="\n\n".join(
            text
            for text in (
                loose(alarm.get("AlarmDescription"), 5000),
                loose(alarm.get("NewStateReason"), 8000),
            )
            if text
        )[:MAX_DESCRIPTION],
        severity="warning" if unsure else "critical",
        source=one_line(f"CloudWatch {region}", 300).strip(),
        labels=_labels(alarm, account, region, state),
        links=_console(arn, name),
        occurred_at=loose_instant(alarm.get("StateChangeTime")),
    )
    return [Event(parsed, alarm)]


def _labels(alarm: dict[str, Any], account: str, region: str, state: str) -> dict[str, str]:
    found = {"account": account, "region": region, "state": state, "alarm": one_line(alarm["AlarmName"], 300)}
    trigger = alarm.get("Trigger")
    if isinstance(trigger, dict):
        found |= {
            "metric": loose(trigger.get("MetricName"), 300),
            "namespace": loose(trigger.get("Namespace"), 300),
        }
        dimensions = trigger.get("Dimensions")
        for item in dimensions[:30] if isinstance(dimensions, list) else ():
            if isinstance(item, dict) and item.get("name"):
                found[one_line(loose(item["name"], 200), 200)] = one_line(
                    loose(item.get("value"), 1000), 1000
                )
    if alarm.get("AlarmRule"):
        found["rule"] = loose(alarm["AlarmRule"], 1000)
    return {label: value for label, value in found.items() if value}


def _console(arn: str, name: str) -> list[dict[str, str]]:
    parts = arn.split(":")
    region = parts[3] if len(parts) > 6 and parts[2] == "cloudwatch" else ""
    if not region.replace("-", "").isalnum():
        return []
    where = "console.amazonaws.cn" if parts[1] == "aws-cn" else "console.aws.amazon.com"
    address = (
        f"https://{region}.{where}/cloudwatch/home?region={region}#alarmsV2:alarm/{quote(name, safe='')}"
    )
    return link(address, "CloudWatch")


_TOPIC = re.compile(r"^arn:aws[a-z-]{0,10}:sns:[a-z0-9-]{1,30}:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$")
MOST_TOPICS = 20


def settings(value: Any) -> dict[str, Any]:
    """`topics`: only these may post, and are confirmed at once. `raw_delivery`: unsigned messages are taken."""
    given = require_object(value, "settings")
    if unknown := sorted(set(given) - {"topics", "raw_delivery"}):
        raise fail(f"settings.{unknown[0][:100]}", "There is no such setting.")
    found: dict[str, Any] = {}
    if "topics" in given:
        topics = given["topics"]
        if not isinstance(topics, list) or len(topics) > MOST_TOPICS:
            raise fail("settings.topics", f"Must be a list of at most {MOST_TOPICS} topics.")
        if wrong := [topic for topic in topics if not isinstance(topic, str) or not _TOPIC.match(topic)]:
            raise fail("settings.topics", f"“{str(wrong[0])[:80]}” is not the ARN of a topic.")
        found["topics"] = topics
    if "raw_delivery" in given:
        if not isinstance(given["raw_delivery"], bool):
            raise fail("settings.raw_delivery", "Must be true or false.")
        found["raw_delivery"] = given["raw_delivery"]
    return found


def is_topic(arn: str) -> bool:
    """Whether this is the address of a topic of SNS."""
    return _TOPIC.match(arn) is not None


_TEXT = """aws sns subscribe --topic-arn TOPIC_ARN \\
  --protocol https \\
  --notification-endpoint '{url}'"""
_ALARM = """aws cloudwatch put-metric-alarm … \\
  --alarm-actions TOPIC_ARN --ok-actions TOPIC_ARN"""


def setup(key: str, base_url: str) -> list[SetupText]:
    text = _TEXT.format(url=intake_url("cloudwatch", key, base_url))
    note = _("SNS then asks for a confirmation, which shows up on this page with a button.")
    return [
        SetupText(_("Subscribe to a topic of SNS"), text, note),
        SetupText(
            _("Let alarms notify the topic"), _ALARM, _("With the OK action, alerts resolve by themselves.")
        ),
    ]


SOURCE = Source(
    kind="cloudwatch",
    group="clouds",
    icon="cloud",
    words=gettext_lazy("Alarms of Amazon CloudWatch, over a topic of SNS. Signatures are checked."),
    parse=parse,
    quick=False,
    setup=setup,
    settings=settings,
)

"""Alerts as nine kinds of monitors post them: each condition opens, repeats and resolves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Of eighteen requests so many come from each; Prometheus posts most, as it does in most houses.
SHARES = {
    "alertmanager": 6,
    "grafana": 3,
    "generic": 2,
    "datadog": 2,
    "pagerduty": 1,
    "opsgenie": 1,
    "zabbix": 1,
    "uptime_kuma": 1,
    "nagios": 1,
}
# A condition repeats and resolves so many conditions after it has opened.
LAG = 600
COMPONENTS = 400
_PAYLOADS = Path(__file__).parents[1] / "alerts" / "payloads"


def _stored(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_PAYLOADS / name).read_text(encoding="utf-8"))
    return found


def _labels(number: int) -> dict[str, str]:
    return {
        "alertname": f"Condition{number % 40}",
        "component": f"c-{number % COMPONENTS}",
        "instance": f"web-{number}:9100",
        "job": "node",
        "severity": "critical" if number % 3 else "warning",
    }


def _prometheus(body: dict[str, Any], number: int, open_: bool) -> dict[str, Any]:
    labels, state = _labels(number), "firing" if open_ else "resolved"
    row = {**body["alerts"][0], "labels": labels, "status": state, "fingerprint": f"{number:016x}"}
    key = f'{{}}/{{}}:{{alertname="{labels["alertname"]}", component="{labels["component"]}"}}'
    return {**body, "status": state, "alerts": [row], "groupKey": key, "commonLabels": labels}


def _datadog(body: dict[str, Any], number: int, open_: bool) -> dict[str, Any]:
    tags = ",".join(f"{name}:{value}" for name, value in _labels(number).items() if name != "instance")
    kind = {
        "transition": "Triggered" if open_ else "Recovered",
        "alert_type": "error" if open_ else "success",
    }
    return {**body, **kind, "cycle_key": f"c{number}", "aggreg_key": f"a{number}", "tags": tags}


def _uptime_kuma(body: dict[str, Any], number: int, open_: bool) -> dict[str, Any]:
    beat = {**body["heartbeat"], "monitorID": number, "status": 0 if open_ else 1}
    tags = [{"tag_id": 1, "name": "component", "value": f"c-{number % COMPONENTS}"}]
    return {**body, "heartbeat": beat, "monitor": {**body["monitor"], "id": number, "tags": tags}}


def _zabbix(body: dict[str, Any], number: int, open_: bool) -> dict[str, Any]:
    tags = json.dumps([{"tag": "component", "value": f"c-{number % COMPONENTS}"}])
    value = {} if open_ else {"recovery_id": str(900_000 + number)}
    event = {"event_id": str(number), "event_value": "1" if open_ else "0", "trigger_id": str(number)}
    return {**body, **event, **value, "tags": tags, "host": f"db{number}"}


def _body(kind: str, stored: dict[str, Any], number: int, open_: bool) -> dict[str, Any]:
    labels = _labels(number)
    if kind in ("alertmanager", "grafana"):
        return _prometheus(stored, number, open_)
    if kind == "datadog":
        return _datadog(stored, number, open_)
    if kind == "uptime_kuma":
        return _uptime_kuma(stored, number, open_)
    if kind == "zabbix":
        return _zabbix(stored, number, open_)
    if kind == "nagios":
        state = {} if open_ else {"NOTIFICATIONTYPE": "RECOVERY", "SERVICESTATE": "OK"}
        return {**stored, **state, "HOSTNAME": f"db{number}"}
    if kind == "pagerduty":
        event = {"event_action": "trigger" if open_ else "resolve", "dedup_key": str(number)}
        return {**stored, **event, "payload": {**stored["payload"], "custom_details": labels}}
    if kind == "opsgenie":
        return {**stored, "alias": str(number), "details": labels}
    return {
        "title": f"Disk of db-{number} is full",
        "dedup_key": str(number),
        "status": "firing" if open_ else "resolved",
        "severity": labels["severity"],
        "labels": labels,
    }


_FILES = {
    "alertmanager": "alertmanager_mixed.json",
    "grafana": "grafana_firing.json",
    "datadog": "datadog/open.json",
    "pagerduty": "pagerduty_trigger.json",
    "opsgenie": "opsgenie_create.json",
    "zabbix": "zabbix/open.json",
    "uptime_kuma": "uptime_kuma/open.json",
    "nagios": "nagios/open.json",
}


def requests(keys: dict[str, list[str]], count: int) -> Iterator[tuple[str, bytes]]:
    """`count` requests: by turns a condition opens, an older one repeats, a still older one resolves.

    `keys`: integration keys by kind; a condition always comes over the same one. What would repeat or resolve before
    it has opened opens another condition instead.
    """
    stored = {kind: _stored(name) for kind, name in _FILES.items()}
    turns = [kind for kind, share in SHARES.items() for _each in range(share)]
    for slot in range(count):
        number, phase = divmod(slot, 3)
        behind = number - phase * LAG
        subject, open_ = (behind, phase < 2) if behind >= 0 else (1_000_000 + slot, True)
        kind = turns[subject % len(turns)]
        if kind == "opsgenie" and not open_:
            # Closing has an address of its own there.
            open_ = True
        own = keys[kind]
        body = _body(kind, stored.get(kind, {}), subject, open_)
        yield f"/api/v1/intake/{kind}/{own[subject // len(turns) % len(own)]}/", json.dumps(body).encode()

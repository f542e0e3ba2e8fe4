"""GitLab's webhooks: deployments, pipelines and releases become changes, never alerts.

Of a deployment or a pipeline its end counts; a pipeline on the project's default branch alone.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import (
    Event,
    Headers,
    Ignored,
    Parsed,
    SetupText,
    Source,
    fail,
    fingerprint,
    intake_url,
    link,
    loose_instant,
    require_object,
)
from alerts.sources.changes import change, delivery_of, first_line, maybe, word
from core.crypto import digest
from services.choices import ChangeKind

EVENT = "x-gitlab-event"
SIGNATURE = "x-gitlab-token"
DELIVERY = "idempotency-key"
EVENT_UUID = "x-gitlab-event-uuid"
_ENDED = {"success": "succeeded", "failed": "failed", "canceled": "was cancelled"}
# 2021-04-28 21:50:00 +0200, 2016-08-12 15:23:28 UTC
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d) ?(UTC|[+-]\d\d:?\d\d)")
Body = dict[str, Any]


def parse(payload: Any, headers: Headers | None = None) -> list[Event]:
    """One change; `Ignored` for what GitLab sends besides, `PayloadError` for what is not as GitLab sends it."""
    body = require_object(payload)
    given = headers or {}
    kind = maybe(body, "object_kind", 60).lower() or given.get(EVENT, "").strip().lower()
    if not kind:
        raise fail("object_kind", "Is required: is it GitLab that sends?")
    read = _EVENTS.get(kind)
    if read is None:
        raise Ignored(f"GitLab's {kind.replace('_', ' ')[:60]} is no change: nothing is recorded")
    project = require_object(body.get("project"), "project")
    return [Event(read(body, project, _delivery(given, body)), body)]


def _delivery(given: Headers, body: Body) -> str:
    """`Idempotency-Key` stays the same when GitLab tries again. Before 17.4 there is none; the UUID of an event is
    shared by all that follow from one another, so the body tells them apart."""
    uuid = given.get(EVENT_UUID, "").strip()
    return delivery_of(given.get(DELIVERY), fingerprint(uuid, body) if uuid else None, body=body)


def _deployment(body: Body, project: Body, delivery: str) -> Parsed:
    status = word(body, "status", "").lower()
    if status not in _ENDED:
        raise Ignored(f"A deployment is {status[:40]}: how it ends is recorded")
    environment = word(body, "environment", "")
    ref, sha = maybe(body, "ref"), maybe(body, "short_sha", 40)
    what = f"{ref} ({sha})" if ref and sha not in ("", ref) else ref or sha or "a commit"
    text = first_line(maybe(body, "commit_title"))
    return _change(
        ChangeKind.DEPLOY,
        f"Deployment of {what} to {environment} {_ENDED[status]}" + (f": {text}" if text else ""),
        project,
        delivery,
        at=body.get("status_changed_at"),
        links=[
            *link(body.get("environment_external_url"), environment),
            *link(body.get("deployable_url"), "Job"),
            *link(body.get("commit_url"), sha or "Commit"),
        ],
        environment=environment,
        tier=maybe(body, "environment_tier", 40),
    )


def _pipeline(body: Body, project: Body, delivery: str) -> Parsed:
    facts = require_object(body.get("object_attributes"), "object_attributes")
    status = word(facts, "status", "object_attributes").lower()
    ref = word(facts, "ref", "object_attributes")
    branch = word(project, "default_branch", "project")
    asked = facts.get("tag") is True or maybe(facts, "source", 60) == "merge_request_event"
    if ref != branch or asked:
        raise Ignored(f"A pipeline of something else than {branch}")
    if status not in ("success", "failed"):
        raise Ignored(f"A pipeline is {status[:40]}: only success and failure are recorded")
    number = word(facts, "id", "object_attributes", 20)
    commit = body.get("commit")
    text = maybe(commit, "title") or first_line(maybe(commit, "message", 1000))
    url = facts.get("url") or f"{maybe(project, 'web_url', 1000)}/-/pipelines/{number}"
    return _change(
        ChangeKind.CODE,
        f"Pipeline #{number} on {branch} {_ENDED[status]}" + (f": {text}" if text else ""),
        project,
        delivery,
        at=facts.get("finished_at"),
        links=link(url, f"Pipeline #{number}"),
        branch=branch,
    )


def _release(body: Body, project: Body, delivery: str) -> Parsed:
    action = word(body, "action", "").lower()
    if action != "create":
        raise Ignored(f"A release: {action[:40]}. Only a new one is recorded")
    tag = word(body, "tag", "")
    name = maybe(body, "name")
    return _change(
        ChangeKind.DEPLOY,
        f"Release {tag} published" + (f": {name}" if name not in ("", tag) else ""),
        project,
        delivery,
        at=body.get("released_at") or body.get("created_at"),
        links=link(body.get("url"), tag),
        tag=tag,
    )


# By `object_kind`, or by the header where a body has none.
_EVENTS: dict[str, Callable[[Body, Body, str], Parsed]] = {
    "deployment": _deployment,
    "deployment hook": _deployment,
    "pipeline": _pipeline,
    "pipeline hook": _pipeline,
    "release": _release,
    "release hook": _release,
}


def _change(
    kind: str,
    summary: str,
    project: Body,
    delivery: str,
    *,
    at: Any,
    links: list[dict[str, str]],
    **labels: str,
) -> Parsed:
    name = word(project, "path_with_namespace", "project")
    found = {"project": name.rpartition("/")[2], "path": name, **labels}
    when = loose_instant(_time(at))
    return change(kind, summary, source=name, happened_at=when, links=links, labels=found, delivery=delivery)


def _time(value: Any) -> Any:
    """ISO 8601 from the forms GitLab writes times in."""
    if not isinstance(value, str) or not (match := _TIME.fullmatch(value.strip())):
        return value
    day, time, zone = match.groups()
    return f"{day}T{time}{'+00:00' if zone == 'UTC' else zone}"


def verify(_body: bytes, headers: Headers, secret: str) -> str:
    """What is wrong with the token, of which only the digest is kept; "" when it is right."""
    same = hmac.compare_digest(headers.get(SIGNATURE, "").encode(), digest(secret).encode())
    return "" if same else "The token does not match the secret."


_TEXT = """Project (or group) → Settings → Webhooks → Add new webhook
URL:               {url}
Secret token:      any, and the same in this integration's settings
Trigger:           Deployment events, Pipeline events, Releases events
SSL verification:  Enable"""


def setup(key: str, base_url: str) -> list[SetupText]:
    text = _TEXT.format(url=intake_url("gitlab", key, base_url))
    note = _(
        "They become changes of the service, beside its incidents, and page nobody. Pipelines count on the default "
        "branch. Take out the triggers that you do not want to see."
    )
    label = "project, path, environment, tier, branch, tag"
    help_ = _(
        "In the settings, the label that names the service may be one of these: then one webhook of a group "
        "serves many services."
    )
    return [SetupText(_("GitLab: webhook"), text, note), SetupText(_("Labels of a change"), label, help_)]


SOURCE = Source(
    kind="gitlab",
    group="changes",
    icon="git-merge",
    words=gettext_lazy("Deployments, pipelines and releases, shown beside incidents."),
    parse=parse,
    headers=(EVENT, EVENT_UUID, DELIVERY),
    signature=(SIGNATURE,),
    hidden=frozenset({SIGNATURE}),
    verify=verify,
    changes=True,
    secret_help=gettext_lazy(
        "The secret token of the webhook. Once set, only deliveries with it are recorded."
    ),
    setup=setup,
)

"""GitHub's webhooks: deployments, workflow runs, releases and pushes become changes, never alerts.

Of a deployment its end counts: `deployment` only says that one begins, and the states before the last one that it
goes on. A workflow run or a push counts on the repository's default branch alone, and not for a fork.
"""

from __future__ import annotations

import datetime as dt
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
    intake_url,
    link,
    loose_instant,
    require_object,
)
from alerts.sources.changes import change, delivery_of, first_line, maybe, word
from alerts.sources.signing import hmac_fault
from services.choices import ChangeKind

EVENT = "x-github-event"
DELIVERY = "x-github-delivery"
SIGNATURE = "x-hub-signature-256"
_DEPLOYED = {"success": "succeeded", "failure": "failed", "error": "ended with an error"}
_RAN = {
    "success": "succeeded",
    "failure": "failed",
    "timed_out": "timed out",
    "startup_failure": "could not start",
    "action_required": "needs somebody",
    "neutral": "ended",
}
Body = dict[str, Any]


def parse(payload: Any, headers: Headers | None = None) -> list[Event]:
    """One change; `Ignored` for what GitHub sends besides, `PayloadError` for what is not as GitHub sends it."""
    body = require_object(payload)
    given = headers or {}
    event = given.get(EVENT, "").strip().lower()
    if not event:
        raise fail("X-GitHub-Event", "This header is missing: is it GitHub that sends?")
    if event == "ping":
        raise Ignored("GitHub's ping: the webhook works")
    if event == "deployment":
        raise Ignored("A deployment begins: how it ends is recorded")
    read = _EVENTS.get(event)
    if read is None:
        raise Ignored(f"GitHub's {event[:60]} is no change: nothing is recorded")
    repository = require_object(body.get("repository"), "repository")
    return [Event(read(body, repository, delivery_of(given.get(DELIVERY), body=body)), body)]


def _deployment_status(body: Body, repository: Body, delivery: str) -> Parsed:
    status = require_object(body.get("deployment_status"), "deployment_status")
    deployment = require_object(body.get("deployment"), "deployment")
    state = word(status, "state", "deployment_status").lower()
    if state not in _DEPLOYED:
        raise Ignored(f"A deployment is {state.replace('_', ' ')[:40]}: how it ends is recorded")
    environment = maybe(status, "environment") or word(deployment, "environment", "deployment")
    what = _version(word(deployment, "ref", "deployment"), maybe(deployment, "sha"))
    text = maybe(status, "description") or maybe(deployment, "description")
    return _change(
        ChangeKind.DEPLOY,
        f"Deployment of {what} to {environment} {_DEPLOYED[state]}" + (f": {text}" if text else ""),
        repository,
        delivery,
        at=status.get("updated_at") or status.get("created_at"),
        links=[
            *link(status.get("environment_url"), environment),
            *link(status.get("log_url") or status.get("target_url"), "Log"),
        ],
        environment=environment,
    )


def _workflow_run(body: Body, repository: Body, delivery: str) -> Parsed:
    run = require_object(body.get("workflow_run"), "workflow_run")
    action = word(body, "action", "").lower()
    if action != "completed":
        raise Ignored(f"A workflow run was {action.replace('_', ' ')[:40]}: its end is recorded")
    branch = _default_branch(repository)
    fork = maybe(run.get("head_repository"), "full_name")
    if maybe(run, "head_branch") != branch or fork not in ("", maybe(repository, "full_name")):
        raise Ignored(f"A workflow ran for another branch than {branch}")
    conclusion = word(run, "conclusion", "workflow_run").lower()
    if conclusion not in _RAN:
        raise Ignored(f"A workflow run was {conclusion.replace('_', ' ')[:40]}: nothing changed")
    name = maybe(run, "name")
    named = f"Workflow {name}" if name else "Workflow"
    number = maybe(run, "run_number", 20)
    commit = run.get("head_commit")
    text = first_line(commit["message"]) if isinstance(commit, dict) and _is_text(commit, "message") else ""
    return _change(
        ChangeKind.CODE,
        f"{named}{f' #{number}' if number else ''} on {branch} {_RAN[conclusion]}"
        + (f": {text}" if text else ""),
        repository,
        delivery,
        at=run.get("updated_at"),
        links=link(run.get("html_url"), named),
        branch=branch,
        workflow=name,
    )


def _release(body: Body, repository: Body, delivery: str) -> Parsed:
    release = require_object(body.get("release"), "release")
    action = word(body, "action", "").lower()
    if action != "published":
        raise Ignored(f"A release was {action[:40]}: only a published one is recorded")
    tag = word(release, "tag_name", "release")
    name = maybe(release, "name")
    early = "Pre-release" if release.get("prerelease") is True else "Release"
    return _change(
        ChangeKind.DEPLOY,
        f"{early} {tag} published" + (f": {name}" if name not in ("", tag) else ""),
        repository,
        delivery,
        at=release.get("published_at"),
        links=link(release.get("html_url"), tag),
        tag=tag,
    )


def _push(body: Body, repository: Body, delivery: str) -> Parsed:
    ref = word(body, "ref", "")
    branch = _default_branch(repository)
    if ref != f"refs/heads/{branch}":
        raise Ignored(f"A push to another branch than {branch}")
    if body.get("deleted") is True:
        raise Ignored(f"The branch {branch} was deleted")
    commits = body.get("commits")
    if not isinstance(commits, list):
        raise fail("commits", "Must be a list.")
    head = body.get("head_commit")
    text = first_line(head["message"]) if isinstance(head, dict) and _is_text(head, "message") else ""
    count = f"{len(commits)} commit{'' if len(commits) == 1 else 's'}"
    forced = " by force" if body.get("forced") is True else ""
    return _change(
        ChangeKind.CODE,
        f"{count} pushed{forced} to {branch}" + (f": {text}" if text else ""),
        repository,
        delivery,
        at=_seconds(repository.get("pushed_at")),
        links=link(body.get("compare"), "Compare"),
        branch=branch,
    )


_EVENTS: dict[str, Callable[[Body, Body, str], Parsed]] = {
    "deployment_status": _deployment_status,
    "workflow_run": _workflow_run,
    "release": _release,
    "push": _push,
}


def _change(
    kind: str,
    summary: str,
    repository: Body,
    delivery: str,
    *,
    at: Any,
    links: list[dict[str, str]],
    **labels: str,
) -> Parsed:
    name = word(repository, "full_name", "repository")
    found = {"repository": maybe(repository, "name"), "full_name": name, **labels}
    when = loose_instant(at)
    return change(kind, summary, source=name, happened_at=when, links=links, labels=found, delivery=delivery)


def _default_branch(repository: Body) -> str:
    return word(repository, "default_branch", "repository")


def _version(ref: str, sha: str) -> str:
    """A commit is named by its first digits, beside a branch or tag."""
    short = sha[:7]
    return short if ref == sha and short else f"{ref} ({short})" if short else ref


def _is_text(of: Body, name: str) -> bool:
    return isinstance(of.get(name), str)


def _seconds(value: Any) -> Any:
    """Pushes carry their time as seconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 4_000_000_000:
        return value
    return dt.datetime.fromtimestamp(value, tz=dt.UTC).isoformat()


def verify(body: bytes, headers: Headers, secret: str) -> str:
    """What is wrong with the signature; "" when it is right."""
    return hmac_fault(body, headers.get(SIGNATURE, ""), secret)


_TEXT = """Repository (or organization) → Settings → Webhooks → Add webhook
Payload URL:       {url}
Content type:      application/json
Secret:            any, and the same in this integration's settings
SSL verification:  Enable
Which events:      Let me select individual events
                   Deployment statuses, Workflow runs, Releases, Pushes
Active:            on"""


def setup(key: str, base_url: str) -> list[SetupText]:
    text = _TEXT.format(url=intake_url("github", key, base_url))
    note = _(
        "They become changes of the service, beside its incidents, and page nobody. Pushes and workflow runs count "
        "on the default branch. Take out the events that you do not want to see."
    )
    label = "repository, full_name, environment, branch, workflow, tag"
    help_ = _(
        "In the settings, the label that names the service may be one of these: then one webhook of an "
        "organization serves many services."
    )
    return [SetupText(_("GitHub: webhook"), text, note), SetupText(_("Labels of a change"), label, help_)]


SOURCE = Source(
    kind="github",
    group="changes",
    icon="git-branch",
    words=gettext_lazy("Deployments, workflow runs, releases and pushes, shown beside incidents."),
    parse=parse,
    bodies=frozenset({"json", "form"}),
    headers=(EVENT, DELIVERY),
    signature=(SIGNATURE,),
    verify=verify,
    changes=True,
    secret_help=gettext_lazy("The secret of the webhook. Once set, only signed deliveries are recorded."),
    setup=setup,
)

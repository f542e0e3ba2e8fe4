"""Connections to issue trackers: setting up, changing, new secrets, checking, taking away, and taking in what they
say. Token and webhook secret are sealed at once and stand in no log, page or answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.crypto import new_key, new_token, seal, unseal
from core.errors import NotAllowed, NotVisible, field_error
from core.text import one_line
from incidents.choices import TrackerKind
from incidents.models import TrackerConnection, TrackerEvent
from incidents.trackers import HookNews, Place, tracker_of
from incidents.trackers.listeners import listeners
from notifications.transports.webhook.address import check_url
from teams.actions.audit import record
from teams.actor import Actor

GITHUB_API = "https://api.github.com"
MOST_LABELS = 20


def connect_tracker(
    *,
    actor: Actor,
    team_id: int,
    project: str,
    token: str,
    kind: str = TrackerKind.GITHUB,
    name: str = "",
    base_url: str = GITHUB_API,
    labels: Sequence[str] = (),
) -> tuple[TrackerConnection, str]:
    """A new connection of a team, and its webhook secret, shown this once. For managers of the team; audited."""
    if not actor.manages(team_id):
        raise NotAllowed(_("Only a manager of the team can connect a tracker."))
    if kind not in TrackerKind.values:
        raise field_error("kind", f"One of {', '.join(TrackerKind.values)}.")
    secret = new_token()
    values = _checked(kind, project, name, base_url, labels)
    with transaction.atomic():
        row = TrackerConnection.objects.create(
            team_id=team_id,
            kind=kind,
            sealed_secret=seal(secret),
            hook_key=new_key(),
            created_by_id=actor.user_id,
            **values,
            **_token(token),
        )
        _audit(actor, "connected", row)
    return row, secret


def change_tracker(
    *,
    actor: Actor,
    connection_id: int,
    project: str,
    name: str,
    base_url: str,
    labels: Sequence[str],
    active: bool,
    token: str = "",
) -> TrackerConnection:
    """Change a connection; an empty `token` keeps the present one. Another API address needs the token anew, so that
    nobody sends somebody else's token elsewhere. Audited."""
    with transaction.atomic():
        row = _managed(actor, connection_id)
        values = _checked(row.kind, project, name, base_url, labels)
        if values["base_url"] != row.base_url and not token.strip():
            raise field_error("token", _("Enter the token again for the new address."))
        values |= {"active": active, "problem": ""} | (_token(token) if token.strip() else {})
        for field, value in values.items():
            setattr(row, field, value)
        row.save(update_fields=list(values))
        for listener in listeners():
            listener.changed(row.pk)
        _audit(actor, "changed", row, new_token=bool(token.strip()))
    return row


def rotate_tracker_secret(*, actor: Actor, connection_id: int) -> str:
    """A new webhook secret, returned this once; the present one stops at once. Audited."""
    secret = new_token()
    with transaction.atomic():
        row = _managed(actor, connection_id)
        row.sealed_secret = seal(secret)
        row.save(update_fields=["sealed_secret"])
        _audit(actor, "secret rotated", row)
    return secret


def disconnect_tracker(*, actor: Actor, connection_id: int, confirm: str) -> None:
    """Take the connection away; what was linked stays here and there, unlinked. `confirm`: the project, typed."""
    with transaction.atomic():
        row = _managed(actor, connection_id)
        if confirm.strip() != row.project:
            raise field_error("confirm", _("Type %(name)s to remove it.") % {"name": row.project})
        for listener in listeners():
            listener.leaving(row.pk)
        _audit(actor, "disconnected", row)
        row.delete()


def check_tracker(*, actor: Actor, connection_id: int) -> str:
    """Ask the tracker itself, outside any transaction; the problem in words, "" when all is well. It is kept."""
    row = TrackerConnection.objects.manageable_by(actor).filter(pk=connection_id).first()
    if row is None:
        raise NotVisible
    problem = tracker_of(row.kind).check(place_of(row))
    same = TrackerConnection.objects.filter(pk=row.pk, sealed_token=row.sealed_token, project=row.project)
    same.update(problem=problem[:300])
    return problem


def take_hook(*, connection_id: int, news: HookNews, now: dt.datetime | None = None) -> bool:
    """A webhook whose signature was checked: counted once by its delivery, then told to those who link issues.
    False when it was here before."""
    now = now or clock.now()
    with transaction.atomic():
        # Locked, so that a connection cannot be removed meanwhile.
        rows = TrackerConnection.objects.select_for_update(of=("self",), no_key=True)
        row: TrackerConnection | None = rows.filter(pk=connection_id).first()
        if row is None:
            raise NotVisible
        _event, new = TrackerEvent.objects.get_or_create(
            connection=row, delivery=news.delivery, defaults={"received_at": now}
        )
        row.last_heard_at = now
        row.save(update_fields=["last_heard_at"])
        if new and news.what not in ("ping", "ignored"):
            for listener in listeners():
                listener.heard(row.pk, tracker_of(row.kind).name, news)
    return new


def place_of(row: TrackerConnection) -> Place:
    """What the tracker's client needs, with the token in clear."""
    return Place(
        base_url=row.base_url,
        project=row.project,
        token=unseal(row.sealed_token),
        labels=tuple(str(label) for label in row.labels),
    )


def hook_url(row: TrackerConnection) -> str:
    """The address its webhooks come in at."""
    return f"{settings.BASE_URL}/api/v1/trackers/{row.hook_key}/"


def _checked(kind: str, project: str, name: str, base_url: str, labels: Sequence[str]) -> dict[str, Any]:
    project = one_line(project, 200).removeprefix("https://github.com/").strip("/")
    if problem := tracker_of(kind).project_problem(project):
        raise field_error("project", problem)
    base_url = base_url.strip().rstrip("/") or GITHUB_API
    if len(base_url) > 300 or "?" in base_url or "#" in base_url:
        raise field_error("base_url", _("At most 300 characters, without ? and #."))
    if problem := check_url(base_url):
        raise field_error("base_url", problem)
    kept = list(dict.fromkeys(filter(None, (one_line(label, 50) for label in labels))))
    if len(kept) > MOST_LABELS:
        raise field_error("labels", _("At most %(count)d labels.") % {"count": MOST_LABELS})
    return {
        "project": project,
        "name": one_line(name, 120) or project[:120],
        "base_url": base_url,
        "labels": kept,
    }


def _token(token: str) -> dict[str, str]:
    token = token.strip()
    if not 8 <= len(token) <= 400 or not token.isascii() or not token.isprintable() or " " in token:
        raise field_error("token", _("A token has 8 to 400 letters and digits, without spaces."))
    return {"sealed_token": seal(token), "token_hint": token[-4:]}


def _managed(actor: Actor, connection_id: int) -> TrackerConnection:
    rows = TrackerConnection.objects.manageable_by(actor).select_for_update(of=("self",), no_key=True)
    row: TrackerConnection | None = rows.filter(pk=connection_id).first()
    if row is None:
        raise NotVisible
    return row


def _audit(actor: Actor, verb: str, row: TrackerConnection, **data: Any) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="tracker",
        obj_id=row.pk,
        label=row.name,
        team_id=row.team_id,
        data={
            "project": row.project,
            "address": row.base_url,
            "labels": row.labels,
            "active": row.active,
            **data,
        },
    )

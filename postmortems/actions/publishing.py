"""What customers may read of a postmortem: its own words, approved, then sent to the status pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from core import clock
from core.errors import Conflict, NotAllowed, field_error
from core.text import clean
from postmortems import hooks
from postmortems.actions.common import audit, locked
from postmortems.choices import PostmortemStatus, SectionKey
from postmortems.exporting.blameless import by_role
from postmortems.live import announce
from postmortems.models import Postmortem
from postmortems.selectors.review import may_tell_public
from teams.actor import Actor
from teams.models import AuditEntry

MAX_PUBLIC = 20_000
WRITTEN = "public text written"
_OUT = (PostmortemStatus.PUBLISHED, PostmortemStatus.CLOSED)


def first_public_text(postmortem: Postmortem) -> str:
    """The summary with roles instead of names, to start from."""
    summary = postmortem.sections.filter(key=SectionKey.SUMMARY).values_list("text", flat=True).first()
    return by_role(summary or "", postmortem)


def last_writer(postmortem: Postmortem) -> int | None:
    """Who wrote the present words for customers, as the audit log knows."""
    rows = AuditEntry.objects.filter(object_type="postmortem", object_id=str(postmortem.pk), verb=WRITTEN)
    return rows.order_by("-pk").values_list("actor_id", flat=True).first()


def write_public(
    *, actor: Actor, postmortem_id: int, text: str, now: dt.datetime | None = None
) -> Postmortem:
    """Write the words for customers. Other words than before need a new approval."""
    text = clean(text.replace("\r\n", "\n")).strip()
    if not text:
        raise field_error("text", "Write what customers may read.")
    if len(text) > MAX_PUBLIC:
        raise field_error("text", f"At most {MAX_PUBLIC:,} characters.")
    with transaction.atomic():
        postmortem = _tellable(actor, postmortem_id)
        if postmortem.public_sent_at is not None:
            raise Conflict("These words have been sent.", code="sent")
        if postmortem.public_text == text:
            return postmortem
        postmortem.public_text = text
        postmortem.public_approved_by_id = postmortem.public_approved_at = None
        postmortem.save(update_fields=["public_text", "public_approved_by", "public_approved_at"])
        audit(actor, WRITTEN, postmortem)
        announce(postmortem, "state", now=now)
    return postmortem


def may_approve(actor: Actor, postmortem: Postmortem) -> bool:
    """A manager of the team, or anybody who writes the document but the last writer of these words."""
    if actor.manages(postmortem.incident.team_id):
        return True
    writer = last_writer(postmortem)
    return actor.user_id is not None and writer is not None and writer != actor.user_id


def approve_public(
    *, actor: Actor, postmortem_id: int, text: str, now: dt.datetime | None = None
) -> Postmortem:
    """These words may leave. `text`: the words that were read; `Conflict` when they are others now."""
    now = now or clock.now()
    with transaction.atomic():
        postmortem = _tellable(actor, postmortem_id)
        if not postmortem.public_text or postmortem.public_text != text.replace("\r\n", "\n").strip():
            raise Conflict("The words have changed meanwhile. Read them again.", code="edited_meanwhile")
        if not may_approve(actor, postmortem):
            raise NotAllowed("Somebody else than the writer approves these words.")
        if postmortem.public_approved_at is None:
            postmortem.public_approved_by_id, postmortem.public_approved_at = actor.user_id, now
            postmortem.save(update_fields=["public_approved_by", "public_approved_at"])
            audit(actor, "public text approved", postmortem)
            announce(postmortem, "state", now=now)
    return postmortem


def publish_public(
    *, actor: Actor, postmortem_id: int, keys: Collection[str], now: dt.datetime | None = None
) -> Postmortem:
    """Send the approved words to these notices (keys of `hooks.open_notices`); what holds on their pages holds."""
    now = now or clock.now()
    with transaction.atomic():
        postmortem = _tellable(actor, postmortem_id)
        if postmortem.status not in _OUT:
            raise Conflict("Publish the postmortem inside first.", code="not_published")
        if postmortem.public_approved_at is None:
            raise Conflict("These words are not approved yet.", code="not_approved")
        known = {key for key, _label in hooks.open_notices(actor, postmortem.incident_id)}
        wanted = sorted(set(keys))
        if not wanted or not known.issuperset(wanted):
            raise field_error("notices", "Choose notices of this incident that are over.")
        for key in wanted:
            hooks.publish_notice(actor, key, postmortem.public_text, now)
        postmortem.public_sent_at = now
        postmortem.save(update_fields=["public_sent_at"])
        audit(actor, "sent to status page", postmortem, {"notices": wanted})
        announce(postmortem, "state", now=now)
    return postmortem


def _tellable(actor: Actor, postmortem_id: int) -> Postmortem:
    postmortem = locked(actor, postmortem_id)
    if not may_tell_public(postmortem):
        raise Conflict("A drill or a restricted incident is never told to the public.", code="not_public")
    return postmortem

"""What each audience is told: one text, several at once from the same facts, "no change", words for support."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.db import transaction

from core import clock
from core.errors import Conflict, NotVisible, field_error
from core.text import clean
from incidents.actions.approvals import must_wait, propose
from incidents.actions.common import MAX_TEXT, lock, required_text, save_incident
from incidents.actions.sending import SENT_FIELDS, next_due, send_now
from incidents.choices import UpdateAudience, UpdateState
from incidents.models import Incident, IncidentUpdate, UpdatePromise
from teams.actor import Actor

MAX_PROMISE_MINUTES = 7 * 24 * 60
MAX_FACT = 5_000


@dataclass(frozen=True)
class Facts:
    """What the texts are written from: conditions, actions, needs, and what helps meanwhile. For support also
    what to say and what not."""

    impact: str = ""
    doing: str = ""
    needs: str = ""
    workaround: str = ""
    say: str = ""
    do_not_say: str = ""


def post_update(
    *,
    actor: Actor,
    number: int,
    audience: str,
    text: str,
    next_update_in_minutes: int | None = None,
    now: dt.datetime | None = None,
) -> IncidentUpdate:
    """Tell one audience something and promise the next update.

    Without `next_update_in_minutes` the severity's own rhythm sets the promise (none when it has
    none); 0 promises nothing more. A public one may have to wait for approval (`must_wait`).
    """
    return post_updates(
        actor=actor,
        number=number,
        texts={audience: text},
        next_update_in_minutes=next_update_in_minutes,
        text_field="text",
        now=now,
    )[0]


def post_updates(
    *,
    actor: Actor,
    number: int,
    texts: Mapping[str, str],
    facts: Facts | None = None,
    next_update_in_minutes: int | None = None,
    due_at: Mapping[str, dt.datetime] | None = None,
    batch: uuid.UUID | None = None,
    text_field: str = "text_{audience}",
    now: dt.datetime | None = None,
) -> list[IncidentUpdate]:
    """Tell several audiences at once, each its own text from the same facts; all or none.

    `due_at` names the next word's instant for an audience whose text speaks of it. `batch`: the draft that goes
    out with this. Faults of a text are reported under `text_field`.
    """
    now = now or clock.now()
    checked = _checked(texts, text_field)
    facts = _clean_facts(facts)
    _check_minutes(next_update_in_minutes)
    with transaction.atomic():
        incident = lock(actor, "post_update", number)
        batch = _drop_draft(incident, batch) or (uuid.uuid4() if len(checked) > 1 else None)
        found: list[IncidentUpdate] = []
        for audience, text in checked.items():
            row = _row(incident, actor, audience, text, facts, now)
            row.batch, row.next_update_in_minutes = batch, next_update_in_minutes
            row.next_update_due_at = (due_at or {}).get(audience)
            if must_wait(actor, incident, audience):
                propose(incident, row, actor=actor, now=now)
            else:
                send_now(incident, row, actor=actor, now=now)
            found.append(row)
        save_incident(incident, now, *SENT_FIELDS)
    return found


def save_draft(
    *,
    actor: Actor,
    number: int,
    texts: Mapping[str, str],
    facts: Facts | None = None,
    next_update_in_minutes: int | None = None,
    batch: uuid.UUID | None = None,
    now: dt.datetime | None = None,
) -> uuid.UUID:
    """Keep texts for later; anybody who may write here may pick the draft up again by its batch.

    Saving it again replaces it. Texts may be empty, but at least one audience is needed.
    """
    now = now or clock.now()
    _check_audiences(texts)
    facts = _clean_facts(facts)
    _check_minutes(next_update_in_minutes)
    with transaction.atomic():
        incident = lock(actor, "post_update", number)
        batch = _drop_draft(incident, batch) or uuid.uuid4()
        for audience, text in texts.items():
            row = _row(incident, actor, audience, clean(text).strip()[:MAX_TEXT], facts, now)
            row.batch, row.next_update_in_minutes = batch, next_update_in_minutes
            row.save()
    return batch


def discard_draft(*, actor: Actor, number: int, batch: uuid.UUID) -> None:
    """Throw a draft away; `NotVisible` when there is none."""
    with transaction.atomic():
        incident = lock(actor, "post_update", number)
        if _drop_draft(incident, batch) is None:
            raise NotVisible


def no_change(*, actor: Actor, number: int, audience: str, now: dt.datetime | None = None) -> IncidentUpdate:
    """ "Nothing new": tells the audience so and when it hears more. `Conflict` before the first word.

    The next word follows the severity's rhythm, else the pace of the promise that is kept with this.
    """
    now = now or clock.now()
    _check_audiences({audience: ""})
    with transaction.atomic():
        incident = lock(actor, "post_update", number)
        last = incident.updates.filter(audience=audience, state=UpdateState.SENT).first()
        if last is None or last.sent_at is None:
            raise Conflict("Nothing has been said yet that could stay the same.", code="nothing_said")
        row = _row(incident, actor, audience, "", Facts(), now)
        row.no_change, row.say, row.do_not_say = True, last.say, last.do_not_say
        row.impact, row.doing, row.needs, row.workaround = (
            last.impact,
            last.doing,
            last.needs,
            last.workaround,
        )
        row.next_update_due_at = next_due(incident, audience, None, now) or _same_pace(
            incident, audience, now
        )
        row.text = _no_change_text(last.sent_at, row.next_update_due_at)
        if must_wait(actor, incident, audience):
            propose(incident, row, actor=actor, now=now)
        else:
            send_now(incident, row, actor=actor, now=now)
        save_incident(incident, now, *SENT_FIELDS)
    return row


def set_support_words(
    *,
    actor: Actor,
    number: int,
    say: str,
    do_not_say: str = "",
    workaround: str = "",
    now: dt.datetime | None = None,
) -> IncidentUpdate:
    """What support says, does not say and offers meanwhile. A support update that leaves its promise as it is."""
    now = now or clock.now()
    say = required_text("say", say, MAX_FACT)
    facts = _clean_facts(Facts(workaround=workaround, say=say, do_not_say=do_not_say))
    with transaction.atomic():
        incident = lock(actor, "post_update", number)
        row = _row(incident, actor, UpdateAudience.SUPPORT, say, facts, now)
        promise = UpdatePromise.objects.filter(incident=incident, audience=UpdateAudience.SUPPORT).first()
        row.next_update_due_at = promise.due_at if promise and promise.due_at > now else None
        row.next_update_in_minutes = None if row.next_update_due_at or promise else 0
        send_now(incident, row, actor=actor, now=now)
        save_incident(incident, now, *SENT_FIELDS)
    return row


def _same_pace(incident: Incident, audience: str, now: dt.datetime) -> dt.datetime | None:
    held = UpdatePromise.objects.filter(incident=incident, audience=audience).first()
    return now + (held.due_at - held.began_at) if held else None


def _no_change_text(since: dt.datetime, due: dt.datetime | None) -> str:
    text = f"No change since {since.astimezone(dt.UTC):%H:%M} UTC. We are still working on it."
    return f"{text} Next update at {due.astimezone(dt.UTC):%H:%M} UTC." if due else text


def _row(
    incident: Incident, actor: Actor, audience: str, text: str, facts: Facts, now: dt.datetime
) -> IncidentUpdate:
    """An unsaved update by this author."""
    return IncidentUpdate(
        incident=incident,
        audience=audience,
        text=text,
        status=incident.status,
        author_id=actor.user_id,
        author_label=actor.label[:200],
        written_at=now,
        **asdict(facts),
    )


def _drop_draft(incident: Incident, batch: uuid.UUID | None) -> uuid.UUID | None:
    """Take the draft away; its batch, or None when there is no such draft."""
    if batch is None:
        return None
    rows = IncidentUpdate.objects.filter(incident=incident, batch=batch, state=UpdateState.DRAFT)
    return batch if rows.delete()[0] else None


def _checked(texts: Mapping[str, str], text_field: str) -> dict[str, str]:
    _check_audiences(texts)
    return {
        audience: required_text(text_field.format(audience=audience), text)
        for audience, text in texts.items()
    }


def _check_audiences(texts: Mapping[str, str]) -> None:
    if not texts or any(audience not in UpdateAudience.values for audience in texts):
        raise field_error("audience", f"One of {', '.join(UpdateAudience.values)}.")


def _check_minutes(minutes: int | None) -> None:
    if minutes is not None and not 0 <= minutes <= MAX_PROMISE_MINUTES:
        raise field_error("next_update_in_minutes", f"From 0 to {MAX_PROMISE_MINUTES:,} minutes.")


def _clean_facts(facts: Facts | None) -> Facts:
    if facts is None:
        return Facts()
    values = {name: clean(value).strip() for name, value in asdict(facts).items()}
    for name, value in values.items():
        if len(value) > MAX_FACT:
            raise field_error(name, f"At most {MAX_FACT:,} characters.")
    return Facts(**values)

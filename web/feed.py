"""The live feed: what support needs to know of each open incident, in a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from incidents.choices import UpdateAudience, UpdateState, Visibility
from incidents.models import (
    ImpactRow,
    Incident,
    IncidentUpdate,
    SupportQuestion,
    UpdatePromise,
)
from incidents.selectors import active_by_severity
from incidents.words import Reports, questions_of, reports_of
from teams.actor import Actor

_SHOWN_QUESTIONS = 5


@dataclass
class FeedCard:
    """An open incident as support sees it. `late`: the promise to customers or support that has passed."""

    incident: Incident
    public: IncidentUpdate | None = None
    support: IncidentUpdate | None = None
    internal: IncidentUpdate | None = None
    promises: list[UpdatePromise] = field(default_factory=list)
    late: UpdatePromise | None = None
    impact: list[ImpactRow] = field(default_factory=list)
    reports: Reports = field(default_factory=Reports)
    questions: list[SupportQuestion] = field(default_factory=list)
    may_report: bool = False
    may_answer: bool = False

    @property
    def say_id(self) -> str:
        """Id of the element with the sentence to copy."""
        return f"say-{self.incident.number}"

    @property
    def workaround_id(self) -> str:
        """Id of the element with the workaround to copy."""
        return f"workaround-{self.incident.number}"

    @property
    def say(self) -> str:
        return (self.support.say or self.support.text) if self.support else ""

    @property
    def do_not_say(self) -> str:
        return self.support.do_not_say if self.support else ""

    @property
    def workaround(self) -> str:
        """What helps meanwhile: by the words for support, else the incident's own."""
        rows = (self.support, self.public)
        return next((row.workaround for row in rows if row and row.workaround), self.incident.workaround)

    @property
    def next_promise(self) -> UpdatePromise | None:
        return self.promises[0] if self.promises else None

    @property
    def regions(self) -> str:
        """The regions of what is still affected, each once."""
        return ", ".join(dict.fromkeys(name for row in self.impact for name in row.regions))


def feed_cards(actor: Actor, now: dt.datetime, *, on_a_wall: bool = False) -> list[FeedCard]:
    """Open incidents the actor may see, worst first. `on_a_wall`: everybody in the room reads it, so
    restricted ones are left out whoever has signed in."""
    rows = [row for row in active_by_severity(actor) if not on_a_wall or row.visibility == Visibility.OPEN]
    cards = {row.pk: FeedCard(row) for row in rows}
    ids = list(cards)
    for update in _latest(ids):
        setattr(cards[update.incident_id], update.audience, update)
    promises = UpdatePromise.objects.filter(incident_id__in=ids).exclude(audience=UpdateAudience.EXECUTIVE)
    for promise in promises.order_by("due_at", "pk"):
        cards[promise.incident_id].promises.append(promise)
    for pk, impact in _impact(ids).items():
        cards[pk].impact = impact
    for pk, reports in reports_of(ids, now).items():
        cards[pk].reports = reports
    for pk, questions in questions_of(ids).items():
        cards[pk].questions = questions[:_SHOWN_QUESTIONS]
    for verb, name in (("report", "may_report"), ("answer_question", "may_answer")):
        allowed = Incident.objects.allowing(actor, verb).filter(pk__in=ids)
        for pk in allowed.values_list("pk", flat=True):
            setattr(cards[pk], name, True)
    for card in cards.values():
        card.late = _late(card, now)
    return list(cards.values())


def _latest(ids: Sequence[int]) -> list[IncidentUpdate]:
    shown = (UpdateAudience.PUBLIC, UpdateAudience.SUPPORT, UpdateAudience.INTERNAL)
    rows = IncidentUpdate.objects.filter(incident_id__in=ids, audience__in=shown, state=UpdateState.SENT)
    ordered = rows.order_by("incident_id", "audience", "-sent_at", "-pk")
    return list(ordered.distinct("incident_id", "audience"))


def _impact(ids: Sequence[int]) -> dict[int, list[ImpactRow]]:
    found: dict[int, list[ImpactRow]] = defaultdict(list)
    rows = ImpactRow.objects.filter(incident_id__in=ids, ended_at__isnull=True).select_related("service")
    for row in rows.order_by("incident_id", "-started_at", "-pk"):
        found[row.incident_id].append(row)
    return found


def _late(card: FeedCard, now: dt.datetime) -> UpdatePromise | None:
    matters = (UpdateAudience.PUBLIC, UpdateAudience.SUPPORT)
    return next((row for row in card.promises if row.audience in matters and row.due_at < now), None)

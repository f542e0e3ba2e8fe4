"""The live topic `alerts`: that alerts of a team are others now. Nothing of them is told; lists read themselves anew.

Nothing is stored for it, so that a batch of alerts costs no further statement: the number of a message is that of the
newest item that was dealt with. What a socket missed it is told in one message for each team.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Max

from alerts.choices import IntakeStatus
from alerts.models import Alert, IntakeItem
from core.live import topics
from core.live.publishing import push
from core.live.topics import Message
from incidents.live import scope_allows
from teams.actor import Actor
from teams.live import team_scope
from teams.models import Team

TOPIC, CHANGED = "alerts", "alerts.changed"


def push_changed(
    team_ids: Collection[int | None], known: Iterable[Team | None] = (), *, seq: int = 0
) -> None:
    """Say after commit that alerts of these teams changed; those not among the `known` ones are looked up."""
    found: dict[int | None, Team | None] = {
        None: None,
        **{team.pk: team for team in known if team is not None},
    }
    missing = {pk for pk in team_ids if pk is not None and pk not in found}
    found |= {team.pk: team for team in Team.objects.filter(pk__in=missing)} if missing else {}
    for pk in sorted(set(team_ids), key=lambda each: each or 0):
        if pk in found:
            push(_message(found[pk], seq))


def push_of_incident(number: int) -> None:
    """The same for the teams of an incident's alerts."""
    rows = Alert.objects.filter(incident__number=number).order_by().values_list("team", flat=True)
    push_changed(set(rows.distinct()))


def _message(team: Team | None, seq: int) -> Message:
    # Batches of several services end in any order, so none of them is a repetition of another.
    return Message(topic=TOPIC, seq=seq, event=CHANGED, scope=team_scope(team), edited=True)


class AlertsTopic:
    """`alerts`: for everybody, filtered for each socket by who may see alerts of the team."""

    def may_listen(self, actor: Actor, key: str) -> bool:
        return key == ""

    def topic_for(self, actor: Actor, key: str) -> str:
        return TOPIC

    def last(self, topic: str) -> int:
        return IntakeItem.objects.aggregate(last=Max("pk"))["last"] or 0

    def replay(self, topic: str, after: int, limit: int) -> list[Message]:
        rows = IntakeItem.objects.filter(pk__gt=after).exclude(status=IntakeStatus.PENDING).order_by("-pk")
        newest = dict(reversed(rows.values_list("integration__team", "pk")[:limit]))
        teams = Team.objects.in_bulk([pk for pk in newest if pk is not None])
        last = max(newest.values(), default=0)
        return [_message(teams.get(pk) if pk is not None else None, last) for pk in newest]

    def may_receive(self, actor: Actor, scope: dict[str, Any]) -> bool:
        return scope_allows(actor, scope)


def register() -> None:
    """Called from `AppConfig.ready()`."""
    topics.register("alerts", AlertsTopic())

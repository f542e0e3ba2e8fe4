"""Reads about contact methods, rules and deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from core import clock
from notifications import channels, reach
from notifications.choices import LOUD_CHANNELS, Channel
from notifications.models import (
    CapturedMail,
    ContactMethod,
    Delivery,
    DeliveryAttempt,
    NotificationRule,
    WebhookSubscription,
)
from teams.actor import Actor
from teams.choices import TeamRole
from teams.models import User


def reachability(user_ids: Iterable[int], urgency: str) -> dict[int, str]:
    """For each person "" when a page of this urgency would leave, else the reason it would not."""
    wanted = list(user_ids)
    people = reach.load(wanted, clock.now())
    return {user_id: reach.reason_unreachable(people.get(user_id), urgency) for user_id in wanted}


def person_methods(user: User) -> list[ContactMethod]:
    """All methods of a person, those that exist by default included (unsaved)."""
    return reach.load([user.pk], clock.now())[user.pk].methods


def person_rules(user_id: int) -> QuerySet[NotificationRule]:
    """The person's rules with their methods, in the order they fire."""
    return NotificationRule.objects.filter(user_id=user_id).select_related("method")


@dataclass(frozen=True)
class PreviewStep:
    """What would happen: at this time, by this method. `minutes` after the page."""

    at: dt.datetime
    minutes: int
    method: ContactMethod


def preview(user: User, urgency: str, at: dt.datetime) -> list[PreviewStep]:
    """The messages a page of this urgency would become if nobody acknowledged; empty when unreachable."""
    person = reach.load([user.pk], clock.now())[user.pk]
    steps = sorted(reach.steps_of(person, urgency), key=lambda step: step.delay_minutes)
    return [
        PreviewStep(
            person.postponed(at + dt.timedelta(minutes=step.delay_minutes), urgency),
            step.delay_minutes,
            step.method,
        )
        for step in steps
    ]


def next_three_am(user: User, now: dt.datetime) -> dt.datetime:
    """The coming 03:00 on the person's own clock."""
    local = now.astimezone(user.zone)
    day = local.date() if local.hour < 3 else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(3), tzinfo=user.zone)


def warnings_for(user: User) -> list[str]:
    """Codes of what is doubtful about how this person is reached.

    `unreachable`, `browser_only`, or `not_loud`: no text message and no call, though both could be had.
    """
    person = reach.load([user.pk], clock.now())[user.pk]
    steps = reach.steps_of(person, "high")
    if not steps:
        return ["unreachable"]
    if all(step.method.channel in (Channel.BROWSER, Channel.CONSOLE) for step in steps):
        return ["browser_only"]
    if can_be_loud() and not reach.is_loud(person):
        return ["not_loud"]
    return []


def can_be_loud() -> bool:
    """Whether text messages or calls can be had in this installation. One statement."""
    return not channels.ready().isdisjoint(LOUD_CHANNELS)


def without_loud_channel(user_ids: Iterable[int]) -> set[int]:
    """Those of these people whom an urgent page reaches neither by text message nor by call.

    Nobody while the installation can do neither. A constant number of statements.
    """
    wanted = list(user_ids)
    if not wanted or not can_be_loud():
        return set()
    return {pk for pk, person in reach.load(wanted, clock.now()).items() if not reach.is_loud(person)}


def quiet_colleagues(actor: Actor) -> list[User]:
    """People of the teams the actor manages who are reached by nothing loud, by name; 200 at most."""
    teams = actor.teams_with(TeamRole.MANAGER)
    if not teams:
        return []
    people = User.objects.filter(is_active=True, memberships__team__in=teams)
    people = people.exclude(memberships__role=TeamRole.OBSERVER, memberships__team__in=teams)
    rows = list(people.exclude(pk=actor.user_id).distinct().order_by("name", "pk")[:200])
    found = without_loud_channel(user.pk for user in rows)
    return [user for user in rows if user.pk in found]


def deliveries(actor: Actor) -> QuerySet[Delivery]:
    """The deliveries the actor may see with their attempts, newest first; three statements a page at most."""
    attempts = Prefetch("attempt_log", DeliveryAttempt.objects.order_by("number"))
    visible: QuerySet[Delivery] = Delivery.objects.visible_to(actor).select_related(
        "user", "team", "method", "subscription"
    )
    return visible.prefetch_related(attempts).order_by("-id")


def title_for(row: Delivery, actor: Actor) -> str:
    """The title; of messages to somebody else the subject alone, because what it is about may be private."""
    if actor.is_admin or row.user_id == actor.user_id or row.user_id is None:
        return row.title
    return row.subject_key.replace(":", " ") or row.get_category_display()


def webhooks(actor: Actor) -> QuerySet[WebhookSubscription]:
    """The outgoing webhooks the actor may change."""
    rows: QuerySet[WebhookSubscription] = WebhookSubscription.objects.visible_to(actor)
    return rows.select_related("team", "created_by")


def captures_mail() -> bool:
    """Whether mail is kept for `/dev/outbox/`, because no server is set and this is no production."""
    return not settings.EMAIL_URL and bool(getattr(settings, "CAPTURE_MAIL", settings.DEBUG))


def captured_count() -> int:
    """How many mails lie in `/dev/outbox/`; 0 where there is none."""
    return CapturedMail.objects.count() if captures_mail() else 0

"""Which messages a page becomes for a person: own rules, or the defaults of somebody who has none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from notifications import quiet
from notifications.choices import LOUD_CHANNELS, Channel, Urgency
from notifications.models import ContactMethod, NotificationRule
from teams.models import User

AGAIN_AFTER = 5
VOICE_AFTER = 2


@dataclass(frozen=True)
class Step:
    """One message: by this method, so many minutes after the page. `name` ends the delivery's key."""

    method: ContactMethod
    delay_minutes: int
    name: str


@dataclass
class Person:
    """A person with what decides how to reach them. Methods that exist by default only are unsaved."""

    user: User
    methods: list[ContactMethod] = field(default_factory=list)
    rules: list[NotificationRule] = field(default_factory=list)

    @property
    def usable(self) -> list[ContactMethod]:
        return [method for method in self.methods if method.usable]

    def by(self, *channels: str) -> list[ContactMethod]:
        """The usable methods of these channels."""
        return [method for method in self.usable if method.channel in channels]

    @property
    def account_mail(self) -> ContactMethod | None:
        """The usable method with the account's own address, else the first usable e-mail."""
        mails = [method for method in self.usable if method.channel == Channel.EMAIL]
        own = [method for method in mails if method.address == self.user.email]
        return next(iter(own or mails), None)

    def postponed(self, due_at: dt.datetime, urgency: str) -> dt.datetime:
        """When it really goes: what can wait is held until the person's quiet hours end, urgent pages never."""
        if urgency == Urgency.HIGH:
            return due_at
        return quiet.postponed(due_at, getattr(self.user, "quiet_hours", None), self.user.zone)


def load(user_ids: Iterable[int], now: dt.datetime) -> dict[int, Person]:
    """People by id with methods and rules, in three statements; unknown ids are missing."""
    users = User.objects.filter(pk__in=set(user_ids)).select_related("quiet_hours")
    people = {user.pk: Person(user) for user in users}
    by_id: dict[int, ContactMethod] = {}
    for method in ContactMethod.objects.filter(user_id__in=people).order_by("pk"):
        people[method.user_id].methods.append(method)
        by_id[method.pk] = method
    for rule in NotificationRule.objects.filter(user_id__in=people).order_by("delay_minutes", "pk"):
        rule.method = by_id[rule.method_id]
        people[rule.user_id].rules.append(rule)
    for person in people.values():
        person.methods.extend(missing_defaults(person, now))
    return people


def missing_defaults(person: Person, now: dt.datetime) -> list[ContactMethod]:
    """The methods everybody has, as far as they are not stored yet: account address and browser."""
    have = {(method.channel, method.address) for method in person.methods}
    wanted = [(Channel.EMAIL, person.user.email), (Channel.BROWSER, "")]
    return [
        ContactMethod(user=person.user, channel=channel, address=address, verified_at=now)
        for channel, address in wanted
        if (channel, address) not in have
    ]


def steps_of(person: Person, urgency: str) -> list[Step]:
    """The messages a page of this urgency becomes, earliest first; empty when there is no way to the person.

    Rules whose method cannot be used are left out; when none is left the defaults step in: high by e-mail,
    browser, push and text message at once, by a call after two minutes and by e-mail again after five, as far
    as the person has them; low by e-mail at once.
    """
    rules = [rule for rule in person.rules if rule.urgency == urgency and rule.method.usable]
    if rules:
        return [Step(rule.method, rule.delay_minutes, str(rule.pk)) for rule in rules]
    return _defaults(person, urgency)


def _defaults(person: Person, urgency: str) -> list[Step]:
    mail = person.account_mail
    browser = next(iter(person.by(Channel.BROWSER)), None)
    quiet_ones = person.by(Channel.SLACK, Channel.APPRISE, Channel.WEBHOOK)
    first = mail or next(iter(quiet_ones), None)
    if urgency == Urgency.LOW:
        one = first or next(iter(person.by(Channel.PUSH)), None) or browser
        return _named([(one or next(iter(person.by(*LOUD_CHANNELS)), None), 0)])
    steps = _named([(first, 0), (browser, 0), (first, AGAIN_AFTER)])
    steps += [Step(method, 0, f"default-push-{method.pk}") for method in person.by(Channel.PUSH)]
    steps += [Step(method, 0, "default-sms") for method in person.by(Channel.SMS)[:1]]
    steps += [Step(method, VOICE_AFTER, "default-voice") for method in person.by(Channel.VOICE)[:1]]
    return sorted(steps, key=lambda step: step.delay_minutes)


def _named(plan: list[tuple[ContactMethod | None, int]]) -> list[Step]:
    known = [(method, delay) for method, delay in plan if method is not None]
    names = ["default", *(f"default-{number}" for number in range(2, len(known) + 1))]
    return [Step(method, delay, name) for (method, delay), name in zip(known, names, strict=False)]


def is_loud(person: Person) -> bool:
    """Whether an urgent page reaches the person by a text message or a call."""
    return any(step.method.channel in LOUD_CHANNELS for step in steps_of(person, Urgency.HIGH))


def reason_unreachable(person: Person | None, urgency: str) -> str:
    """ "" when a page would leave for this person, else why not."""
    if person is None:
        return _("the person was deleted")
    if not person.user.is_active:
        return _("is deactivated")
    return "" if steps_of(person, urgency) else _("has no usable contact method")


def lane_of(method: ContactMethod) -> str:
    """Where messages by this method queue and are paced."""
    return f"user:{method.user_id}:{method.channel}:{method.pk}"


def save_defaults(people: Sequence[Person]) -> None:
    """Store the default methods that are in use for the first time; at most two statements."""
    new = [method for person in people for method in person.methods if method.pk is None]
    if not new:
        return
    ContactMethod.objects.bulk_create(new, ignore_conflicts=True)
    stored = ContactMethod.objects.filter(user_id__in={method.user_id for method in new}).order_by("pk")
    by_place = {(method.user_id, method.channel, method.address): method for method in stored}
    for person in people:
        person.methods = [
            method if method.pk else by_place[method.user_id, method.channel, method.address]
            for method in person.methods
        ]

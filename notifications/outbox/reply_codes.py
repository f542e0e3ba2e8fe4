"""Which pages wait at a telephone number, and the two digits that tell them apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction

from core import clock
from notifications import replies
from notifications.choices import Category, Channel
from notifications.models import ContactMethod, Delivery
from notifications.replies import ReplySubject

ANSWERED_FOR = dt.timedelta(hours=24)
LOOKED_AT = 20
_CODES = range(10, 100)
_NUMBERS = (Channel.SMS, Channel.VOICE)


@dataclass(frozen=True)
class Waiting:
    """One thing a person was paged for at a number. `delivery`: the newest about it."""

    delivery: Delivery
    subject: ReplySubject

    @property
    def code(self) -> int:
        return self.delivery.reply_code or 0


def shown(row: Delivery) -> int | None:
    """The code to print in a text message: only when something else waits at the number. Stores the code."""
    if row.channel != Channel.SMS or row.category != Category.PAGE or not row.subject_key:
        return None
    with transaction.atomic():
        others = waiting(row.address, clock.now(), besides=row)
        if row.reply_code is None:
            row.reply_code = _free(row, others)
            Delivery.objects.filter(pk=row.pk).update(reply_code=row.reply_code)
    return row.reply_code if any(each.subject.open for each in others) else None


def waiting(number: str, now: dt.datetime, *, besides: Delivery | None = None) -> list[Waiting]:
    """What people with this number were paged for in the last day and may still see, newest first.

    Every one has a code afterwards. Takes the number's lock until the end of the caller's transaction.
    """
    _lock(number)
    # Whoever has given the number away is no longer answered for.
    owners = ContactMethod.objects.filter(
        channel__in=_NUMBERS, address=number, verified_at__isnull=False, user__is_active=True
    ).values("user_id")
    rows = Delivery.objects.filter(
        address=number,
        channel__in=_NUMBERS,
        category=Category.PAGE,
        user_id__in=owners,
        created_at__gt=now - ANSWERED_FOR,
    ).exclude(subject_key="")
    rows = rows.exclude(attempts=0, bundled_into__isnull=True).select_related("user").order_by("-id")
    newest: dict[tuple[int | None, str], Delivery] = {}
    for row in rows[:200]:
        newest.setdefault((row.user_id, row.subject_key), row)
    if besides is not None:
        newest.pop((besides.user_id, besides.subject_key), None)
    found = []
    for row in list(newest.values())[:LOOKED_AT]:
        subject = replies.port().describe(subject_key=row.subject_key, user_id=row.user_id or 0)
        if subject is not None:
            found.append(Waiting(row, subject))
    _complete([each.delivery for each in found])
    return found


def _complete(rows: list[Delivery]) -> None:
    """Give a code to each that has none, or shares one with a newer."""
    used: set[int] = set()
    for row in rows:
        if row.reply_code is None or row.reply_code in used:
            row.reply_code = _next(used | {each.reply_code for each in rows if each.reply_code})
            Delivery.objects.filter(pk=row.pk).update(reply_code=row.reply_code)
        used.add(row.reply_code)


def _free(row: Delivery, others: Iterable[Waiting]) -> int:
    """The code this subject had before at the number, else one nobody has."""
    used = {each.code for each in others}
    same = Delivery.objects.filter(
        address=row.address, user_id=row.user_id or 0, subject_key=row.subject_key, reply_code__isnull=False
    )
    before = same.order_by("-id").values_list("reply_code", flat=True).first()
    return before if before is not None and before not in used else _next(used)


def _next(used: set[int]) -> int:
    return next((code for code in _CODES if code not in used), _CODES[0])


def _lock(number: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"number:{number}"])

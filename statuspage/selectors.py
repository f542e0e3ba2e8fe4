"""Reads for screens of other rooms."""

from __future__ import annotations

from django.db.models import Q

from incidents.choices import UpdateState
from statuspage.choices import NoticeState
from statuspage.models import NoticeUpdate, StatusPage
from teams.actor import Actor


def words_waiting_for(actor: Actor) -> list[NoticeUpdate]:
    """Words for customers that wait for the actor as a manager of the page's team, the oldest first; one statement.

    Those that wait in their incident are told of there.
    """
    rows = NoticeUpdate.objects.filter(
        Q(source=None) | Q(source__state=UpdateState.SENT),
        state=NoticeState.WAITING,
        notice__page__in=StatusPage.objects.manageable_by(actor),
    )
    return list(rows.select_related("notice__page").order_by("pk")[:20])

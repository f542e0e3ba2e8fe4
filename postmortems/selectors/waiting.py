"""What waits for somebody, counted for the bell."""

from __future__ import annotations

import datetime as dt

from django.db.models import Value

from core import clock
from postmortems.selectors.items import WEEK, drops, mine_due
from postmortems.selectors.review import reviews_asked
from services.selectors.ownership import offers_for
from teams.actor import Actor

_MOST = 20


def waiting_count(actor: Actor) -> int:
    """How many things wait for the actor: own items that are overdue, items to decide on, documents to read, services
    offered to a team. One statement, up to 20 of each."""
    yesterday = clock.now().date() - WEEK - dt.timedelta(days=1)
    mine = mine_due(actor, yesterday).order_by().values_list(Value("item"), "pk")[:_MOST]
    decide = drops(actor).order_by().values_list(Value("item"), "pk")[:_MOST]
    read = reviews_asked(actor).order_by().values_list(Value("review"), "pk")[:_MOST]
    offered = offers_for(actor).order_by().values_list(Value("service"), "pk")[:_MOST]
    return len(mine.union(decide, read, offered))

"""What the passing of time does to incidents. Each module here has `TIMERS`: functions of `now`.

Each looks for its own due rows (at most some hundred at once), does them one by one in short transactions and
is harmless when run twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from incidents.timers import communications, criteria, paging, tasks

TIMERS: tuple[Callable[[dt.datetime], None], ...] = (
    *paging.TIMERS,
    *criteria.TIMERS,
    *communications.TIMERS,
    *tasks.TIMERS,
)

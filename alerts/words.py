"""What alerts say, for the runbooks of incidents: their facts, and matchers on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from django.db.models import F

from alerts.matching import Matcher, MatcherError, checked, facts, holds, parse, show, stored
from alerts.models import Alert
from core.errors import InvalidInput

# An incident may have thousands of alerts of a few kinds; the newest of them say enough.
_MOST = 30


def facts_of(alert: Alert) -> dict[str, str]:
    """What matchers look at: the labels, and the alert itself under names with @."""
    return facts(
        alert.labels,
        source=alert.integration.kind,
        severity=alert.severity,
        title=alert.title,
        urgency=alert.urgency,
    )


class Words:
    """`incidents.hooks.AlertWords`."""

    def checked(self, line: str) -> str:
        try:
            rows = checked(parse(line))
        except MatcherError as error:
            raise InvalidInput(str(error)) from None
        if not rows:
            raise InvalidInput("A condition is missing: without one it would be for every alert.")
        return show(stored(rows))

    def hold(self, line: str, of: Mapping[str, str]) -> bool:
        try:
            found = _read(line)
            return bool(found) and holds(found, of)
        except MatcherError:
            return False

    def of_incident(self, incident_id: int) -> Sequence[Mapping[str, str]]:
        rows = Alert.objects.filter(incident_id=incident_id).select_related("integration")
        rows = rows.only("labels", "severity", "title", "urgency", "integration__kind")
        return [
            facts_of(row) for row in rows.order_by(F("resolved_at").desc(nulls_first=True), "-pk")[:_MOST]
        ]


@lru_cache(maxsize=1024)
def _read(line: str) -> tuple[Matcher, ...]:
    return tuple(parse(line))

"""Who may be paged for a service, and which of them have tried what they would need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oncall.selectors import Cover, policy_ids_of
from services.models import AccessConfirmation, AccessItem, Service
from teams.models import User

STALE_AFTER = dt.timedelta(days=90)
# How far ahead somebody counts as being on the rota, and hours count as empty.
AHEAD = dt.timedelta(days=28)


@dataclass(frozen=True)
class Access:
    """The checklist of a service: its `items`, who is on the `rota`, and by (item, user) when it was tried."""

    items: list[AccessItem]
    rota: list[User]
    tried: dict[tuple[int, int], dt.datetime]
    now: dt.datetime = field(compare=False)

    def fresh(self, item_id: int, user_id: int) -> bool:
        at = self.tried.get((item_id, user_id))
        return at is not None and self.now - at <= STALE_AFTER

    def complete(self, user_id: int) -> bool:
        """Whether this person has tried every item in the last 90 days."""
        return all(self.fresh(item.pk, user_id) for item in self.items)

    @property
    def missing(self) -> list[User]:
        """Those on the rota who have not."""
        return [user for user in self.rota if not self.complete(user.pk)]


def policies_of(services: Sequence[Service]) -> dict[int, int]:
    """Service id → the policy that pages for it."""
    return policy_ids_of({row.pk: (row.escalation_policy_id, row.team_id) for row in services})


def access_of(
    services: Sequence[Service],
    now: dt.datetime,
    policies: Mapping[int, int],
    found: Mapping[int, Cover],
) -> dict[int, Access]:
    """Service id → its checklist, from the policies that page for it and whom these reach: three statements."""
    items: dict[int, list[AccessItem]] = {row.pk: [] for row in services}
    for item in AccessItem.objects.filter(service__in=items):
        items[item.service_id].append(item)
    tried = AccessConfirmation.objects.filter(item__service__in=items).order_by()
    when = {(item, user): at for item, user, at in tried.values_list("item_id", "user_id", "confirmed_at")}
    ids = {pk: found[policy].users for pk, policy in policies.items() if policy in found}
    everybody = {user for users in ids.values() for user in users}
    people = {user.pk: user for user in User.objects.active().filter(pk__in=everybody).order_by("name", "pk")}
    return {
        row.pk: Access(
            items[row.pk], [user for pk, user in people.items() if pk in ids.get(row.pk, ())], when, now
        )
        for row in services
    }

"""The lines of a service's readiness."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oncall.selectors import Cover, covers, paged_now
from services import hooks
from services.choices import EdgeKind, ServiceKind
from services.hooks import ReadinessCheck
from services.models import Dependency, Service
from services.readiness.rota import AHEAD, Access, access_of, policies_of
from teams.actor import Actor

# The lines of the rooms above stand among our own in this order.
_ORDER = ("owner", "policy", "runbook", "slo", "dependencies", "tiers", "access")


@dataclass(frozen=True)
class Readiness:
    """All lines of one service, and its access checklist; lines that do not apply count for nothing."""

    service: Service
    checks: list[ReadinessCheck]
    access: Access

    @property
    def applying(self) -> list[ReadinessCheck]:
        return [check for check in self.checks if check.ok is not None]

    @property
    def done(self) -> int:
        return sum(check.ok is True for check in self.checks)

    @property
    def percent(self) -> int:
        return 100 * self.done // len(self.applying) if self.applying else 100

    @property
    def ready(self) -> bool:
        return self.done == len(self.applying)


def of_services(services: Sequence[Service], actor: Actor, now: dt.datetime) -> list[Readiness]:
    """The readiness of each, in the order given: a fixed number of statements."""
    ids = [row.pk for row in services]
    policies = policies_of(services)
    cover = covers(set(policies.values()), now, now + AHEAD)
    reached = {pk for pk, row in paged_now(policies.values(), now).items() if row.users}
    access = access_of(services, now, policies, cover)
    needs = _needs(ids, actor)
    others = hooks.readiness(ids, actor, now)
    found = []
    for row in services:
        policy = policies.get(row.pk)
        checks = {
            "owner": _owner(row),
            "policy": _policy(row, cover.get(policy or 0), policy in reached),
            "dependencies": _dependencies(row, needs[row.pk]),
            "tiers": _tiers(row, needs[row.pk]),
            "access": _access(row, access[row.pk]),
            **{key: lines[row.pk] for key, lines in others.items() if row.pk in lines},
        }
        order = [*_ORDER, *(key for key in checks if key not in _ORDER)]
        lines = [checks[key] for key in order if key in checks]
        if row.kind == ServiceKind.VENDOR:
            lines = _of_vendor(lines)
        found.append(Readiness(row, lines, access[row.pk]))
    return found


def _needs(ids: Sequence[int], actor: Actor) -> dict[int, list[Dependency]]:
    found: dict[int, list[Dependency]] = defaultdict(list)
    rows = Dependency.objects.visible_to(actor).filter(downstream__in=ids).select_related("upstream")
    for row in rows.order_by("upstream__slug"):
        found[row.downstream_id].append(row)
    return found


def _of_vendor(lines: list[ReadinessCheck]) -> list[ReadinessCheck]:
    """What others run needs no access of ours and stands on what they do not tell."""
    return [
        line._replace(ok=None, detail=_("Does not apply to a vendor."))
        if line.key in ("dependencies", "tiers", "access")
        else line
        for line in lines
    ]


def _owner(row: Service) -> ReadinessCheck:
    detail = row.team.name if row.team else _("No team owns it.")
    return ReadinessCheck("owner", _("Owner"), row.team_id is not None, detail, f"/services/{row.slug}/edit/")


def _policy(row: Service, cover: Cover | None, reached: bool) -> ReadinessCheck:
    label = _("Escalation policy without gaps")
    url = row.escalation_policy.get_absolute_url() if row.escalation_policy else "/oncall/"
    if cover is None:
        return ReadinessCheck("policy", label, False, _("Nobody is paged: there is no policy."), url)
    if cover.holes:
        named = ", ".join(cover.holes[:3])
        detail = _("Hours without anybody in the next 28 days: %(names)s.") % {"names": named}
        return ReadinessCheck("policy", label, False, detail, url)
    if not reached:
        return ReadinessCheck("policy", label, False, _("It reaches nobody now."), url)
    steps = len(cover.steps)
    detail = ngettext(
        "%(count)d step, somebody at every hour.", "%(count)d steps, somebody at every hour.", steps
    )
    return ReadinessCheck("policy", label, True, detail % {"count": steps}, url)


def _dependencies(row: Service, needs: list[Dependency]) -> ReadinessCheck:
    label, url = _("Dependencies declared"), f"/services/{row.slug}/edit/"
    if needs:
        count = len(needs)
        detail = ngettext("It needs %(count)d other.", "It needs %(count)d others.", count) % {"count": count}
        return ReadinessCheck("dependencies", label, True, detail, url)
    if row.stands_alone:
        return ReadinessCheck("dependencies", label, True, _("It needs nothing else, somebody said."), url)
    return ReadinessCheck(
        "dependencies", label, False, _("None are known, and nobody said there are none."), url
    )


def _tiers(row: Service, needs: list[Dependency]) -> ReadinessCheck:
    label, url = _("Stands on nothing of a lower tier"), f"/services/{row.slug}/"
    lower = [edge.upstream for edge in needs if edge.kind == EdgeKind.HARD and edge.upstream.tier > row.tier]
    if not needs:
        return ReadinessCheck("tiers", label, None, _("It needs nothing."), url)
    if not lower:
        return ReadinessCheck(
            "tiers", label, True, _("Everything it fails with is of its tier or better."), url
        )
    named = ", ".join(f"{each.name} ({_('tier')} {each.tier})" for each in lower[:3])
    return ReadinessCheck("tiers", label, False, _("It fails with %(names)s.") % {"names": named}, url)


def _access(row: Service, access: Access) -> ReadinessCheck:
    label, url = _("Everybody on the rota can reach it"), f"/services/{row.slug}/readiness/"
    if not access.items:
        return ReadinessCheck("access", label, False, _("There is no access checklist yet."), url)
    if not access.rota:
        return ReadinessCheck("access", label, False, _("Nobody is on the rota."), url)
    missing = access.missing
    if not missing:
        return ReadinessCheck("access", label, True, _("All have tried it in the last 90 days."), url)
    named = ", ".join(user.name for user in missing[:3])
    more = f" +{len(missing) - 3}" if len(missing) > 3 else ""
    return ReadinessCheck(
        "access", label, False, _("Not tried lately: %(names)s.") % {"names": named + more}, url
    )

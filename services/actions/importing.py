"""Importing a catalog file: what it would do, and doing it."""

from __future__ import annotations

from django.db import transaction

from core.errors import Conflict, InvalidInput, NotAllowed
from services.importing import applying, planning, reading
from services.importing.entities import Parsed, Unreadable
from services.importing.plan import Plan
from teams.actions._locks import lock
from teams.actor import Actor
from teams.choices import Scope


class PlanChanged(Conflict):
    """The catalog has changed since the plan was shown; `plan` is the present one."""

    code = "plan_changed"
    sentence = "The catalog has changed since this plan was made. Look at the new one."

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


def read_catalog(*, actor: Actor, content: bytes, media_type: str = "", form: str = "") -> Parsed:
    """What a file says, before it is compared. `form`: backstage, opslevel or csv; "" to tell by the content.

    InvalidInput when nothing of it can be used. Managers of any team and admins.
    """
    _may_import(actor)
    if form not in ("", *reading.FORMATS):
        reason = f"One of {', '.join(reading.FORMATS)}."
        raise InvalidInput(reason, fields={"format": [reason]})
    try:
        return reading.read(content, media_type=media_type, form=form)
    except Unreadable as error:
        raise InvalidInput(str(error), code="unreadable", fields={"file": [str(error)]}) from None


def plan_import(*, actor: Actor, parsed: Parsed) -> Plan:
    """What importing it would do; changes nothing."""
    _may_import(actor)
    return planning.plan(actor, parsed)


def import_catalog(*, actor: Actor, parsed: Parsed, expected: str | None = None) -> Plan:
    """Make the catalog what the file says, as far as the actor may; what was done.

    Entities that are faulty, or belong to teams the actor does not manage, are among the problems; the others are
    imported, all in one transaction. `expected`: digest of the plan that was shown; `PlanChanged` when the present
    one differs. The same file again changes nothing.
    """
    _may_import(actor)
    with transaction.atomic():
        # The first makes imports wait for each other, the others keep addresses from being taken meanwhile.
        for name in ("services.import", "services.create", "services.system", "services.domain"):
            lock(name)
        plan = planning.plan(actor, parsed, lock=True)
        if expected is not None and plan.digest != expected:
            raise PlanChanged(plan)
        applying.apply(actor, plan)
    return plan


def _may_import(actor: Actor) -> None:
    if not actor.is_system and not (actor.manages_any and Scope.MANAGE in actor.scopes):
        raise NotAllowed("Only managers of a team and admins can import.")

"""Which kinds of rows an incident has at all: one statement that spares its page a read for each it has not."""

from __future__ import annotations

from functools import cache

from django.db import connection

from incidents.models import (
    CustomerReport,
    ExitCriterion,
    ImpactRow,
    Incident,
    IncidentRelation,
    IncidentUpdate,
    RoleOffer,
    RunbookRun,
    SupportQuestion,
    SuspectedCause,
    UpdatePromise,
)

_BY_INCIDENT = {
    "impact": ImpactRow,
    "criteria": ExitCriterion,
    "causes": SuspectedCause,
    "updates": IncidentUpdate,
    "promises": UpdatePromise,
    "reports": CustomerReport,
    "questions": SupportQuestion,
    "offers": RoleOffer,
    "runbook_runs": RunbookRun,
}
KINDS = frozenset({*_BY_INCIDENT, "relatives"})


def kinds_of(incident: Incident) -> frozenset[str]:
    """Those of `KINDS` of which the incident has a row. `relatives`: relations, a parent, children, merged ones."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(), {"pk": incident.pk})
        found = cursor.fetchone()
    names = (*_BY_INCIDENT, "relatives")
    return frozenset(name for name, there in zip(names, found, strict=True) if there)


@cache
def _statement() -> str:
    """Names of tables alone are put into it."""
    asked = [
        f"EXISTS (SELECT 1 FROM {model._meta.db_table} WHERE incident_id = %(pk)s)"  # noqa: S608
        for model in _BY_INCIDENT.values()
    ]
    incidents, relations = Incident._meta.db_table, IncidentRelation._meta.db_table
    asked.append(
        f"EXISTS (SELECT 1 FROM {relations} WHERE incident_id = %(pk)s)"  # noqa: S608
        f" OR EXISTS (SELECT 1 FROM {relations} WHERE other_id = %(pk)s)"
        f" OR EXISTS (SELECT 1 FROM {incidents} WHERE parent_id = %(pk)s)"
        f" OR EXISTS (SELECT 1 FROM {incidents} WHERE merged_into_id = %(pk)s)"
        f" OR EXISTS (SELECT 1 FROM {incidents} WHERE id = %(pk)s AND parent_id IS NOT NULL)"
    )
    return f"SELECT {', '.join(asked)}"

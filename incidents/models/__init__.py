from incidents.models.audience import (
    CustomerContact,
    CustomerMessage,
    CustomerReport,
    Follow,
    IncidentFeedback,
    Stakeholder,
    StakeholderList,
    SupportQuestion,
)
from incidents.models.causes import SuspectedCause
from incidents.models.criteria import ExitCriterion
from incidents.models.grants import IncidentGroupPermission, IncidentUserPermission
from incidents.models.impact import ImpactRow
from incidents.models.incident import Incident, IncidentCounter, IncidentService
from incidents.models.links import IncidentNag, IncidentRelation, IncidentVisit
from incidents.models.playbooks import IncidentTask, Playbook, PlaybookRun, PlaybookVersion
from incidents.models.roles import RoleAssignment, RoleDefinition, RoleOffer
from incidents.models.runbooks import (
    Runbook,
    RunbookRun,
    RunbookService,
    RunbookTick,
    RunbookVersion,
)
from incidents.models.severity import SeverityLevel
from incidents.models.timeline import TimelineEntry, TimelineFile, TimelineRevision
from incidents.models.trackers import TrackerConnection, TrackerEvent
from incidents.models.types import CustomField, IncidentType, PriorityRule
from incidents.models.update import IncidentUpdate, UpdatePromise, UpdateTemplate

__all__ = [
    "CustomField",
    "CustomerContact",
    "CustomerMessage",
    "CustomerReport",
    "ExitCriterion",
    "Follow",
    "ImpactRow",
    "Incident",
    "IncidentCounter",
    "IncidentFeedback",
    "IncidentGroupPermission",
    "IncidentNag",
    "IncidentRelation",
    "IncidentService",
    "IncidentTask",
    "IncidentType",
    "IncidentUpdate",
    "IncidentUserPermission",
    "IncidentVisit",
    "Playbook",
    "PlaybookRun",
    "PlaybookVersion",
    "PriorityRule",
    "RoleAssignment",
    "RoleDefinition",
    "RoleOffer",
    "Runbook",
    "RunbookRun",
    "RunbookService",
    "RunbookTick",
    "RunbookVersion",
    "SeverityLevel",
    "Stakeholder",
    "StakeholderList",
    "SupportQuestion",
    "SuspectedCause",
    "TimelineEntry",
    "TimelineFile",
    "TimelineRevision",
    "TrackerConnection",
    "TrackerEvent",
    "UpdatePromise",
    "UpdateTemplate",
]

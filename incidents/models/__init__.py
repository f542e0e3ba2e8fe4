from incidents.models.grants import IncidentGroupPermission, IncidentUserPermission
from incidents.models.incident import Incident, IncidentCounter, IncidentService
from incidents.models.roles import RoleAssignment
from incidents.models.severity import SeverityLevel
from incidents.models.timeline import TimelineEntry, TimelineRevision
from incidents.models.update import IncidentUpdate

__all__ = [
    "Incident",
    "IncidentCounter",
    "IncidentGroupPermission",
    "IncidentService",
    "IncidentUpdate",
    "IncidentUserPermission",
    "RoleAssignment",
    "SeverityLevel",
    "TimelineEntry",
    "TimelineRevision",
]

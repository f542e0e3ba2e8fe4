from oncall.models.calendar import CalendarToken, ExternalCalendar, ImportedShift
from oncall.models.people import (
    HandoffNote,
    Leave,
    Shadow,
    ShiftNotice,
    ShiftPreference,
    ShiftRequest,
)
from oncall.models.policy import EscalationPolicy, PolicyStep, PolicyTarget
from oncall.models.run import EngineHeartbeat, EscalationRun, RunPage
from oncall.models.schedule import Override, Rotation, Schedule

__all__ = [
    "CalendarToken",
    "EngineHeartbeat",
    "EscalationPolicy",
    "EscalationRun",
    "ExternalCalendar",
    "HandoffNote",
    "ImportedShift",
    "Leave",
    "Override",
    "PolicyStep",
    "PolicyTarget",
    "Rotation",
    "RunPage",
    "Schedule",
    "Shadow",
    "ShiftNotice",
    "ShiftPreference",
    "ShiftRequest",
]

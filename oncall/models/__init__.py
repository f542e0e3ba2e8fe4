from oncall.models.policy import EscalationPolicy, PolicyStep, PolicyTarget
from oncall.models.run import EngineHeartbeat, EscalationRun, RunPage
from oncall.models.schedule import CalendarToken, Override, Rotation, Schedule

__all__ = [
    "CalendarToken",
    "EngineHeartbeat",
    "EscalationPolicy",
    "EscalationRun",
    "Override",
    "PolicyStep",
    "PolicyTarget",
    "Rotation",
    "RunPage",
    "Schedule",
]

from alerts.models.alert import Alert, AlertNote, FoldedKey
from alerts.models.check import Check, CheckLocation, CheckResult, CheckRun, CheckSpan
from alerts.models.heartbeat import Heartbeat, HeartbeatSpan
from alerts.models.intake import IntakeItem
from alerts.models.integration import Integration
from alerts.models.objective import Objective, ObjectiveCount
from alerts.models.rule import RoutingRule, ServiceAlerting
from alerts.models.silence import MaintenanceWindow, Silence

__all__ = [
    "Alert",
    "AlertNote",
    "Check",
    "CheckLocation",
    "CheckResult",
    "CheckRun",
    "CheckSpan",
    "FoldedKey",
    "Heartbeat",
    "HeartbeatSpan",
    "IntakeItem",
    "Integration",
    "MaintenanceWindow",
    "Objective",
    "ObjectiveCount",
    "RoutingRule",
    "ServiceAlerting",
    "Silence",
]

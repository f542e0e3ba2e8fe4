from alerts.models.alert import Alert
from alerts.models.intake import IntakeItem
from alerts.models.integration import Integration
from alerts.models.silence import MaintenanceWindow, Silence

__all__ = ["Alert", "IntakeItem", "Integration", "MaintenanceWindow", "Silence"]

from django.db import models
from django.utils.translation import gettext_lazy as _


class SourceKind(models.TextChoices):
    GENERIC = "generic", _("Generic JSON")
    ALERTMANAGER = "alertmanager", _("Prometheus Alertmanager")
    GRAFANA = "grafana", _("Grafana")
    PAGERDUTY = "pagerduty", _("PagerDuty Events v2")
    OPSGENIE = "opsgenie", _("Opsgenie alerts")


class AlertStatus(models.TextChoices):
    FIRING = "firing", _("Firing")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    RESOLVED = "resolved", _("Resolved")


class IntakeAction(models.TextChoices):
    TRIGGER = "trigger", _("Trigger")
    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    RESOLVE = "resolve", _("Resolve")


class IntakeStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")
    FAILED = "failed", _("Failed")

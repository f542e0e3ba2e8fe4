from django.db import models
from django.utils.translation import gettext_lazy as _


class SourceKind(models.TextChoices):
    GENERIC = "generic", _("Generic JSON")
    ALERTMANAGER = "alertmanager", _("Prometheus Alertmanager")
    GRAFANA = "grafana", _("Grafana")
    PAGERDUTY = "pagerduty", _("PagerDuty Events v2")
    OPSGENIE = "opsgenie", _("Opsgenie alerts")
    DATADOG = "datadog", _("Datadog")
    CLOUDWATCH = "cloudwatch", _("Amazon CloudWatch (through SNS)")
    SENTRY = "sentry", _("Sentry")
    UPTIME_KUMA = "uptime_kuma", _("Uptime Kuma")
    ZABBIX = "zabbix", _("Zabbix")
    NAGIOS = "nagios", _("Nagios or Icinga")
    AZURE = "azure", _("Azure Monitor")
    GCP = "gcp", _("Google Cloud Monitoring")
    KIBANA = "kibana", _("Kibana")
    CUSTOM = "custom", _("JSON with your own mapping")
    EMAIL = "email", _("E-mail")
    REPORT = "report", _("Public report form")
    HEARTBEAT = "heartbeat", _("Heartbeat")


# Made with what they belong to, never by hand.
INTERNAL_KINDS = (SourceKind.HEARTBEAT,)


class AlertStatus(models.TextChoices):
    FIRING = "firing", _("Firing")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    RESOLVED = "resolved", _("Resolved")


class IntakeAction(models.TextChoices):
    """`read`: the payload waits for the worker to read it with the integration's mapping."""

    READ = "read", _("Read")
    TRIGGER = "trigger", _("Trigger")
    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    RESOLVE = "resolve", _("Resolve")


class IntakeStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")
    FAILED = "failed", _("Failed")
    UNREAD = "unread", _("Not understood")


class MatchOp(models.TextChoices):
    """Operators of matchers, with the meaning they have in Prometheus."""

    EQUAL = "=", _("is")
    NOT_EQUAL = "!=", _("is not")
    MATCH = "=~", _("matches")
    NOT_MATCH = "!~", _("does not match")


class GroupBy(models.TextChoices):
    """What decides that an alert joins an open incident of its service."""

    KEY = "key", _("The grouping key")
    SERVICE = "service", _("The service, within a time window")


class HeartbeatStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting for the first sign")
    HEALTHY = "healthy", _("Healthy")
    LATE = "late", _("Late")
    PAUSED = "paused", _("Paused")

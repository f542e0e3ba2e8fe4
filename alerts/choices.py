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
    ZENDESK = "zendesk", _("Zendesk")
    JIRA = "jira", _("Jira Service Management")
    FRESHDESK = "freshdesk", _("Freshdesk")
    GITHUB = "github", _("GitHub")
    GITLAB = "gitlab", _("GitLab")
    CUSTOM = "custom", _("JSON with your own mapping")
    EMAIL = "email", _("E-mail")
    REPORT = "report", _("Public report form")
    HEARTBEAT = "heartbeat", _("Heartbeat")
    CHECK = "check", _("Check")
    OBJECTIVE = "objective", _("Service level objective")


# What alerts of heartbeats and checks may be, the worst first.
SEVERITIES = ("critical", "error", "warning", "info")

# Made with what they belong to, never by hand.
INTERNAL_KINDS = (SourceKind.HEARTBEAT, SourceKind.CHECK, SourceKind.OBJECTIVE)


class AlertStatus(models.TextChoices):
    FIRING = "firing", _("Firing")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    RESOLVED = "resolved", _("Resolved")


class IntakeAction(models.TextChoices):
    """`read`: the payload waits for the worker to read it with the integration's mapping. `change`: a deploy or the
    like, which becomes a change event and no alert."""

    READ = "read", _("Read")
    TRIGGER = "trigger", _("Trigger")
    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    RESOLVE = "resolve", _("Resolve")
    CHANGE = "change", _("Change")


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


class CheckKind(models.TextChoices):
    HTTP = "http", _("HTTP")
    TCP = "tcp", _("TCP connection")
    TLS = "tls", _("TLS certificate")
    DNS = "dns", _("DNS")


class CheckStatus(models.TextChoices):
    """`unknown`: too few locations report for a verdict."""

    WAITING = "waiting", _("Waiting for the first results")
    UP = "up", _("Up")
    DOWN = "down", _("Down")
    UNKNOWN = "unknown", _("Not checked")
    PAUSED = "paused", _("Paused")


class ObjectiveSource(models.TextChoices):
    """What an objective is measured by."""

    CHECKS = "checks", _("The checks of the service")
    HEARTBEATS = "heartbeats", _("The heartbeats of the service")
    COUNTS = "counts", _("Counts that are pushed")


class Burning(models.TextChoices):
    """How fast an objective's error budget is being spent: the worst that holds (`alerts.slo.burn`)."""

    NO = "", _("Not burning")
    SLOW = "slow", _("Slow burn")
    FAST = "fast", _("Fast burn")

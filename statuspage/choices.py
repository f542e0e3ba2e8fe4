"""Words of status pages. Those of components, notices and impact are the Statuspage v2 read format's, which
clients match on."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ComponentStatus(models.TextChoices):
    OPERATIONAL = "operational", _("Operational")
    DEGRADED = "degraded_performance", _("Degraded performance")
    PARTIAL = "partial_outage", _("Partial outage")
    MAJOR = "major_outage", _("Major outage")
    MAINTENANCE = "under_maintenance", _("Under maintenance")


class Follows(models.TextChoices):
    """Where a component's status comes from when nobody has set it by hand."""

    HAND = "hand", _("Set by hand")
    INCIDENTS = "incidents", _("Incident impact")
    CHECKS = "checks", _("Checks")


class PageAccess(models.TextChoices):
    PUBLIC = "public", _("Everybody")
    PASSWORD = "password", _("Whoever knows the password")
    SIGNED_IN = "signed_in", _("Whoever is signed in")


class NoticeKind(models.TextChoices):
    INCIDENT = "incident", _("Incident")
    MAINTENANCE = "maintenance", _("Maintenance")


class NoticeStatus(models.TextChoices):
    INVESTIGATING = "investigating", _("Investigating")
    IDENTIFIED = "identified", _("Identified")
    MONITORING = "monitoring", _("Monitoring")
    RESOLVED = "resolved", _("Resolved")
    POSTMORTEM = "postmortem", _("Postmortem")
    SCHEDULED = "scheduled", _("Scheduled")
    IN_PROGRESS = "in_progress", _("In progress")
    VERIFYING = "verifying", _("Verifying")
    COMPLETED = "completed", _("Completed")


INCIDENT_STATUSES = ("investigating", "identified", "monitoring", "resolved", "postmortem")
MAINTENANCE_STATUSES = ("scheduled", "in_progress", "verifying", "completed")
# Over: it takes no more words, except the postmortem of an incident.
OVER = ("resolved", "postmortem", "completed")


class NoticeState(models.TextChoices):
    """Whether the public sees a notice."""

    WAITING = "waiting", _("Waiting for approval")
    PUBLISHED = "published", _("Published")
    REFUSED = "refused", _("Sent back")


class Impact(models.TextChoices):
    NONE = "none", _("None")
    MINOR = "minor", _("Minor")
    MAJOR = "major", _("Major")
    CRITICAL = "critical", _("Critical")
    MAINTENANCE = "maintenance", _("Maintenance")


class Repeats(models.TextChoices):
    NEVER = "never", _("Once")
    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every week")
    FORTNIGHTLY = "fortnightly", _("Every two weeks")
    MONTHLY = "monthly", _("Every month")


class SubscriberKind(models.TextChoices):
    EMAIL = "email", _("E-mail")
    WEBHOOK = "webhook", _("Webhook")
    SLACK = "slack", _("Slack")
    TEAMS = "teams", _("Microsoft Teams")


class SubscriberState(models.TextChoices):
    """`pending` has been sent nothing but the question whether it is wanted."""

    PENDING = "pending", _("Not confirmed")
    ACTIVE = "active", _("Active")
    QUARANTINED = "quarantined", _("Paused after failures")
    BOUNCED = "bounced", _("Address does not exist")
    ENDED = "ended", _("Unsubscribed")


class AnnouncementKind(models.TextChoices):
    UPDATE = "update", _("Update of a notice")
    REMINDER = "reminder", _("Planned work begins soon")
    COMPONENT = "component", _("Component status")


class MessageState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    DROPPED = "dropped", _("Not wanted any more")


class Language(models.TextChoices):
    """Languages the words of a public page and of its mails exist in; named by themselves."""

    ENGLISH = "en", "English"
    GERMAN = "de", "Deutsch"
    SPANISH = "es", "Español"
    FRENCH = "fr", "Français"
    JAPANESE = "ja", "日本語"

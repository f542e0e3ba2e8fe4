from django.db import models
from django.utils.translation import gettext_lazy as _


class IncidentStatus(models.TextChoices):
    TRIAGE = "triage", _("Triage")
    INVESTIGATING = "investigating", _("Investigating")
    IDENTIFIED = "identified", _("Identified")
    MONITORING = "monitoring", _("Monitoring")
    RESOLVED = "resolved", _("Resolved")
    IN_REVIEW = "in_review", _("In review")
    CLOSED = "closed", _("Closed")
    DECLINED = "declined", _("Declined")
    MERGED = "merged", _("Merged")


S = IncidentStatus

ACTIVE = (S.TRIAGE, S.INVESTIGATING, S.IDENTIFIED, S.MONITORING)

# Who may follow whom; conditions are checked by `incidents.actions.status`.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    S.TRIAGE: (S.INVESTIGATING, S.RESOLVED, S.DECLINED, S.MERGED),
    S.INVESTIGATING: (S.IDENTIFIED, S.MONITORING, S.MERGED, S.DECLINED),
    S.IDENTIFIED: (S.INVESTIGATING, S.MONITORING, S.MERGED),
    S.MONITORING: (S.INVESTIGATING, S.IDENTIFIED, S.RESOLVED),
    S.RESOLVED: (S.INVESTIGATING, S.IN_REVIEW, S.CLOSED),
    S.IN_REVIEW: (S.CLOSED, S.INVESTIGATING),
    S.CLOSED: (S.IN_REVIEW,),
    S.DECLINED: (S.TRIAGE, S.INVESTIGATING),
    S.MERGED: (),
}


class IncidentKind(models.TextChoices):
    REAL = "real", _("Incident")
    DRILL = "drill", _("Drill")
    BACKFILLED = "backfilled", _("Backfilled")
    MAINTENANCE = "maintenance", _("Maintenance")


class Visibility(models.TextChoices):
    OPEN = "open", _("As its team")
    RESTRICTED = "restricted", _("Only people invited")


class PageStatus(models.TextChoices):
    NONE = "none", _("Nobody has been paged")
    PAGING = "paging", _("Paging")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    EXHAUSTED = "exhausted", _("Nobody answered")


class Role(models.TextChoices):
    COMMANDER = "commander", _("Commander")
    DEPUTY = "deputy", _("Deputy")
    SCRIBE = "scribe", _("Scribe")
    COMMUNICATIONS = "communications", _("Communications")
    CUSTOMER_LIAISON = "customer_liaison", _("Customer liaison")
    INTERNAL_LIAISON = "internal_liaison", _("Internal liaison")
    EXPERT = "expert", _("Subject-matter expert")
    EXECUTIVE = "executive", _("Executive contact")
    OBSERVER = "observer", _("Observer")
    RESPONDER = "responder", _("Responder")


SINGLE_ROLES = (
    Role.COMMANDER,
    Role.DEPUTY,
    Role.SCRIBE,
    Role.COMMUNICATIONS,
    Role.CUSTOMER_LIAISON,
    Role.INTERNAL_LIAISON,
)


class UpdateAudience(models.TextChoices):
    INTERNAL = "internal", _("Internal")
    EXECUTIVE = "executive", _("Executive")
    SUPPORT = "support", _("Support")
    PUBLIC = "public", _("Public")


class EntryAudience(models.TextChoices):
    RESPONDERS = "responders", _("Responders")
    SUPPORT = "support", _("Support")
    PUBLIC = "public", _("Public")


class EntryKind(models.TextChoices):
    DECLARED = "declared", _("Declared")
    STATE = "state", _("State")
    SEVERITY = "severity", _("Severity")
    IMPACT = "impact", _("Impact")
    ROLE = "role", _("Role")
    JOINED = "joined", _("Joined")
    LEFT = "left", _("Left")
    PAGE_SENT = "page_sent", _("Page sent")
    PAGE_FAILED = "page_failed", _("Page not delivered")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    ESCALATED = "escalated", _("Escalated")
    SNOOZED = "snoozed", _("Snoozed")
    VISIBILITY = "visibility", _("Visibility")
    ALERT_ATTACHED = "alert_attached", _("Alert attached")
    ALERTS_CLEAR = "alerts_clear", _("Alerts clear")
    CHANGE_EVENT = "change_event", _("Change")
    DECISION = "decision", _("Decision")
    NOTE = "note", _("Note")
    EVIDENCE = "evidence", _("Evidence")
    UPDATE_SENT = "update_sent", _("Update sent")
    PUBLIC_NOTICE = "public_notice", _("Public notice")
    MERGED = "merged", _("Merged")
    LINKED = "linked", _("Linked")
    HANDOVER = "handover", _("Handover")
    CORRECTION = "correction", _("Correction")


class EntrySource(models.TextChoices):
    WEB = "web", _("Web")
    API = "api", _("API")
    MAIL = "mail", _("E-mail")
    PUSH = "push", _("Push notification")
    SMS = "sms", _("Text message")
    VOICE = "voice", _("Phone call")
    CHAT = "chat", _("Chat")
    RULE = "rule", _("Rule")

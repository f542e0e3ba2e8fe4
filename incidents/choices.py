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
    """The roles that are shipped; an organisation may add its own (`RoleDefinition`)."""

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
    TYPE = "type", _("Type")
    HOLD = "hold", _("On hold")
    TIMES = "times", _("Times corrected")
    FIELDS = "fields", _("Details")
    ALERT_ATTACHED = "alert_attached", _("Alert attached")
    ALERTS_CLEAR = "alerts_clear", _("Alerts clear")
    CHANGE_EVENT = "change_event", _("Change")
    HYPOTHESIS = "hypothesis", _("Suspected cause")
    TASK = "task", _("Task")
    PLAYBOOK = "playbook", _("Playbook")
    RUNBOOK = "runbook", _("Runbook")
    EXIT_CRITERION = "exit_criterion", _("Exit criterion")
    DECISION = "decision", _("Decision")
    NOTE = "note", _("Note")
    EVIDENCE = "evidence", _("Evidence")
    UPDATE_SENT = "update_sent", _("Update sent")
    UPDATE_PROPOSED = "update_proposed", _("Update waiting for approval")
    PROMISE_MISSED = "promise_missed", _("Update overdue")
    PUBLIC_NOTICE = "public_notice", _("Public notice")
    CUSTOMERS_TOLD = "customers_told", _("Customers written to")
    CUSTOMER_REPORT = "customer_report", _("Customer report")
    QUESTION = "question", _("Question")
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


class ImpactCondition(models.TextChoices):
    """How a service does; the words of the priority matrix."""

    UNAVAILABLE = "unavailable", _("Unavailable")
    DEGRADED = "degraded", _("Degraded")
    BUG = "bug", _("Bug")
    OPERATIONAL = "operational", _("Operational")
    UNKNOWN = "unknown", _("Not known yet")


class Reach(models.TextChoices):
    """How many people feel it; the other side of the priority matrix."""

    ALL = "all", _("Everybody")
    HALF = "half", _("Over half")
    SOME = "some", _("Some")
    INTERNAL = "internal", _("Only inside")


class FieldKind(models.TextChoices):
    TEXT = "text", _("One line")
    LONG_TEXT = "long_text", _("Several lines")
    NUMBER = "number", _("Number")
    CHOICE = "choice", _("One of a list")
    CHOICES = "choices", _("Several of a list")
    YES_NO = "yes_no", _("Yes or no")
    MOMENT = "moment", _("Date and time")
    LINK = "link", _("Web address")
    PERSON = "person", _("Person")


class FieldSection(models.TextChoices):
    """Where a field is asked for."""

    TRIAGE = "triage", _("Triage questions")
    DETAILS = "details", _("Details")
    CLOSING = "closing", _("Closing")


class TaskKind(models.TextChoices):
    DIAGNOSE = "diagnose", _("Diagnose")
    MITIGATE = "mitigate", _("Mitigate")
    COMMUNICATE = "communicate", _("Communicate")
    EVIDENCE = "evidence", _("Evidence")
    ADMIN = "admin", _("Organise")


class TaskState(models.TextChoices):
    OPEN = "open", _("Open")
    DOING = "doing", _("Doing")
    BLOCKED = "blocked", _("Blocked")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")


OPEN_TASKS = (TaskState.OPEN, TaskState.DOING, TaskState.BLOCKED)


class Control(models.TextChoices):
    """What a task opens; doing that ticks the task."""

    NONE = "", _("Nothing")
    SEVERITY = "severity", _("Set severity")
    COMMAND = "command", _("Take command")
    ROLE = "role", _("Assign a role")
    IMPACT = "impact", _("Describe the impact")
    UPDATE_INTERNAL = "update_internal", _("Send an internal update")
    UPDATE_EXECUTIVE = "update_executive", _("Send an executive update")
    UPDATE_SUPPORT = "update_support", _("Tell support")
    UPDATE_PUBLIC = "update_public", _("Send a public update")
    CAUSE = "cause", _("Write down a suspected cause")
    CRITERION = "criterion", _("Write down an exit criterion")
    PAGE = "page", _("Page somebody")
    DECISION = "decision", _("Record a decision")
    EVIDENCE = "evidence", _("Attach evidence")
    STATUS_IDENTIFIED = "status_identified", _("Move to identified")
    STATUS_MONITORING = "status_monitoring", _("Move to monitoring")
    RESOLVE = "resolve", _("Resolve")


class Stage(models.TextChoices):
    """The stages of a response; playbooks group their tasks by them."""

    ALERTING = "alerting", _("Alerting")
    TRIAGE = "triage", _("Triage")
    INVESTIGATION = "investigation", _("Investigation")
    RESOLUTION = "resolution", _("Resolution")
    RETROSPECTIVE = "retrospective", _("Retrospective")


class Helpful(models.TextChoices):
    """What whoever used a runbook says of it afterwards."""

    UNKNOWN = "", _("Not said")
    YES = "yes", _("Yes")
    PARTLY = "partly", _("Partly")
    NO = "no", _("No")


class CauseState(models.TextChoices):
    SUSPECTED = "suspected", _("Suspected")
    TESTING = "testing", _("Testing")
    RULED_OUT = "ruled_out", _("Ruled out")
    CONFIRMED = "confirmed", _("Confirmed")


class CriterionKind(models.TextChoices):
    """`manual` is ticked by a person, the others are checked by the product."""

    MANUAL = "manual", _("Checked by a person")
    ALERTS_CLEAR = "alerts_clear", _("All alerts of the incident clear")
    SERVICES_HEALTHY = "services_healthy", _("No alert fires on the affected services, in any region")
    CONDITIONS_CLEAR = "conditions_clear", _("Every affected service is operational")


class UpdateState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    WAITING = "waiting", _("Waiting for approval")
    SENT = "sent", _("Sent")
    REJECTED = "rejected", _("Sent back")


class OfferState(models.TextChoices):
    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class RelationKind(models.TextChoices):
    RELATED = "related", _("Related to")
    DUPLICATE = "duplicate", _("Duplicate of")
    DRILL_OF = "drill_of", _("Began as drill")


class AttachmentKind(models.TextChoices):
    IMAGE = "image", _("Image")
    LOG = "log", _("Log or text")


class TrackerKind(models.TextChoices):
    GITHUB = "github", _("GitHub issues")

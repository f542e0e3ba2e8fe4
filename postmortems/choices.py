from django.db import models
from django.utils.translation import gettext_lazy as _


class PostmortemStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    REVIEWED = "reviewed", _("Reviewed")
    PUBLISHED = "published", _("Published")
    CLOSED = "closed", _("Closed")


class SectionKey(models.TextChoices):
    """The sections of a postmortem, in the order of the document."""

    SUMMARY = "summary", _("Summary")
    IMPACT = "impact", _("Impact")
    TIMELINE = "timeline", _("What happened")
    RESPONSE = "response", _("Detection and response")
    CAUSES = "causes", _("Why it happened")
    RECOVERY = "recovery", _("Mitigation and recovery")
    LESSONS = "lessons", _("What went well, what was hard, where we were lucky")
    PERSPECTIVES = "perspectives", _("Perspectives")
    FOLLOW_UPS = "follow_ups", _("Follow-ups")
    LINKS = "links", _("Links")
    MESSAGES = "messages", _("Messages")
    PROCESS = "process", _("Process")


class SectionState(models.TextChoices):
    TODO = "todo", _("To be written")
    WRITING = "writing", _("Being written")
    READY = "ready", _("Ready")


class Gate(models.TextChoices):
    """How the answers below a why bring it about: all of them together, or any one alone."""

    AND = "and", _("All of these together")
    OR = "or", _("Any one of these")


class FactorKind(models.TextChoices):
    """What kind of thing contributed."""

    DRIFT = "drift", _("Configuration error or drift")
    CHANGE = "change", _("Code change")
    EXTERNAL = "external", _("External service or dependency")
    CAPACITY = "capacity", _("Capacity")
    SAFEGUARD = "safeguard", _("Missing safeguard")
    DETECTION = "detection", _("Detection and monitoring")
    PROCESS = "process", _("Process and communication")
    HUMAN = "human", _("Working conditions of people")


class ReviewAnswer(models.TextChoices):
    ASKED = "asked", _("Asked")
    APPROVED = "approved", _("Approved")
    CHANGES = "changes", _("Wants changes")


class MeetingKind(models.TextChoices):
    REVIEW = "review", _("Review")
    FOLLOW_UP = "follow_up", _("Follow-up")


class Part(models.TextChoices):
    """Which part of the organisation somebody speaks for in the review."""

    ENGINEERING = "engineering", _("Engineering")
    PRODUCT = "product", _("Product")
    SUPPORT = "support", _("Support")
    COMMUNICATIONS = "communications", _("Communications")
    OTHER = "other", _("Other")


class ItemClass(models.TextChoices):
    PREVENT = "prevent", _("Prevent")
    DETECT = "detect", _("Detect")
    MITIGATE = "mitigate", _("Mitigate")
    REPAIR = "repair", _("Repair")
    PROCESS = "process", _("Process")
    VENDOR_SLA = "vendor_sla", _("Vendor SLA")
    RUNBOOK = "runbook", _("Runbook")
    PLAYBOOK = "playbook", _("Playbook")
    MONITOR = "monitor", _("Monitor")


class ItemPriority(models.TextChoices):
    HIGH = "high", _("High")
    NORMAL = "normal", _("Normal")
    LOW = "low", _("Low")


class ItemStatus(models.TextChoices):
    OPEN = "open", _("Open")
    DOING = "doing", _("In progress")
    DONE = "done", _("Done")
    WONT_DO = "wont_do", _("Will not do")


OPEN_ITEMS = (ItemStatus.OPEN, ItemStatus.DOING)


class Rung(models.TextChoices):
    """The rungs of the reminder ladder, in order; the weekly digest is kept apart (`LeadDigest`)."""

    BEFORE = "before", _("Seven days before")
    DUE = "due", _("On the day")
    AFTER = "after", _("Three days after")
    LEAD = "lead", _("To the owner's lead")

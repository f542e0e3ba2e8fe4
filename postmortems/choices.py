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


class ItemClass(models.TextChoices):
    PREVENT = "prevent", _("Prevent")
    DETECT = "detect", _("Detect")
    MITIGATE = "mitigate", _("Mitigate")
    REPAIR = "repair", _("Repair")
    PROCESS = "process", _("Process")
    VENDOR_SLA = "vendor_sla", _("Vendor SLA")


class ItemStatus(models.TextChoices):
    OPEN = "open", _("Open")
    DOING = "doing", _("In progress")
    DONE = "done", _("Done")
    WONT_DO = "wont_do", _("Will not do")


OPEN_ITEMS = (ItemStatus.OPEN, ItemStatus.DOING)

from postmortems.models.action_item import (
    ActionItem,
    ItemNote,
    ItemReminder,
    ItemTicket,
    LeadDigest,
    PostmortemReminder,
)
from postmortems.models.postmortem import (
    Postmortem,
    PostmortemImage,
    PostmortemSection,
    SectionComment,
    SectionRevision,
)
from postmortems.models.review import Attendee, Meeting, Reviewer
from postmortems.models.template import DefaultAttendee, PostmortemTemplate, ReviewDefaults
from postmortems.models.why import ContributingFactor, Factor, WhyNode

__all__ = [
    "ActionItem",
    "Attendee",
    "ContributingFactor",
    "DefaultAttendee",
    "Factor",
    "ItemNote",
    "ItemReminder",
    "ItemTicket",
    "LeadDigest",
    "Meeting",
    "Postmortem",
    "PostmortemImage",
    "PostmortemReminder",
    "PostmortemSection",
    "PostmortemTemplate",
    "ReviewDefaults",
    "Reviewer",
    "SectionComment",
    "SectionRevision",
    "WhyNode",
]

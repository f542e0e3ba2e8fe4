from postmortems.models.action_item import ActionItem, ItemReminder
from postmortems.models.postmortem import Postmortem, PostmortemSection

__all__ = ["ActionItem", "ItemReminder", "Postmortem", "PostmortemSection"]

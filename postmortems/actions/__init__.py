"""Writing postmortems and keeping action items moving."""

from postmortems.actions.documents import edit_section, set_status, start_postmortem
from postmortems.actions.items import create_item, send_reminders, update_item

__all__ = [
    "create_item",
    "edit_section",
    "send_reminders",
    "set_status",
    "start_postmortem",
    "update_item",
]

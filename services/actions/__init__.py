"""Changing the catalog."""

from services.actions.access import confirm_access, set_access_items
from services.actions.changes import receive_change, record_change
from services.actions.dependencies import remove_dependency, replace_dependencies, set_dependency
from services.actions.services import create_service, delete_service, update_service
from services.actions.structure import (
    delete_part,
    save_domain,
    save_environments,
    save_field,
    save_system,
)
from services.actions.transfers import accept_transfer, ask_transfer, decline_transfer, withdraw_transfer
from services.actions.vendors import set_agreements, set_vendor

__all__ = [
    "accept_transfer",
    "ask_transfer",
    "confirm_access",
    "create_service",
    "decline_transfer",
    "delete_part",
    "delete_service",
    "receive_change",
    "record_change",
    "remove_dependency",
    "replace_dependencies",
    "save_domain",
    "save_environments",
    "save_field",
    "save_system",
    "set_access_items",
    "set_agreements",
    "set_dependency",
    "set_vendor",
    "update_service",
    "withdraw_transfer",
]

"""Changing the catalog."""

from services.actions.changes import receive_change, record_change
from services.actions.dependencies import remove_dependency, replace_dependencies, set_dependency
from services.actions.services import create_service, delete_service, update_service

__all__ = [
    "create_service",
    "delete_service",
    "receive_change",
    "record_change",
    "remove_dependency",
    "replace_dependencies",
    "set_dependency",
    "update_service",
]

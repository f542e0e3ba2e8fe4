"""Incidents in Django admin: inspection everywhere, set-up where an admin may change it."""

from incidents.admin import record

__all__ = ["record"]

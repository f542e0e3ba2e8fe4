"""Changing integrations, silences and windows; rehearsing a page."""

from alerts.actions.rehearsal import rehearse

__all__ = ["rehearse"]

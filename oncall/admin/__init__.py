"""On-call in Django admin: for inspection and repair; writes go through the actions."""

from oncall.admin import calendars, people, policies, runs, schedules

__all__ = ["calendars", "people", "policies", "runs", "schedules"]

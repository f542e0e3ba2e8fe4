"""Reads about who is on call, policies and running escalations."""

from oncall.selectors.basics import (
    OnCallRow,
    awaiting_ack,
    default_policy_id,
    next_shift,
    on_call_overview,
    on_call_until,
    on_call_users,
    policies_for_list,
    policy_snapshot,
    schedules_naming,
    subject_runs,
)
from oncall.selectors.ladder import Ladder, policy_ladder, policy_preview
from oncall.selectors.paged import PagedNow, paged_now, policy_ids_of
from oncall.selectors.shifts import Gaps, MyShift, gaps_ahead, my_shifts

__all__ = [
    "Gaps",
    "Ladder",
    "MyShift",
    "OnCallRow",
    "PagedNow",
    "awaiting_ack",
    "default_policy_id",
    "gaps_ahead",
    "my_shifts",
    "next_shift",
    "on_call_overview",
    "on_call_until",
    "on_call_users",
    "paged_now",
    "policies_for_list",
    "policy_ids_of",
    "policy_ladder",
    "policy_preview",
    "policy_snapshot",
    "schedules_naming",
    "subject_runs",
]

"""Schedules as pure functions of plain values. Models are turned into these and never the reverse."""

from oncall.rota.checks import MAX_QUERY, validate, validate_override
from oncall.rota.model import (
    OVERRIDE_KINDS,
    UNITS,
    WEEKDAYS,
    Gap,
    InvalidRota,
    InvalidWindow,
    OnCall,
    Override,
    Restriction,
    Rotation,
    Shift,
)
from oncall.rota.queries import final_shifts, gaps, on_call_at, users_on_call
from oncall.rota.wallclock import load_zone

__all__ = [
    "MAX_QUERY",
    "OVERRIDE_KINDS",
    "UNITS",
    "WEEKDAYS",
    "Gap",
    "InvalidRota",
    "InvalidWindow",
    "OnCall",
    "Override",
    "Restriction",
    "Rotation",
    "Shift",
    "final_shifts",
    "gaps",
    "load_zone",
    "on_call_at",
    "users_on_call",
    "validate",
    "validate_override",
]

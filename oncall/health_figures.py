"""The numbers of rotation health under the names they have in the CSV and the API."""

from __future__ import annotations

from typing import Any

from oncall.selectors.health import PersonHealth

WEEKS = (4, 8, 12)
COLUMNS = (
    "name",
    "time_zone",
    "hours",
    "night_hours",
    "weekend_hours",
    "pages_high",
    "pages_low",
    "pages_outside_work",
    "interrupted_nights",
    "longest_streak_days",
)
# Spreadsheets take a text that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def figures(row: PersonHealth) -> dict[str, Any]:
    """One person's numbers, in the order of `COLUMNS`."""
    values = (
        row.user.name,
        row.user.time_zone,
        row.hours,
        row.night_hours,
        row.weekend_hours,
        row.pages.high,
        row.pages.low,
        row.pages.outside_work,
        row.nights,
        row.served.streak,
    )
    return dict(zip(COLUMNS, values, strict=True))


def cell(value: object) -> str:
    """As text for a spreadsheet, which must not take it for a formula."""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text

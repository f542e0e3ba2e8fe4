"""A figure as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from incidents.exports import safe_cell
from web.insights.shapes import Found
from web.insights.tables import plain


def as_csv(found: Found) -> Iterator[str]:
    """A byte order mark, the column keys, then the rows; times ISO 8601 UTC, lengths in seconds."""
    yield "\ufeff" + _line([column.key for column in found.columns])
    for row in found.rows:
        values = (row.values[column.key] for column in found.columns)
        yield _line(["" if value is None else str(plain(value)) for value in values])


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()

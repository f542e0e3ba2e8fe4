"""Which lists have saved views, and what of an address is kept."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from core.errors import field_error

# The lists that can be saved, and where each is.
PAGES = {"action-items": "/action-items/", "alerts": "/alerts/", "incidents": "/incidents/"}
LONGEST = 1000
_NOT_KEPT = ("cursor", "page")


def clean_query(query: str) -> str:
    """The filters of an address alone, written anew; `InvalidInput` when there are none or too many."""
    try:
        pairs = parse_qsl(query.lstrip("?")[: LONGEST * 4], max_num_fields=50)
    except ValueError:
        raise field_error("query", "That is no list of filters.") from None
    kept = urlencode([(name, value) for name, value in pairs if name not in _NOT_KEPT and "\0" not in value])
    if not kept:
        raise field_error("query", "Filter the list first, then save what you see.")
    if len(kept) > LONGEST:
        raise field_error("query", f"At most {LONGEST:,} characters.")
    return kept

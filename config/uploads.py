"""How many bytes a request may carry."""

from __future__ import annotations

import re

from alerts.intake.messages import MAX_WIRE
from alerts.intake.receive import PREFIXES

MAX_PAGE_BODY = 12 * 1024 * 1024
# Ten files of ten megabytes and their frame. Django writes them to disk as they come.
MAX_EVIDENCE_BODY = 101 * 1024 * 1024
_EVIDENCE = re.compile(r"^(/incidents/[0-9]{1,9}/compose/|/api/v1/incidents/[0-9]{1,9}/add-evidence/)$")


def body_limit(path: str) -> int:
    """Bytes a request to this address may carry."""
    if path.startswith(PREFIXES):
        return MAX_WIRE
    return MAX_EVIDENCE_BODY if _EVIDENCE.match(path) else MAX_PAGE_BODY

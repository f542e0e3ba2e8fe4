from __future__ import annotations

from typing import Any

from core.admin import ReadOnlyAdmin


class PartAdmin(ReadOnlyAdmin):
    """Rows of one incident lead to its page."""

    def view_on_site(self, obj: Any) -> str:
        return str(obj.incident.get_absolute_url())

"""What the pages of the catalog share."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _


def tabs(active: str) -> list[dict[str, Any]]:
    """The rooms of the catalog, with the present one marked."""
    rooms = [
        ("list", _("All"), "/services/", "table-2"),
        ("map", _("Map"), "/services/map/", "network"),
        ("structure", _("Systems"), "/services/systems/", "layers"),
        ("vendors", _("Vendors"), "/services/vendors/", "building-2"),
        ("readiness", _("Readiness"), "/services/readiness/", "list-checks"),
    ]
    return [
        {"label": label, "url": url, "icon": icon, "active": key == active} for key, label, url, icon in rooms
    ]

from __future__ import annotations

from typing import Any

from django.db import migrations

from incidents import shipped

LEVELS: list[dict[str, Any]] = [
    {
        "rank": 0,
        "label": "Critical",
        "meaning": "Full outage or data at risk. Everybody acts now.",
        "ack_minutes": 5,
        "internal_update_minutes": 15,
        "public_update_minutes": 20,
        "executive_minutes": 30,
        "review_hours": 24,
        "postmortem_days": 3,
        "postmortem_required": True,
        "needs_commander": True,
        "commander_minutes": 5,
        "first_public_minutes": 5,
    },
    {
        "rank": 1,
        "label": "High",
        "meaning": "A major feature is broken for many people.",
        "ack_minutes": 10,
        "internal_update_minutes": 30,
        "public_update_minutes": 30,
        "executive_minutes": 60,
        "review_hours": 48,
        "postmortem_days": 5,
        "postmortem_working_days": True,
        "postmortem_required": True,
        "needs_commander": True,
        "commander_minutes": 10,
        "first_public_minutes": 30,
    },
    {
        "rank": 2,
        "label": "Medium",
        "meaning": "Degraded, or broken for some.",
        "ack_minutes": 15,
        "internal_update_minutes": 60,
        "public_update_minutes": 120,
        "light": True,
    },
    {"rank": 3, "label": "Low", "meaning": "Minor; few people notice. Can wait for the working day.", "light": True},
    {"rank": 4, "label": "Least", "meaning": "Cosmetic or parked for maintenance.", "light": True},
]


def fill(apps: Any, schema_editor: Any) -> None:
    """Rows that are there already stay as they are."""
    for values in LEVELS:
        apps.get_model("incidents", "SeverityLevel").objects.get_or_create(rank=values["rank"], defaults=values)
    apps.get_model("incidents", "IncidentCounter").objects.get_or_create(id=1)
    shipped.fill(apps)


class Migration(migrations.Migration):
    """What a new installation begins with, and the row that numbers incidents."""

    dependencies = [("incidents", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]

from __future__ import annotations

from typing import Any

from django.db import migrations

from postmortems import shipped


def ship(apps: Any, schema_editor: Any) -> None:
    shipped.fill(apps)


class Migration(migrations.Migration):
    """The contributing factors every catalog begins with."""

    dependencies = [("postmortems", "0001_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]

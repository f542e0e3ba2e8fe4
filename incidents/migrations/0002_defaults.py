from __future__ import annotations

from typing import Any

from django.db import migrations

from incidents import shipped


def fill(apps: Any, schema_editor: Any) -> None:
    shipped.fill(apps)


class Migration(migrations.Migration):
    """What a new installation begins with, and the row that numbers incidents."""

    dependencies = [("incidents", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]

"""Every index is written with every row: none may be one that another already begins with."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from tests.architecture.test_budgets import FLOORS


def test_no_foreign_key_has_an_index_that_another_begins_with() -> None:
    found = [
        f"{model._meta.label}.{field.name}: {', '.join(sorted(leading))}"
        for label in (*FLOORS, "web")
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.db_index and not field.unique
        if (leading := _leading(model, field.name))
    ]
    assert found == []


def _leading(model: type[models.Model], name: str) -> set[str]:
    """Whole indexes and unique constraints whose first column this is."""
    indexes = {
        index.name
        for index in model._meta.indexes
        if index.condition is None and index.fields and index.fields[0].lstrip("-") == name
    }
    unique = {
        constraint.name
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
        if constraint.condition is None and constraint.fields and constraint.fields[0] == name
    }
    return indexes | unique

"""Fixtures of people, loaded by `tests/conftest.py` before Django is: models are imported on use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.factories import People


@pytest.fixture
def people(db: None) -> People:
    """Owner, teammate, support, stranger and admin around an organisation-visible team."""
    from tests.factories import make_people

    return make_people()


@pytest.fixture
def private_people(db: None) -> People:
    """The same around a team that only its members see."""
    from teams.choices import TeamVisibility
    from tests.factories import make_people

    return make_people(visibility=TeamVisibility.MEMBERS)

"""Wake-ups that a worker answers by itself, and those it must pass on."""

from __future__ import annotations

from typing import Any

import pytest

from core import wakeup
from core.wakeup import answered_here, wake

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what went to the broker."""
    settings.WAKEUPS = True
    names: list[str] = []
    monkeypatch.setattr(wakeup._sender, "send", lambda name, force=False: names.append(name))
    return names


def test_what_is_answered_here_is_not_sent(sent: list[str], django_capture_on_commit_callbacks: Any) -> None:
    with answered_here("oncall.tick") as asked:
        with django_capture_on_commit_callbacks(execute=True):
            wake("oncall.tick")
            wake("core.relay")
        assert (asked("oncall.tick"), asked("oncall.tick")) == (True, False)
    assert sent == ["core.relay"]


def test_what_nobody_asked_about_is_sent_at_the_end_whatever_happens(
    sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with pytest.raises(RuntimeError), answered_here("oncall.tick"):
        with django_capture_on_commit_callbacks(execute=True):
            wake("oncall.tick")
        raise RuntimeError
    assert sent == ["oncall.tick"]


def test_outside_everything_is_sent_once_a_transaction(
    sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with answered_here("oncall.tick"):
        pass
    with django_capture_on_commit_callbacks(execute=True):
        wake("oncall.tick")
        wake("oncall.tick")
    assert sent == ["oncall.tick"]

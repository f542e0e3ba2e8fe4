"""What every issue tracker provides, in plain data: no models, no database, no request objects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

OPEN, DONE, DROPPED = "open", "done", "dropped"


class TrackerError(Exception):
    """The tracker did not do what was asked; `message` is a sentence for people and holds no secret.

    `retry_after`: seconds the tracker asks to wait. `passing`: it may mend by itself. `unsure`: it may
    have been done all the same. `settings`: the
    connection itself is refused (token, project). `gone`: the issue is away for good: "deleted" or "moved".
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        passing: bool = False,
        unsure: bool = False,
        settings: bool = False,
        gone: str = "",
    ) -> None:
        self.message = message
        self.retry_after = retry_after
        self.unsure = unsure
        self.passing = passing or unsure or retry_after is not None
        self.settings = settings
        self.gone = gone
        super().__init__(message)


class HookRefused(Exception):
    """A webhook that is not taken: `status` 400 (cannot be read, not about us) or 401 (not signed by the secret)."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


@dataclass(frozen=True)
class Place:
    """Where issues go, and what opens it. `project`: the tracker's own name for the place."""

    base_url: str
    project: str
    token: str = field(repr=False)
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An issue as it should be. `state`: open, done or dropped. `marker` is a line inside `body` that no other issue
    has: by it an issue is found again whose making was never answered."""

    title: str
    body: str
    state: str
    marker: str


@dataclass(frozen=True, kw_only=True)
class RemoteIssue:
    """An issue as the tracker has it. `updated_at`: the tracker's own time. `body` is needed to write it anew
    without losing what people have added."""

    external_id: str
    number: str
    url: str
    title: str
    state: str
    updated_at: dt.datetime
    body: str = ""


@dataclass(frozen=True, kw_only=True)
class RemoteComment:
    author: str
    text: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class HookNews:
    """A webhook that was taken. `what`: ping, changed, comment, gone (`gone` says deleted or moved) or ignored.
    `delivery`: its own id, by which it counts once."""

    delivery: str
    what: str
    external_id: str = ""
    number: str = ""
    gone: str = ""
    comment: RemoteComment | None = None


class Tracker(Protocol):
    """One kind of tracker. The calls raise `TrackerError`; each ends within `limit` seconds as far as it can.

    What it does is written down here under `name`.
    """

    name: str
    limit: float
    hook_events: tuple[str, ...]

    def check(self, place: Place) -> str:
        """Ask the tracker whether issues can be written there: what is wrong, in words, or ""."""

    def create(self, place: Place, draft: Draft) -> RemoteIssue:
        """Make the issue, open."""

    def find(self, place: Place, draft: Draft, since: dt.datetime) -> RemoteIssue | None:
        """The issue with this draft's marker, made after `since`."""

    def fetch(self, place: Place, number: str) -> RemoteIssue:
        """The issue as it is now."""

    def update(self, place: Place, number: str, changes: Mapping[str, str]) -> RemoteIssue:
        """Change title, body or state (open, done, dropped): only what is given."""

    def parse_hook(self, headers: Mapping[str, str], body: bytes, secret: str, project: str) -> HookNews:
        """Check the signature, then read it; `HookRefused` otherwise. Names of headers are lower case."""

    def project_problem(self, project: str) -> str:
        """Why this cannot be the name of a project there, or ""."""

"""Where a worker gets its work: from the database of this installation, or from another over HTTPS."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from django.db import DatabaseError, connection

from alerts.actions import check_work
from alerts.actions.check_locations import own_location
from alerts.checks.work import ASK_IDLE, Leased, Reported, Result, Work, WorkSourceError, pause
from alerts.models import CheckLocation
from core import clock
from notifications.transports.http import trusted

_T = TypeVar("_T")
_REFRESH = 15.0
_TIMEOUT = 20.0


class LocalWork:
    """The installation's own location; its row is made at the start, and nothing is done while there is none."""

    def __init__(self) -> None:
        self._row: CheckLocation | None = None
        self._read_at = 0.0
        self._made = False

    def lease(self, limit: int) -> Leased:
        return _from_database(lambda: self._lease(limit))

    def report(self, results: list[Result]) -> Reported:
        row = self._row
        return _from_database(lambda: check_work.report(location=row, results=results) if row else Reported())

    def _lease(self, limit: int) -> Leased:
        if not self._made or time.monotonic() - self._read_at > _REFRESH:
            self._row = (
                CheckLocation.objects.filter(token_digest=None).first() if self._made else own_location()
            )
            self._made, self._read_at = True, time.monotonic()
        if self._row is None:
            return Leased([], ASK_IDLE)
        now = clock.database_now()
        work = check_work.lease(location=self._row, limit=limit, now=now)
        return Leased(work, pause(check_work.next_due(self._row, now), now))


def _from_database(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except DatabaseError as error:
        connection.close()
        raise WorkSourceError(f"the database does not answer: {error}".splitlines()[0]) from None


class RemoteWork:
    """An installation at `url`; `token` reads the location's token, anew after it was refused."""

    def __init__(self, url: str, token: Callable[[], str]) -> None:
        self._base = url.rstrip("/")
        self._read_token = token
        self._token = ""
        self._client = httpx.Client(
            timeout=_TIMEOUT, verify=trusted(), headers={"user-agent": "Watchbill-checks"}
        )

    def close(self) -> None:
        """Close the connection that is kept between questions."""
        self._client.close()

    def lease(self, limit: int) -> Leased:
        found = self._post("lease", {"limit": limit})
        try:
            work = [
                Work(
                    run_id=int(each["run"]),
                    lease=str(each["lease"]),
                    kind=str(each["kind"]),
                    target=str(each["target"]),
                    settings=dict(each["settings"]),
                    headers={str(name): str(value) for name, value in each["headers"].items()},
                    timeout_seconds=int(each["timeout_seconds"]),
                )
                for each in found["work"]
            ]
            return Leased(work, max(0.2, min(float(found["wait_seconds"]), 60.0)))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise WorkSourceError("the answer is not that of a Watchbill installation") from None

    def report(self, results: list[Result]) -> Reported:
        shown = [
            {
                "run": each.run_id,
                "lease": each.lease,
                "ok": each.ok,
                "detail": each.detail,
                "milliseconds": each.milliseconds,
            }
            for each in results
        ]
        found = self._post("results", {"results": shown})
        try:
            return Reported(int(found["taken"]), int(found["late"]), int(found["refused"]))
        except (KeyError, TypeError, ValueError):
            raise WorkSourceError("the answer is not that of a Watchbill installation") from None

    def _post(self, what: str, body: dict[str, Any]) -> Any:
        self._token = self._token or self._read_token()
        try:
            answer = self._client.post(
                f"{self._base}/api/v1/check-worker/{what}/",
                json=body,
                headers={"authorization": f"Bearer {self._token}"},
            )
            found = answer.json() if answer.is_success else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise WorkSourceError(f"{self._base}: {error or type(error).__name__}") from None
        if answer.status_code == 401:
            self._token = ""
            raise WorkSourceError(f"{self._base} refuses the token", retry_after=10)
        if found is None:
            after = answer.headers.get("retry-after", "")
            wait = float(after) if after.isascii() and after.isdigit() and len(after) < 6 else 0.0
            raise WorkSourceError(f"{self._base} answered {answer.status_code}", retry_after=wait)
        return found

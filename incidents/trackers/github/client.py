"""Calls of GitHub's REST API: to checked addresses only, no redirects, bounded in time and size."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from core import clock
from incidents.trackers.base import Draft, HookNews, Place, RemoteIssue, TrackerError
from incidents.trackers.github import hook, shapes
from notifications.transports import http
from notifications.transports.base import TransportError
from notifications.transports.webhook.address import allowed, resolve

VERSION = "2022-11-28"
_LONGEST_WAIT = 3600.0
# A list is cut at 256 KiB: when ten issues do not fit, they are asked for one by one.
_SIZES = (10, 1)
_PAGES = 30


class GitHub:
    name: str = "GitHub"
    limit: float = 8.0
    hook_events: tuple[str, ...] = ("Issues", "Issue comments")

    def check(self, place: Place) -> str:
        """The token must see the repository, the repository must have issues and must not be archived."""
        try:
            answer = self._call("GET", place, "")
            if answer.status == 404:
                return "GitHub knows no such repository, or the token does not reach it."
            found = self._value(answer, (200,))
        except TrackerError as error:
            return error.message
        if found.get("archived") is True:
            return "The repository is archived: nothing can be written there."
        if found.get("has_issues") is not True:
            return "The repository has no issues: switch them on in its settings."
        may = found.get("permissions")
        if isinstance(may, dict) and may.get("pull") is False:
            return "The token may not read this repository."
        return ""

    def create(self, place: Place, draft: Draft) -> RemoteIssue:
        told = {"title": draft.title, "body": draft.body, "labels": list(place.labels)}
        return self._issue(self._call("POST", place, "/issues", told), (201,), unsure=True)

    def find(self, place: Place, draft: Draft, since: dt.datetime) -> RemoteIssue | None:
        for value in self._recent(place, since):
            body = value.get("body")
            if isinstance(body, str) and draft.marker in body and "pull_request" not in value:
                return _read(value)
        return None

    def fetch(self, place: Place, number: str) -> RemoteIssue:
        answer = self._call("GET", place, f"/issues/{int(number)}")
        if answer.status in (301, 307, 308):
            raise self._moved(place)
        return self._issue(answer, (200,))

    def update(self, place: Place, number: str, changes: Mapping[str, str]) -> RemoteIssue:
        told = shapes.changes_for(dict(changes))
        answer = self._call("PATCH", place, f"/issues/{int(number)}", told)
        return self._issue(answer, (200,), unsure=True)

    def parse_hook(self, headers: Mapping[str, str], body: bytes, secret: str, project: str) -> HookNews:
        return hook.parse(headers, body, secret, project)

    def project_problem(self, project: str) -> str:
        return "" if shapes.is_project(project) else "Write owner/repository, as in the repository's address."

    def _recent(self, place: Place, since: dt.datetime) -> Iterator[dict[str, Any]]:
        """Issues made since then, newest first; `TrackerError` when there are too many to look through."""
        for size in _SIZES:
            for page in range(1, _PAGES + 1):
                query = f"state=all&sort=created&direction=desc&per_page={size}&page={page}"
                answer = self._call("GET", place, f"/issues?{query}")
                if len(answer.body) >= http.ANSWER_LIMIT:
                    if size > 1:
                        break
                    # One of that size is not what we wrote.
                    continue
                rows = self._value(answer, (200,), list)
                for row in rows:
                    if _made_at(row) < since:
                        return
                    yield row
                if len(rows) < size:
                    return
        raise TrackerError("Too many new issues there to see whether this one was made already.")

    def _moved(self, place: Place) -> TrackerError:
        """A repository that was renamed answers as an issue that was transferred does."""
        if self._call("GET", place, "").status in (301, 307, 308):
            return TrackerError(
                "The repository was renamed or moved: enter its new name in the connection.", settings=True
            )
        return TrackerError("The issue was moved to another repository.", gone="moved")

    def _issue(self, answer: http.Answer, good: tuple[int, ...], *, unsure: bool = False) -> RemoteIssue:
        return _read(self._value(answer, good, unsure=unsure), unsure=unsure)

    def _call(self, method: str, place: Place, path: str, told: dict[str, Any] | None = None) -> http.Answer:
        if not shapes.is_project(place.project):
            raise TrackerError("The name of the repository is not valid.", settings=True)
        headers = {
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {place.token}",
            "x-github-api-version": VERSION,
        }
        body = b"" if told is None else orjson.dumps(told)
        if body:
            headers["content-type"] = "application/json"
        url = f"{place.base_url.rstrip('/')}/repos/{place.project}{path}"
        if not place.token:
            raise TrackerError("The token cannot be read any more: enter it again.", settings=True)
        try:
            target = resolve(url)
            if target.scheme != "https" and _public(target.addresses):
                raise TrackerError("The token is sent by https only.", settings=True)
        except TransportError as error:
            raise TrackerError(error.message, passing=not error.permanent, settings=error.permanent) from None
        try:
            return http.call(method, target, limit=self.limit, headers=headers, body=body)
        except TransportError as error:
            unsure = method != "GET" and not error.unavailable
            raise TrackerError(error.message, passing=True, unsure=unsure) from None

    def _value(
        self, answer: http.Answer, good: tuple[int, ...], kind: type[Any] = dict, *, unsure: bool = False
    ) -> Any:
        if answer.status not in good:
            raise _refusal(answer, unsure)
        try:
            value = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, kind):
            raise TrackerError(f"{answer.host} answered with something that is not GitHub's.", unsure=unsure)
        return value


def _made_at(value: Any) -> dt.datetime:
    try:
        return shapes.instant(value.get("created_at") if isinstance(value, dict) else None)
    except ValueError:
        raise TrackerError("GitHub answered with an issue of an unknown shape.") from None


def _public(addresses: tuple[str, ...]) -> bool:
    found = [ipaddress.ip_address(text) for text in addresses]
    return any(address.is_global or not allowed(address) for address in found)


def _read(value: Any, *, unsure: bool = False) -> RemoteIssue:
    try:
        return shapes.issue_of(value)
    except ValueError:
        raise TrackerError("GitHub answered with an issue of an unknown shape.", unsure=unsure) from None


_WORDS = {
    401: "GitHub does not take the token: it is wrong, expired or revoked.",
    403: "The token may not do this: it needs to read and write issues.",
    404: "GitHub knows no such issue or repository, or the token does not reach it.",
}


def _refusal(answer: http.Answer, unsure: bool) -> TrackerError:
    code, said = answer.status, str(answer.json().get("message") or "")[:120]
    wait = _wait(answer)
    if code == 429 or (code == 403 and (wait is not None or "rate limit" in said.lower())):
        return TrackerError("GitHub's rate limit is reached; it goes on by itself.", retry_after=wait or 60.0)
    if code in _WORDS:
        return TrackerError(_WORDS[code], settings=True)
    if code == 410:
        if "deleted" in said.lower():
            return TrackerError("The issue was deleted.", gone="deleted")
        return TrackerError("Issues are switched off in this repository.", settings=True)
    if 300 <= code < 400:
        return TrackerError("The repository was renamed or moved: redirects are not followed.", settings=True)
    if code == 422:
        return TrackerError("GitHub refused the content of the issue (422).")
    if code >= 500:
        return TrackerError(
            f"{answer.host} answered HTTP {code}.", passing=True, unsure=unsure, retry_after=wait
        )
    return TrackerError(f"{answer.host} refused it with HTTP {code}.")


def _wait(answer: http.Answer) -> float | None:
    """Seconds to wait, by `retry-after`, else by the reset of an emptied budget; at most an hour."""
    if answer.retry_after is not None:
        return answer.retry_after
    headers = answer.headers
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") != "0" or not (reset.isascii() and reset.isdigit()):
        return None
    seconds = float(reset[:12]) - clock.now().timestamp()
    return min(max(seconds, 1.0), _LONGEST_WAIT)

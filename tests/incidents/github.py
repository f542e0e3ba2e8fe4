"""A strict stand-in of GitHub's REST API for issues: takes what is documented and nothing else."""

from __future__ import annotations

import copy
import http.server
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from incidents.actions.trackers import connect_tracker
from incidents.models import TrackerConnection
from incidents.trackers.github.hook import signature
from tests.world import World

PROJECT = "acme/shop"
TOKEN = "github_pat_11AAAverysecretVALUE"
_REPO = f"/repos/{PROJECT}"
_CREATE = {"title", "body", "labels", "assignees", "milestone", "type"}
_UPDATE = {"title", "body", "state", "state_reason", "labels", "assignees", "milestone", "type"}
_LIST = {"state", "sort", "direction", "per_page", "page", "since"}


class GitHubApi(http.server.ThreadingHTTPServer):
    """`faults`: answers given instead of the usual ones, in order: (status, headers, body), `"hang"`, or `"drop"`,
    which does what was asked and then answers nothing. `odd`: what was not as documented."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issues: dict[int, dict[str, Any]] = {}
        self.gone: dict[int, tuple[int, dict[str, str], dict[str, Any]]] = {}
        self.repository: dict[str, Any] = {"full_name": PROJECT, "has_issues": True, "archived": False}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.faults: list[Any] = []
        self.odd: list[str] = []
        self.hangs = 3.0
        self.now = "2026-11-20T10:00:00Z"
        self.lock = threading.Lock()
        self.before: Any = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def methods(self) -> list[str]:
        return [method for method, _path, _body in self.calls]

    def edit(self, number: int, at: str, **fields: Any) -> dict[str, Any]:
        """Somebody changes an issue there."""
        self.issues[number] |= {**fields, "updated_at": at}
        return self.issues[number]

    def close_issue(self, number: int, at: str, reason: str = "completed") -> dict[str, Any]:
        return self.edit(number, at, state="closed", state_reason=reason, closed_at=at)

    def made(self, told: dict[str, Any]) -> dict[str, Any]:
        number = len(self.issues) + len(self.gone) + 1
        url = f"https://github.com/{PROJECT}/issues/{number}"
        self.issues[number] = {
            "id": 3_000_000_000 + number,
            "node_id": f"I_{number}",
            "url": f"https://api.github.com{_REPO}/issues/{number}",
            "html_url": url,
            "number": number,
            "state": "open",
            "state_reason": None,
            "title": told["title"],
            "body": told.get("body"),
            "user": {"login": "watchbill-bot", "id": 1, "type": "Bot"},
            "labels": [{"id": 1, "name": name, "color": "ededed"} for name in told.get("labels", [])],
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "locked": False,
            "comments": 0,
            "created_at": self.now,
            "updated_at": self.now,
            "closed_at": None,
            "author_association": "OWNER",
        }
        return self.issues[number]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: GitHubApi

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        with self.server.lock:
            told = json.loads(raw) if raw else {}
            self.server.calls.append((self.command, self.path, told))
            fault = self.server.faults.pop(0) if self.server.faults else None
        if self.server.before:
            self.server.before(self.command, self.path)
        if fault == "hang":
            time.sleep(self.server.hangs)
            return
        with self.server.lock:
            status, headers, body = fault if isinstance(fault, tuple) else self._usual(told)
        if fault == "drop":
            return
        answer = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _usual(self, told: Any) -> tuple[int, dict[str, str], Any]:
        if problem := self._headers():
            return self._odd(problem)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, {}, {"message": "Bad credentials", "status": "401"}
        address = urlsplit(self.path)
        if address.path == _REPO and self.command == "GET":
            return 200, {}, self.server.repository
        if address.path == f"{_REPO}/issues":
            return self._issues(told, address.query)
        match = re.fullmatch(rf"{_REPO}/issues/(\d+)", address.path)
        if match is None:
            return 404, {}, {"message": "Not Found", "status": "404"}
        return self._one(int(match[1]), told)

    def _headers(self) -> str:
        if self.headers["Accept"] != "application/vnd.github+json":
            return "Accept"
        if self.headers["X-GitHub-Api-Version"] != "2022-11-28":
            return "X-GitHub-Api-Version"
        if not self.headers["User-Agent"]:
            return "User-Agent"
        sends = self.command in ("POST", "PATCH")
        return "Content-Type" if sends and self.headers["Content-Type"] != "application/json" else ""

    def _issues(self, told: Any, query: str) -> tuple[int, dict[str, str], Any]:
        if self.command == "POST":
            shape = isinstance(told.get("title"), str) and told.keys() <= _CREATE
            names = told.get("labels", [])
            if not shape or not all(isinstance(name, str) for name in names) or len(told["title"]) > 256:
                return self._odd(f"POST {sorted(told)}")
            return 201, {}, self.server.made(told)
        asked = parse_qs(query)
        if self.command != "GET" or not asked.keys() <= _LIST:
            return self._odd(f"{self.command} {query}")
        size, page = int(asked["per_page"][0]), int(asked["page"][0])
        rows = sorted(self.server.issues.values(), key=lambda row: (row["created_at"], row["number"]))[::-1]
        return 200, {}, rows[(page - 1) * size : page * size]

    def _one(self, number: int, told: Any) -> tuple[int, dict[str, str], Any]:
        if number in self.server.gone:
            return self.server.gone[number]
        row = self.server.issues.get(number)
        if row is None:
            return 404, {}, {"message": "Not Found", "status": "404"}
        if self.command == "PATCH":
            reasons = {"open": (None, "reopened"), "closed": ("completed", "not_planned", "duplicate", None)}
            state = told.get("state", row["state"])
            fits = told.keys() <= _UPDATE and told and state in reasons
            if not fits or told.get("state_reason") not in reasons[state] or len(told.get("title", "")) > 256:
                return self._odd(f"PATCH {told}")
            row |= {**told, "updated_at": self.server.now}
            if told.get("state") == "open":
                row |= {"state_reason": "reopened", "closed_at": None}
        elif self.command != "GET":
            return self._odd(self.command)
        return 200, {}, copy.deepcopy(row)

    def _odd(self, what: str) -> tuple[int, dict[str, str], Any]:
        self.server.odd.append(what)
        return 400, {}, {"message": f"Not as documented: {what}"}

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def github_api() -> Iterator[GitHubApi]:
    """The stand-in, running; afterwards nothing odd may have been asked."""
    server = GitHubApi()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
    assert server.odd == []


def connected(world: World, server: GitHubApi, **fields: Any) -> tuple[TrackerConnection, str]:
    """A connection of the world's team, and its webhook secret."""
    values = {"project": PROJECT, "token": TOKEN, "base_url": server.base, "labels": ["postmortem"]} | fields
    return connect_tracker(actor=world.actor("ada"), team_id=world.team.pk, **values)


def payload(action: str, issue: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A webhook's body as GitHub sends it, without what nobody reads."""
    return {
        "action": action,
        "issue": copy.deepcopy(issue),
        "repository": {
            "id": 35129377,
            "name": "shop",
            "full_name": PROJECT,
            "private": True,
            "owner": {"login": "acme", "id": 2, "type": "Organization"},
        },
        "organization": {"login": "acme", "id": 2},
        "sender": {"login": "octocat", "id": 5, "type": "User"},
        **more,
    }


def comment(text: str, at: str = "2026-11-20T11:00:00Z") -> dict[str, Any]:
    return {
        "id": 99262140,
        "html_url": f"https://github.com/{PROJECT}/issues/1#issuecomment-99262140",
        "user": {"login": "octocat", "id": 5, "type": "User"},
        "created_at": at,
        "updated_at": at,
        "author_association": "MEMBER",
        "body": text,
    }


def deliver(
    client: Any,
    row: TrackerConnection,
    secret: str,
    event: str,
    body: Any,
    delivery: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    **headers: str,
) -> Any:
    """Post a webhook as GitHub does."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": signature(secret, raw),
        "User-Agent": "GitHub-Hookshot/044aadd",
    }
    url = f"/api/v1/trackers/{row.hook_key}/"
    kind = headers.pop("content_type", "application/json")
    return client.post(url, raw, content_type=kind, headers=sent | headers)

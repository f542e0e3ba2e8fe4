"""Stand-ins of Twilio and Slack that take nothing but what the real ones document, and a fake reply port."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpResponse
from django.test import Client

from notifications import providers
from notifications.models import ContactMethod, ProviderAccount
from notifications.replies import ReplySubject
from teams.models import User
from tests.notifications.support import NOW

SID = "AC" + "0123456789abcdef" * 2
TOKEN = "s3cretTwilioToken0123456789abcdef"
FROM = "+15005550006"
NUMBER = "+4915123456789"
BOT = "xoxb-111-222-verysecretbottoken"
SIGNING = "feedfacefeedfacefeedfacefeedface"
MEMBER = "U0123ABCD9"


class _Api(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("content-length", "0"))))

    def do_GET(self) -> None:
        self._serve(b"")

    def _serve(self, body: bytes) -> None:
        server: Any = self.server
        call = Call(
            self.command, self.path, {name.title(): value for name, value in self.headers.items()}, body
        )
        server.calls.append(call)
        if server.hangs:
            time.sleep(server.hangs)
            return
        if server.before:
            server.before(call)
        status, headers, told = server.answers.pop(0) if server.answers else server.usual(call)
        answer = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: object) -> None:
        pass


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True, strict_parsing=True)

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def basic(self) -> str:
        return base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()


class Api(http.server.ThreadingHTTPServer):
    daemon_threads = True
    calls: list[Call]
    answers: list[tuple[int, dict[str, str], dict[str, Any]]]
    usual: Any
    before: Any = None
    hangs: float = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def _twilio(call: Call) -> tuple[int, dict[str, str], dict[str, Any]]:
    """201 with a SID for a well-formed message or call, 401 for other credentials, 400 for anything odd."""
    if call.basic != f"{SID}:{TOKEN}":
        return 401, {}, {"code": 20003, "message": "Authenticate", "status": 401}
    if (call.method, call.path) == ("GET", f"/2010-04-01/Accounts/{SID}.json"):
        return 200, {}, {"sid": SID, "status": "active"}
    known = {
        f"/2010-04-01/Accounts/{SID}/Messages.json": ({"To", "From", "Body", "StatusCallback"}, "SM"),
        f"/2010-04-01/Accounts/{SID}/Calls.json": (
            {"To", "From", "Url", "Method", "StatusCallback", "StatusCallbackMethod", "StatusCallbackEvent"}
            | {"Timeout"},
            "CA",
        ),
    }
    if call.method != "POST" or call.path not in known:
        return 404, {}, {"code": 20404, "message": "Not found", "status": 404}
    names, prefix = known[call.path]
    if call.form.keys() != names or call.headers["Content-Type"] != "application/x-www-form-urlencoded":
        return 400, {}, {"code": 21602, "message": f"Odd fields {sorted(call.form)}", "status": 400}
    sid = prefix + hashlib.md5(call.body, usedforsecurity=False).hexdigest()
    return 201, {}, {"sid": sid, "status": "queued"}


def _slack(call: Call) -> tuple[int, dict[str, str], dict[str, Any]]:
    if call.path.startswith("/actions/"):
        return 200, {}, {"ok": True}
    if call.headers.get("Authorization") != f"Bearer {BOT}":
        return 200, {}, {"ok": False, "error": "invalid_auth"}
    if (call.method, call.path) == ("POST", "/api/auth.test"):
        return 200, {}, {"ok": True, "user_id": "UBOT"}
    if (call.method, call.path) != ("POST", "/api/chat.postMessage"):
        return 200, {}, {"ok": False, "error": "unknown_method"}
    if call.json.get("channel") != MEMBER:
        return 200, {}, {"ok": False, "error": "channel_not_found"}
    return 200, {}, {"ok": True, "channel": "D024BE91L", "ts": f"1503435956.{len(call.body):06}"}


@contextmanager
def api(usual: Any) -> Iterator[Api]:
    with Api(("127.0.0.1", 0), _Api) as server:
        server.calls, server.answers, server.usual = [], [], usual
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def twilio_api() -> Iterator[Api]:
    with api(_twilio) as server:
        set_up("twilio", account_sid=SID, auth_token=TOKEN, from_number=FROM, api_base=server.base)
        yield server


@contextmanager
def slack_api() -> Iterator[Api]:
    with api(_slack) as server:
        set_up("slack", bot_token=BOT, signing_secret=SIGNING, api_base=f"{server.base}/api")
        yield server


def set_up(provider: str, **values: str) -> ProviderAccount:
    row, _created = ProviderAccount.objects.update_or_create(
        provider=provider, defaults={"sealed": providers.sealed(values), "enabled": True}
    )
    return row


def method(user: User, channel: str, address: str = NUMBER, **fields: Any) -> ContactMethod:
    return ContactMethod.objects.create(
        user=user, channel=channel, address=address, **{"verified_at": NOW, **fields}
    )


@dataclass
class FakePort:
    """Subjects by key; each is open until somebody acknowledges or resolves it."""

    titles: dict[str, str] = field(default_factory=lambda: {"incident:42": "#42 Payments <failing>"})
    settled: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str, int, str]] = field(default_factory=list)

    def _act(self, verb: str, subject_key: str, user_id: int, via: str) -> str:
        self.calls.append((verb, subject_key, user_id, via))
        if subject_key in self.settled:
            return f"Already {self.settled[subject_key]}."
        self.settled[subject_key] = verb
        return f"Done: {verb}."

    def acknowledge(self, *, subject_key: str, user_id: int, via: str) -> str:
        return self._act("acknowledge", subject_key, user_id, via)

    def resolve(self, *, subject_key: str, user_id: int, via: str) -> str:
        return self._act("resolve", subject_key, user_id, via)

    def decline(self, *, subject_key: str, user_id: int, via: str) -> str:
        self.calls.append(("decline", subject_key, user_id, via))
        return "The next person is paged."

    def describe(self, *, subject_key: str, user_id: int) -> ReplySubject | None:
        if subject_key not in self.titles:
            return None
        done = self.settled.get(subject_key)
        state = f"State: {done}." if done else "Nobody has acknowledged this yet."
        return ReplySubject(self.titles[subject_key], "/incidents/42/", state, done is None)


def twilio_post(
    path: str, token: str = TOKEN, base: str = "http://127.0.0.1:8000", **form: str
) -> HttpResponse:
    """A request as Twilio signs it: written out again here, by its documentation."""
    text = base + path + "".join(f"{name}{form[name]}" for name in sorted(form))
    mac = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    visitor = Client(enforce_csrf_checks=True)
    return visitor.post(path, form, headers={"X-Twilio-Signature": base64.b64encode(mac).decode()})


def path_of(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")

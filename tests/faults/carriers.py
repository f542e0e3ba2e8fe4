"""Stand-ins of who carries pages outside: Twilio, which calls back as it documents, and a push service."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import http.server
import json
import ssl
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.notifications.providers import TOKEN, Api, Call, _twilio, api
from tests.notifications.push_service import Browser

FORM = "application/x-www-form-urlencoded"


@dataclass
class Line:
    """Twilio's side of the line: takes requests as strictly as the real one, then calls the product back.

    `keys`: called number → the key that its owner presses. `refuses` answers a request instead of taking it.
    `spoken`: everything said on the phone, in order. Faults of what came back are in `faults`.
    """

    server: Any = None
    keys: dict[str, str] = field(default_factory=dict)
    refuses: Callable[[Call], tuple[int, dict[str, str], dict[str, Any]] | None] = lambda _call: None
    texts: list[dict[str, str]] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def answer(self, call: Call) -> tuple[int, dict[str, str], dict[str, Any]]:
        """What Twilio answers; what it does next happens beside."""
        if refusal := self.refuses(call):
            return refusal
        status, headers, told = _twilio(call)
        if status != 201:
            self.faults.append(f"HTTP {status}: {told}")
            return status, headers, told
        form = {name: values[0] for name, values in call.form.items()}
        taken, goes_on = (
            (self.calls, self._ring) if told["sid"][:2] == "CA" else (self.texts, self._hand_over)
        )
        taken.append(form)
        threading.Thread(target=self._safely, args=(goes_on, form, told["sid"]), daemon=True).start()
        return status, headers, told

    def _safely(self, goes_on: Callable[[dict[str, str], str], None], form: dict[str, str], sid: str) -> None:
        try:
            goes_on(form, sid)
        except Exception as error:
            self.faults.append(repr(error))

    def _hand_over(self, form: dict[str, str], sid: str) -> None:
        for status in ("sent", "delivered"):
            said = self._post(form["StatusCallback"], MessageSid=sid, MessageStatus=status)
            assert said == (204, ""), said

    def _ring(self, form: dict[str, str], sid: str) -> None:
        """Somebody picks up, listens, and presses a key; ends when told to hang up."""
        self._post(form["StatusCallback"], CallSid=sid, CallStatus="in-progress")
        url, more = form["Url"], {}
        for _turn in range(5):
            status, text = self._post(url, CallSid=sid, **more)
            assert status == 200, (url, status, text)
            document = ET.fromstring(text)
            self.spoken.append(" ".join(each.text or "" for each in document.iter("Say")))
            gather, key = document.find("Gather"), self.keys.pop(form["To"], "")
            if document.find("Hangup") is not None:
                break
            assert gather is not None, text
            redirect = document.findtext("Redirect") or ""
            url, more = (gather.attrib["action"], {"Digits": key}) if key else (redirect, {})
        self._post(form["StatusCallback"], CallSid=sid, CallStatus="completed")

    @staticmethod
    def _post(url: str, **form: str) -> tuple[int, str]:
        """As Twilio signs it: written out here by its documentation."""
        text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
        mac = hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()
        headers = {"Content-Type": FORM, "X-Twilio-Signature": base64.b64encode(mac).decode()}
        return _request(url, urlencode(form), headers)


@contextmanager
def twilio_line() -> Iterator[Line]:
    """A `Line` with its API at `line.server.base`."""
    line = Line()
    with api(line.answer) as server:
        line.server = server
        yield line


class _Push(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        server.taken.append((time.time(), self.path, dict(self.headers.items()), body))
        if self.path in server.hanging:
            server.released.wait(60)
            return
        self.send_response(201)
        self.send_header("location", f"https://127.0.0.1:{server.server_port}/message/1")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


class PushService(http.server.ThreadingHTTPServer):
    """By https. `taken`: (when, path, headers, body); paths in `hanging` are taken and never answered."""

    daemon_threads = True
    taken: list[tuple[float, str, dict[str, str], bytes]]
    hanging: set[str]
    released: threading.Event

    def browser(self, name: str) -> Browser:
        """A browser whose subscription is here."""
        return Browser(f"https://127.0.0.1:{self.server_port}/send/{name}")

    def read_by(self, browser: Browser) -> list[dict[str, Any]]:
        """What this browser got, decrypted with its own key."""
        path = urlsplit(browser.endpoint).path
        return [browser.read(body) for _at, where, _headers, body in list(self.taken) if where == path]

    def handle_error(self, *_args: object) -> None:
        """Callers that hang up are what the tests are about."""


@contextmanager
def push_service(context: ssl.SSLContext) -> Iterator[PushService]:
    with PushService(("127.0.0.1", 0), _Push) as server:
        server.taken, server.hanging, server.released = [], set(), threading.Event()
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


def press(base: str, path: str) -> dict[str, Any]:
    """What the service worker does when a button of a push notification is pressed: no cookies, JSON back."""
    status, text = _request(f"{base}{path}", "", {"Accept": "application/json", "Content-Type": FORM})
    assert status == 200, (status, text)
    return dict(json.loads(text))


def _request(url: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
    parts = urlsplit(url)
    web = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        web.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
        answer = web.getresponse()
        return answer.status, answer.read().decode()
    finally:
        web.close()


__all__ = ["Api", "Line", "PushService", "press", "push_service", "twilio_line"]

"""A strict OpenID Connect provider on this machine: takes only what was agreed, and can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import http.client
import http.server
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "watchbill"
CLIENT_SECRET = "a shared secret of enough length"
KID = "key-1"


@cache
def signing_key(name: str) -> rsa.RSAPrivateKey:
    """The provider's key, or that of an impostor."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class IdentityProvider(http.server.ThreadingHTTPServer):
    """`person`: the claims of whoever signs in. What is wrong goes to `refused`.

    `deny`: the error it sends people back with. `answers`: path → (status, body) given instead of its own.
    `claims` go into the ID token on top, `told` into the user info. `sign` makes the token.
    """

    daemon_threads = True

    def __init__(self, redirect_uri: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.redirect_uri = redirect_uri
        self.person: dict[str, Any] = {}
        self.deny = ""
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.claims: dict[str, Any] = {}
        self.told: dict[str, Any] = {}
        self.signed_by = "own"
        self.algorithm = "RS256"
        self.refused: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(signing_key("own").public_key()))
        return {"keys": [{**public, "kid": KID, "use": "sig", "alg": "RS256"}]}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.person,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        key: Any = signing_key(self.signed_by)
        if self.algorithm.startswith("HS"):
            key = self.signed_by
        elif self.algorithm == "none":
            key = None
        return jwt.encode(kept, key, algorithm=self.algorithm, headers={"kid": KID})

    def browse(self, address: str) -> str:
        """What a browser does at the provider: open the address, say yes; returns where it is sent back to."""
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(parts.netloc, timeout=5)
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        assert answer.status == 302, (body, self.refused)
        return answer.headers["Location"]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: IdentityProvider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path in self.server.answers:
            self._send(*self.server.answers[parts.path])
        elif parts.path == "/.well-known/openid-configuration":
            self._json(self.server.configuration())
        elif parts.path == "/jwks":
            self._json(self.server.keys())
        elif parts.path == "/authorize":
            self._authorize(query)
        elif parts.path == "/userinfo":
            kind, _space, token = self.headers.get("authorization", "").partition(" ")
            if kind != "Bearer" or token not in self.server.tokens:
                self._refuse("invalid_token", 401)
            else:
                self._json({**self.server.person, **self.server.told})
        else:
            self._send(404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path in self.server.answers:
            self._send(*self.server.answers[self.path])
            return
        # A code is good for one try.
        asked = self.server.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            self._refuse("invalid_client", 401)
        elif self.path != "/token" or form.get("grant_type") != "authorization_code" or asked is None:
            self._refuse("invalid_grant")
        elif form.get("redirect_uri") != asked["redirect_uri"]:
            self._refuse("invalid_grant: redirect_uri")
        elif base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]:
            self._refuse("invalid_grant: code_verifier")
        else:
            token = secrets.token_urlsafe(16)
            self.server.tokens.add(token)
            identity = self.server.id_token(asked["nonce"])
            self._json(
                {"access_token": token, "token_type": "Bearer", "id_token": identity, "expires_in": 60}
            )

    def _authorize(self, query: dict[str, str]) -> None:
        wrong = [
            name
            for name, right in {
                "client_id": query.get("client_id") == CLIENT_ID,
                "redirect_uri": query.get("redirect_uri") == self.server.redirect_uri,
                "response_type": query.get("response_type") == "code",
                "scope": set(query.get("scope", "").split()) == {"openid", "profile", "email"},
                "state": len(query.get("state", "")) >= 8,
                "nonce": len(query.get("nonce", "")) >= 16,
                "code_challenge": len(query.get("code_challenge", "")) == 43,
                "code_challenge_method": query.get("code_challenge_method") == "S256",
            }.items()
            if not right
        ]
        if wrong:
            self._refuse(f"invalid_request: {', '.join(wrong)}")
            return
        answer = {"state": query["state"]}
        if self.server.deny:
            answer["error"] = self.server.deny
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.server.codes[answer["code"]] = query
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(answer)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _refuse(self, reason: str, status: int = 400) -> None:
        self.server.refused.append(reason)
        self._json({"error": reason}, status)

    def _json(self, value: dict[str, Any], status: int = 200) -> None:
        self._send(status, json.dumps(value).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def identity_provider(redirect_uri: str) -> Iterator[IdentityProvider]:
    """One that answers until the block ends."""
    with IdentityProvider(redirect_uri) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

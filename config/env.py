"""What an operator may set, read once and checked.

A value comes from the first of: the environment, the `.env` file, `run.json` of the stack that runs on
the same data folder, the default. Empty means not given. Imports nothing of Django, so that the launcher
and settings share it.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
RUN_FILE = "run.json"
KEY_FILE = "secret_key"
SETUP_CODE_FILE = "setup_code"

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_TEAM_ROLES = {"manager", "responder", "observer"}
_DATABASE_SCHEMES = {"postgres", "postgresql"}
_REDIS_SCHEMES = {"redis", "rediss"}
_EMAIL_SCHEMES = {
    "smtp",
    "smtps",
    "smtp+tls",
    "smtp+ssl",
    "submission",
    "console",
    "dummy",
}


class EnvError(ValueError):
    """A setting that cannot be used. Its text is one sentence that names the variable."""


@dataclass(frozen=True, slots=True)
class Env:
    """Checked settings.

    `demo` is true only together with `debug`. `allowed_hosts` is empty when not given. `email_url` is ""
    when no mail server was named. `given_database` and `given_redis` tell whether a person named the
    server, as opposed to the launcher's own or the default. `data_dir` is absolute and may not exist yet.
    `webhook_allowed_networks` are in CIDR form, `webhook_allowed_ports` (lowest, highest), both inclusive,
    `provider_timeout` is in seconds. `mail_intake_port` is 0 when no mail is taken in.
    """

    port: int
    host: str
    data_dir: Path
    database_url: str
    redis_url: str
    given_database: bool
    given_redis: bool
    base_url: str
    secret_key: str
    allowed_hosts: tuple[str, ...]
    email_url: str
    email_from: str
    debug: bool
    demo: bool
    web_workers: int
    celery_concurrency: int
    oidc_providers: dict[str, Any]
    oidc_groups: tuple[tuple[str, str, str], ...]
    oidc_groups_claim: str
    api_schema_public: bool
    metrics_public: bool
    webhook_allowed_networks: tuple[str, ...]
    webhook_allowed_ports: tuple[tuple[int, int], ...]
    provider_timeout: int
    keep_deliveries_days: int
    keep_mail_days: int
    mail_intake_port: int
    mail_intake_host: str
    mail_intake_domain: str
    # Only a domain that somebody named has a mail server that brings reports back.
    mail_bounces: bool

    @property
    def secret_key_path(self) -> Path:
        return self.data_dir / KEY_FILE

    @property
    def setup_code_path(self) -> Path:
        """File with the one-time code that makes the first administrator; exists only until used."""
        return self.data_dir / SETUP_CODE_FILE

    def make_setup_code(self) -> None:
        """Write a new one-time code in place of any other."""
        write_private(self.setup_code_path, "-".join(secrets.token_hex(2) for _ in range(4)))

    @property
    def run_file(self) -> Path:
        return self.data_dir / RUN_FILE


class _Source:
    """Looks names up in order of precedence and converts them, naming the variable when it cannot."""

    def __init__(self, layers: list[Mapping[str, str | None]], run: Mapping[str, Any]) -> None:
        self._layers = layers
        self._run = run

    def given(self, name: str) -> str:
        """The text a person set, or ""."""
        for layer in self._layers:
            value = (layer.get(name) or "").strip()
            if value:
                return value
        return ""

    def text(self, name: str, default: str = "") -> str:
        return self.given(name) or str(self._run.get(name.lower(), "") or "") or default

    def boolean(self, name: str, default: bool) -> bool:
        value = self.given(name).lower()
        if not value:
            return bool(self._run.get(name.lower(), default))
        if value in _TRUE | _FALSE:
            return value in _TRUE
        raise EnvError(f"{name} must be 1 or 0, got '{self.given(name)}'.")

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if value.isascii() and value.isdigit() and low <= int(value[:9]) <= high:
            return int(value)
        raise EnvError(f"{name} must be a whole number from {low} to {high}, got '{value}'.")

    def url(self, name: str, default: str, schemes: set[str]) -> str:
        value = self.text(name, default)
        try:
            parts = urlsplit(value)
            scheme, _port = parts.scheme, parts.port
        except ValueError as error:
            raise EnvError(f"{name} is not a valid address: {error}.") from None
        if value and scheme not in schemes:
            wanted = ", ".join(f"{item}://" for item in sorted(schemes))
            raise EnvError(f"{name} must begin with one of {wanted}; it begins with '{scheme}'.")
        return value


def load_env(environ: Mapping[str, str] | None = None, *, launching: bool = False) -> Env:
    """Read and check all settings; raises `EnvError`.

    `ENV_FILE` names another file than `.env` beside manage.py. A missing secret key is generated into the
    data folder in debug, else it is an error. The launcher passes `launching`: debug is on by default,
    `run.json` is what it is about to write and so not read, and with its own database it may
    generate the key without debug too.
    """
    environ = os.environ if environ is None else environ
    layers: list[Mapping[str, str | None]] = [environ, _read_env_file(environ)]
    data_dir = _data_dir(_Source(layers, {}))
    source = _Source(layers, {} if launching else read_run_file(data_dir))

    port = source.number("PORT", 8000, 1, 65535)
    host = _host(source)
    debug = source.boolean("DEBUG", launching)
    base_url = _base_url(source, host, port)
    own_database = launching and not source.given("DATABASE_URL")
    return Env(
        port=port,
        host=host,
        data_dir=data_dir,
        database_url=_database_url(source),
        redis_url=source.url("REDIS_URL", "redis://127.0.0.1:6379/0", _REDIS_SCHEMES),
        given_database=bool(source.given("DATABASE_URL")),
        given_redis=bool(source.given("REDIS_URL")),
        base_url=base_url,
        secret_key=_secret_key(source, data_dir, may_make=debug or own_database),
        allowed_hosts=_words(source.text("ALLOWED_HOSTS")),
        email_url=source.url("EMAIL_URL", "", _EMAIL_SCHEMES),
        email_from=source.text("EMAIL_FROM", "Watchbill <watchbill@localhost>"),
        debug=debug,
        demo=source.boolean("DEMO", debug) and debug,
        web_workers=source.number("WEB_WORKERS", 2, 1, 64),
        celery_concurrency=source.number("CELERY_CONCURRENCY", 2, 1, 256),
        oidc_providers=_oidc_providers(source),
        oidc_groups=_oidc_groups(source),
        oidc_groups_claim=source.text("OIDC_GROUPS_CLAIM", "groups"),
        api_schema_public=source.boolean("API_SCHEMA_PUBLIC", True),
        metrics_public=source.boolean("METRICS_PUBLIC", True),
        webhook_allowed_networks=_networks(source, "WEBHOOK_ALLOWED_NETWORKS"),
        webhook_allowed_ports=_ports(source, "WEBHOOK_ALLOWED_PORTS", "80,443,8000-9000"),
        provider_timeout=source.number("PROVIDER_TIMEOUT", 5, 1, 10),
        keep_deliveries_days=source.number("KEEP_DELIVERIES_DAYS", 90, 1, 3650),
        keep_mail_days=source.number("KEEP_MAIL_DAYS", 7, 1, 3650),
        mail_intake_port=source.number("MAIL_INTAKE_PORT", _mail_port(port) if launching else 0, 0, 65535),
        mail_intake_host=_host(source, "MAIL_INTAKE_HOST", "127.0.0.1"),
        mail_intake_domain=_domain(source, base_url),
        mail_bounces=bool(source.text("MAIL_INTAKE_DOMAIN")),
    )


def read_run_file(data_dir: Path) -> dict[str, Any]:
    """What the launcher running on this folder wrote, or {} when none runs.

    Keys: pid, host, port, base_url, debug, demo, database_url, redis_url, secret_key_path. A file left by a
    launcher that no longer lives counts for nothing.
    """
    path = data_dir / RUN_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) and _alive(int(found["pid"])) else {}
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise EnvError(f"WATCHBILL_DATA holds {path}, which this user may not read.") from None
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_private(path: Path, text: str) -> None:
    """Put `text` at `path` with mode 0600, all at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    part.replace(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read_env_file(environ: Mapping[str, str]) -> dict[str, str | None]:
    path = Path(environ.get("ENV_FILE") or ROOT / ".env")
    try:
        return dict(dotenv_values(path, interpolate=False)) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise EnvError(f"ENV_FILE {path} cannot be read: {error}.") from None


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)


def _networks(source: _Source, name: str) -> tuple[str, ...]:
    found = []
    for word in _words(source.text(name)):
        try:
            found.append(str(ipaddress.ip_network(word)))
        except ValueError:
            raise EnvError(
                f"{name} must be networks such as 10.0.0.0/8 or fd00::/8, separated by commas, got '{word}'."
            ) from None
    return tuple(found)


def _ports(source: _Source, name: str, default: str) -> tuple[tuple[int, int], ...]:
    found = []
    for word in _words(source.text(name, default)):
        low, dash, high = word.partition("-")
        ends = [end for end in ((low, high) if dash else (low, low)) if end.isascii() and end.isdigit()]
        numbers = [int(end[:9]) for end in ends]
        if len(numbers) < 2 or not 1 <= numbers[0] <= numbers[1] <= 65535:
            raise EnvError(
                f"{name} must be ports such as 443 or 8000-9000, separated by commas, got '{word}'."
            )
        found.append((numbers[0], numbers[1]))
    return tuple(found)


def _host(source: _Source, name: str = "HOST", default: str = "127.0.0.1") -> str:
    host = source.text(name, default).strip("[]")
    if any(letter.isspace() or letter in "/?#@" for letter in host):
        raise EnvError(f"{name} must be an address to listen on such as 127.0.0.1 or 0.0.0.0, got '{host}'.")
    return host


def _data_dir(source: _Source) -> Path:
    folder = Path(source.text("WATCHBILL_DATA", ".data")).expanduser()
    folder = (folder if folder.is_absolute() else ROOT / folder).resolve()
    if folder.exists() and not folder.is_dir():
        raise EnvError(f"WATCHBILL_DATA must be a folder, and '{folder}' is a file.")
    return folder


def _mail_port(port: int) -> int:
    """Where mail comes in beside a web server at `port`, so that two copies do not meet."""
    if port in (80, 443, 8000):
        return 2525
    return port + 10_000 if port <= 55_535 else port - 10_000


def _domain(source: _Source, base_url: str) -> str:
    """What stands behind the @ of addresses that mail comes in at."""
    domain = source.text("MAIL_INTAKE_DOMAIN") or urlsplit(base_url).hostname or "localhost"
    if not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", domain):
        raise EnvError(f"MAIL_INTAKE_DOMAIN must be a domain such as alerts.example.com, got '{domain}'.")
    return domain.lower()


def _base_url(source: _Source, host: str, port: int) -> str:
    shown = "localhost" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104 - compared, not listened on
    default = f"http://{shown}" if port == 80 else f"http://{shown}:{port}"
    value = source.url("BASE_URL", default, {"http", "https"}).rstrip("/")
    parts = urlsplit(value)
    if not parts.hostname or parts.path or parts.query or parts.fragment:
        raise EnvError(
            f"BASE_URL must be scheme and host only, such as https://ops.example.com, got '{value}'."
        )
    return value


def _database_url(source: _Source) -> str:
    value = source.url("DATABASE_URL", "postgresql://127.0.0.1:5432/watchbill", _DATABASE_SCHEMES)
    if not urlsplit(value).path.strip("/"):
        raise EnvError(
            "DATABASE_URL must end in the name of a database, such as postgresql://host/watchbill."
        )
    return value


def _secret_key(source: _Source, data_dir: Path, *, may_make: bool) -> str:
    key = source.given("SECRET_KEY")
    if key:
        return key
    path = Path(source.text("SECRET_KEY_PATH") or data_dir / KEY_FILE)
    try:
        stored = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        if not stored and may_make:
            stored = _make_secret_key(path)
    except OSError as error:
        raise EnvError(f"SECRET_KEY is not set and {path} cannot be used: {error.strerror}.") from None
    if stored:
        return stored
    raise EnvError(f"SECRET_KEY must be set when DEBUG is off (and there is no {path}).")


def _make_secret_key(path: Path) -> str:
    """Create the key file; of several processes that try at once one wins and all use its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    write_private(part, secrets.token_urlsafe(48))
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return path.read_text(encoding="utf-8").strip()


def _oidc_groups(source: _Source) -> tuple[tuple[str, str, str], ...]:
    """(group, team slug, role) of each entry such as `sre=payments:manager`; the role may be left out."""
    found = []
    for entry in filter(None, (part.strip() for part in source.given("OIDC_GROUPS").split(","))):
        group, _, target = entry.rpartition("=")
        slug, _, role = target.partition(":")
        role = role.strip() or "responder"
        if not group.strip() or not slug.strip() or role not in _TEAM_ROLES:
            raise EnvError(
                "OIDC_GROUPS must be like 'group=team-slug:role' with role manager, responder or observer, "
                f"got '{entry}'."
            )
        found.append((group.strip(), slug.strip(), role))
    return tuple(found)


def _oidc_providers(source: _Source) -> dict[str, Any]:
    """Settings of allauth's OpenID Connect provider, or {} when none is configured."""
    names = ("OIDC_SERVER_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    server, client, secret = (source.given(name) for name in names)
    if not (server or client or secret):
        return {}
    missing = [name for name in names if not source.given(name)]
    if missing:
        raise EnvError(f"{missing[0]} must be set too: sign-in needs {', '.join(names)} together.")
    source.url("OIDC_SERVER_URL", "", {"http", "https"})
    app = {
        "provider_id": "oidc",
        "name": source.text("OIDC_NAME", "Single sign-on"),
        "client_id": client,
        "secret": secret,
        "settings": {
            "server_url": server,
            "oauth_pkce_enabled": True,
            "verified_email": source.boolean("OIDC_TRUST_EMAIL", False),
        },
    }
    return {"openid_connect": {"APPS": [app]}}

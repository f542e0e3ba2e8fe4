"""Asks a database whether it can be used and how far it is, without Django."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from config.env import ROOT
from config.launcher.errors import LaunchError

OLDEST = 15
_MARK = "watchbill"


def check(url: str) -> None:
    """Raise `LaunchError` when the PostgreSQL server named by `DATABASE_URL` cannot be used."""
    place = f"{urlsplit(url).hostname or 'localhost'}:{urlsplit(url).port or 5432}"
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1].strip() if str(error).strip() else "no answer"
        raise LaunchError(
            f"DATABASE_URL cannot be used ({place}: {reason.rpartition('FATAL:')[2].strip()}): correct it, "
            "create that database, or unset it to run an embedded one."
        ) from None
    if version < OLDEST:
        raise LaunchError(f"DATABASE_URL leads to PostgreSQL {version}, and {OLDEST} or newer is needed.")


def check_redis(url: str) -> None:
    """Raise `LaunchError` when the server named by `REDIS_URL` does not answer."""
    import redis

    try:
        client = redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3)
        client.ping()
        client.close()
    except (redis.RedisError, ValueError, OSError) as error:
        raise LaunchError(
            f"REDIS_URL cannot be used ({error}): correct it, or unset it to run an embedded one."
        ) from None


def fingerprint() -> str:
    """Changes whenever there may be something to migrate: our migrations or any package changed."""
    digest = hashlib.sha256()
    files = [path for path in ROOT.glob("*/migrations/*.py") if not path.parts[-3].startswith(".")]
    for path in sorted([*files, ROOT / "requirements.lock", ROOT / "config" / "settings.py"]):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:32]


def is_current(url: str, print_of_code: str) -> bool:
    """Whether the tables were brought to exactly this code's state by `mark`, and not changed since.

    The mark lies in the database itself, so a restored dump brings the mark of its own time.
    """
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT obj_description('django_migrations'::regclass), count(*) FROM django_migrations"
            ).fetchone()
    except psycopg.errors.UndefinedTable:
        return False
    return row is not None and row[0] == f"{_MARK} {print_of_code} {row[1]}"


def mark(url: str, print_of_code: str) -> None:
    """Remember that all migrations of this code have been applied."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute("SELECT count(*) FROM django_migrations").fetchone()
        text = f"{_MARK} {print_of_code} {row[0] if row else 0}"
        connection.execute(sql.SQL("COMMENT ON TABLE django_migrations IS {}").format(sql.Literal(text)))


def has_users(url: str) -> bool:
    """Whether anybody can sign in yet."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM teams_user)").fetchone()
    return bool(row and row[0])


def make_folder(path: Path) -> None:
    """Create a folder, or say in a sentence why that is impossible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LaunchError(f"WATCHBILL_DATA cannot be used: {path}: {error.strerror}.") from None

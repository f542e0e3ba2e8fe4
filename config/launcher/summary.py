"""The one block a start ends with."""

from __future__ import annotations

from typing import Any

from config.env import Env
from config.launcher import lan

PASSWORD = "watchbill"

LOGINS = (
    ("admin@example.com", "everything, and the admin site"),
    ("manager@example.com", "teams, schedules, policies, services"),
    ("responder@example.com", "is on call: acknowledges and works incidents"),
    ("support@example.com", "sees incidents and writes support updates"),
    ("stranger@example.com", "a member of no team: sees only what is open to all"),
)


def demo_block(env: Env, demo: dict[str, Any]) -> str:
    """`demo` is what `manage.py demo --json` prints; its generic integration is the one to try."""
    width = max(len(email) for email, _ in LOGINS)
    logins = [f"    {email:<{width}}  {purpose}" for email, purpose in LOGINS]
    return _block(
        env,
        [
            f"  Sign in (password of each: {PASSWORD})",
            *logins,
            "",
            "  Fire an alert",
            f"    {_fire(env, demo)}",
            *_next(env),
        ],
    )


def first_user_block(env: Env, code: str) -> str:
    """`code` is "" when there are users already."""
    first = [
        "  Make the first account",
        f"    open {env.base_url}/setup/ and enter the code {code}",
        "",
    ]
    fire = [
        "  Fire an alert",
        f"    make an integration at {env.base_url}/integrations/ and send to its address",
    ]
    return _block(env, [*(first if code else []), *fire, *_next(env)])


def _next(env: Env) -> list[str]:
    return [
        "  See it come in",
        f"    {env.base_url}/feed/",
        "  Read the API",
        f"    {env.base_url}/api/docs/",
    ]


def _fire(env: Env, demo: dict[str, Any]) -> str:
    found = [
        item for item in demo.get("integrations", []) if item.get("kind") == "generic" and item.get("url")
    ]
    if not found:
        return ".venv/bin/python manage.py demo --json    (shows the addresses to send to)"
    body = '{"title": "Checkout answers slowly", "status": "firing", "severity": "critical"}'
    url = str(found[0]["url"])
    return f"curl -X POST -H 'Content-Type: application/json' -d '{body}' {url}"


def _block(env: Env, lines: list[str]) -> str:
    rule = "─" * 78
    head = [
        f"  Watchbill runs at {env.base_url}    (Ctrl-C stops it; logs: {env.data_dir / 'logs'})",
        "",
        *lan.block(env),
    ]
    return "\n".join(["", rule, *head, *lines, rule, ""])

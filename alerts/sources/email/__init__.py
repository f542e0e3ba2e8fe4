"""E-mail: each integration has an address of its own; `alerts.mailbox` takes the mail in.

Settings of an integration: `resolve` and `key`, expressions (RE2) that are looked for in the subject; `senders`,
addresses or `@domain`s that alone may write, empty for everybody; `severity` of what comes in.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2
from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source, fail, require_object, text
from core.text import one_line

MAX_PATTERN = 300
MAX_SENDERS = 100
_MAX_MEMORY = 1 << 20
_FIELDS = ("resolve", "key", "senders", "severity")
_SENDER = re.compile(r"[^\s@<>,]{0,64}@[a-z0-9.-]{1,253}")


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The expression, compiled; letters of either case match. `PayloadError` with the reason."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = _MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise fail("", f"Is no expression of RE2: {reason[:200]}.") from None


def check_settings(value: Any) -> dict[str, Any]:
    """Settings as they are stored; `PayloadError` names what cannot be used."""
    given = require_object(value, "settings")
    if unknown := sorted(set(given) - set(_FIELDS)):
        raise fail(unknown[0][:60], f"One of {', '.join(_FIELDS)}.")
    found: dict[str, Any] = {}
    for name in ("resolve", "key"):
        if name in given:
            found[name] = _pattern(given[name], name)
    if "severity" in given:
        found["severity"] = one_line(text(given["severity"], 40, "severity"), 40)
    if "senders" in given:
        found["senders"] = _senders(given["senders"])
    return found


def _pattern(value: Any, name: str) -> str:
    pattern = one_line(text(value, MAX_PATTERN + 1, name), MAX_PATTERN + 1)
    if len(pattern) > MAX_PATTERN:
        raise fail(name, f"At most {MAX_PATTERN} characters.")
    try:
        compiled(pattern)
    except ValueError as error:
        raise fail(name, str(error)) from None
    return pattern


def _senders(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_SENDERS:
        raise fail("senders", f"Must be a list of at most {MAX_SENDERS} addresses.")
    found = [item.strip().lower() if isinstance(item, str) else "" for item in value]
    for sender in found:
        if not _SENDER.fullmatch(sender):
            raise fail("senders", f"“{sender[:60]}” is no address and no @domain.")
    return found


def setup(key: str, base_url: str) -> list[SetupText]:
    """Nothing to copy but the address, which the page shows by itself."""
    return []


SOURCE = Source(
    kind="email",
    group="own",
    icon="mail",
    words=gettext_lazy("Anything that can send mail: each integration has an address of its own."),
    settings=check_settings,
    setup=setup,
)

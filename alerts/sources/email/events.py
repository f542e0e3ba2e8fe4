"""What a mail means for an integration: trigger or resolve, and of which alert. Pure code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from alerts.sources.base import Parsed, key
from alerts.sources.email import compiled
from alerts.sources.email.reading import Mail
from core.text import one_line

_ANSWER = re.compile(
    r"^\s*(?:(?:re|aw|sv|vs|antw|fw|fwd|wg|tr|rv)\s*(?:\[\d{1,3}\])?\s*:\s*)+", re.IGNORECASE
)


def allowed(mail: Mail, settings: Mapping[str, Any]) -> bool:
    """Whether the address in From is one of those the integration takes mail from."""
    senders = settings.get("senders") or ()
    return not senders or any(
        mail.sender.endswith(each) if each.startswith("@") else mail.sender == each for each in senders
    )


def bare_subject(subject: str) -> str:
    """Without Re: and Fwd:."""
    return _ANSWER.sub("", subject).strip()


def event(mail: Mail, settings: Mapping[str, Any], *, thread_key: str = "", tag: str = "") -> Parsed:
    """The mail in the common form. Its alert is named by the key expression, else by the thread (`thread_key`),
    else by the subject, without the words by which it resolves."""
    subject = bare_subject(mail.subject)
    resolve = _search(settings.get("resolve"), mail.subject)
    named = _search(settings.get("key"), mail.subject)
    if named is not None:
        dedup = named[1] if named.re.groups and named[1] else named[0]
    else:
        rest = _without(settings.get("resolve"), subject) if resolve else subject
        dedup = thread_key or one_line(rest, 400).strip(" :-–").lower()
    dedup = key(dedup.strip()) or key(mail.sender) or "mail"
    labels = {"from": mail.sender, "tag": tag}
    return Parsed(
        action="resolve" if resolve else "trigger",
        dedup_key=dedup,
        group_key=dedup,
        title=subject or "(no subject)",
        description=mail.text,
        severity=str(settings.get("severity") or ""),
        source=mail.sender,
        labels={name: value for name, value in labels.items() if value},
        occurred_at=mail.date.isoformat() if mail.date else None,
    )


def _search(pattern: Any, subject: str) -> Any:
    return compiled(pattern).search(subject) if pattern else None


def _without(pattern: Any, subject: str) -> str:
    return str(compiled(pattern).sub("", subject))

"""Messages in Block Kit; what comes from outside can neither mention anybody nor format anything."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from core.text import clean, one_line
from notifications import links
from notifications.transports.base import Outgoing

_JOINER = "\u200b"
_LISTED = 10


def escaped(text: str) -> str:
    """`&`, `<` and `>` as entities, which also ends mentions such as `<!channel>`; a bare `@here` is parted."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for word in ("here", "channel", "everyone"):
        safe = safe.replace(f"@{word}", f"@{_JOINER}{word}")
    return safe


def message(outgoing: Outgoing) -> dict[str, Any]:
    """Arguments of `chat.postMessage` beside the channel, in the recipient's language."""
    with translation.override(outgoing.language):
        return {"text": escaped(_headline(outgoing))[:3000], "blocks": _blocks(outgoing), **_CALM}


_CALM: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "parse": "none"}


def answered(title: str, sentence: str, url: str) -> dict[str, Any]:
    """The message once somebody has answered: without buttons that act."""
    text = f"*{escaped(one_line(title, 200))}*\n{escaped(one_line(sentence, 500))}"
    return {
        "replace_original": True,
        "text": text,
        "blocks": [_section(text), *([_actions([_open(url)])] if url else [])],
    }


def _headline(outgoing: Outgoing) -> str:
    if outgoing.code:
        return _("Your Watchbill code: %(code)s") % {"code": outgoing.code}
    if outgoing.category != "page":
        return outgoing.title
    word = _("Urgent page") if outgoing.urgency == "high" else _("Low urgency page")
    return f"{word}: {outgoing.title}"


def _blocks(outgoing: Outgoing) -> list[dict[str, Any]]:
    lines = [f"*{escaped(one_line(_headline(outgoing), 400))}*"]
    if outgoing.body and not outgoing.lines:
        lines.append(escaped(clean(outgoing.body, 1500)))
    for line in outgoing.lines[:_LISTED]:
        lines.append("• " + escaped(one_line(line.title, 150)))
    blocks = [_section("\n".join(lines))]
    buttons = []
    if outgoing.category == "page" and outgoing.acknowledge_url:
        value = links.callback_token(outgoing.delivery_id)
        buttons = [
            _button("acknowledge", _("Acknowledge"), value, "primary"),
            _button("decline", _("Can't take it"), value, ""),
        ]
    if outgoing.url.startswith(("http://", "https://")):
        buttons.append(_open(outgoing.url))
    return [*blocks, _actions(buttons)] if buttons else blocks


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000], "verbatim": True}}


def _actions(elements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "actions", "elements": elements}


def _button(action: str, label: str, value: str, style: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label, "emoji": False}
    button = {"type": "button", "action_id": action, "text": text, "value": value}
    return {**button, "style": style} if style else button


def _open(url: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": _("Open"), "emoji": False}
    return {"type": "button", "action_id": "open", "text": text, "url": url}

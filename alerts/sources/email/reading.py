"""A mail as it came over the wire, read as far as it can be. Pure code, bounded in time, for whatever bytes."""

from __future__ import annotations

import binascii
import datetime as dt
import email.errors
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parseaddr, parsedate_to_datetime

import re2

from alerts.sources.base import LAST_YEAR, MAX_DESCRIPTION
from core.text import clean, one_line

MAX_HEADER = 10_000
MAX_REFERENCES = 50
_MAX_PARTS = 200
# Every nested part makes each further line dearer to read.
_MAX_NESTING = 100
_MAX_HTML = 200_000
_ID = re.compile(r"<[^<>\s]{1,250}>")
_UNSEEN = re2.compile(
    r"(?is)<(?:script|style|head|title)\b[^>]*>.*?</(?:script|style|head|title)\s*>|<!--.*?-->"
)
_BREAK = re2.compile(r"(?i)<(?:br|/p|/div|/tr|/li|/h[1-6]|/table)\b[^>]*>")
_TAG = re2.compile(r"<[^<>]*>")
_BLANK = re2.compile(r"[ \t\f\v\r]+")
_LINES = re2.compile(r"\n[ \t]*(?:\n[ \t]*)+")


@dataclass(frozen=True, slots=True)
class Mail:
    """What is read of it. `ids` are those it answers, the nearest last; `automatic` says why it is no
    alert but an answer of a machine, or ""."""

    sender: str
    sender_name: str
    subject: str
    text: str
    message_id: str
    ids: tuple[str, ...]
    date: dt.datetime | None
    automatic: str


def read(data: bytes, envelope_sender: str = "") -> Mail:
    """Never raises: what cannot be read stays empty, and of a mail whose parts cannot be told the raw text is taken."""
    message, text = _parsed(data)
    name, address = _address(_header(message, "From"))
    answered = _ids(f"{_header(message, 'References')} {_header(message, 'In-Reply-To')}")
    return Mail(
        sender=address or _address(envelope_sender)[1],
        sender_name=name,
        subject=one_line(_header(message, "Subject"), 300),
        text=clean(_LINES.sub("\n\n", text).strip(), MAX_DESCRIPTION),
        message_id=next(iter(_ids(_header(message, "Message-ID"))), ""),
        ids=answered[-MAX_REFERENCES:],
        date=_date(_header(message, "Date")),
        automatic=_automatic(message, address, envelope_sender),
    )


def _parsed(data: bytes) -> tuple[Message, str]:
    lower = data.lower()
    if lower.count(b"boundary") + lower.count(b"message/") <= _MAX_NESTING:
        try:
            message = BytesParser().parsebytes(data)
            return message, _text(message)
        except (
            RecursionError,
            email.errors.MessageError,
            ValueError,
            LookupError,
            AttributeError,
            TypeError,
        ):
            pass
    head, _gap, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    try:
        message = BytesHeaderParser().parsebytes(head[: 8 * MAX_HEADER])
    except (RecursionError, email.errors.MessageError, ValueError, LookupError, AttributeError, TypeError):
        message = Message()
    return message, body[: 4 * MAX_DESCRIPTION].decode("utf-8", "replace")


def _parts(message: Message) -> Iterator[Message]:
    """Its parts in order, without those that are attached; not all of a very long mail."""
    waiting, seen = [message], 0
    while waiting and seen < _MAX_PARTS:
        part = waiting.pop()
        seen += 1
        inside = part.get_payload()
        if isinstance(inside, list):
            waiting.extend(reversed([each for each in inside[:_MAX_PARTS] if isinstance(each, Message)]))
        elif not _header(part, "Content-Disposition").lower().startswith("attachment"):
            yield part


def _text(message: Message) -> str:
    """The first plain part, else the first HTML part without its marks."""
    fallback = ""
    for part in _parts(message):
        kind = part.get_content_type()
        if kind == "text/plain" and (plain := _decoded(part)).strip():
            return plain
        if kind == "text/html" and not fallback:
            fallback = plain_of(_decoded(part)[:_MAX_HTML])
    return fallback


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def plain_of(page: str) -> str:
    """The words of HTML, in linear time."""
    without = _TAG.sub(" ", _BREAK.sub("\n", _UNSEEN.sub(" ", page.replace("\x00", ""))))
    lines = (_BLANK.sub(" ", line).strip() for line in html.unescape(without).split("\n"))
    return "\n".join(lines)


def _header(message: Message, name: str) -> str:
    """The first header of that name, decoded and without control characters."""
    raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    raw = str(raw)[:MAX_HEADER].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        pieces = decode_header(raw)
    except (email.errors.HeaderParseError, binascii.Error, ValueError):
        pieces = [(raw, None)]
    return clean("".join(_piece(value, charset) for value, charset in pieces), MAX_HEADER).replace("\n", " ")


def _piece(value: bytes | str, charset: str | None) -> str:
    if isinstance(value, str):
        return value
    try:
        # What stood beside an encoded word comes back in Latin-1, whatever it was.
        return value.decode(charset) if charset else value.decode("raw-unicode-escape", "replace")
    except (LookupError, ValueError):
        return value.decode("utf-8", "replace")


def _address(text: str) -> tuple[str, str]:
    """(name, address in lower case); empty when it is none."""
    try:
        name, address = parseaddr(text[:1000])
    except (ValueError, IndexError, TypeError):
        return "", ""
    return one_line(name, 120), one_line(address, 254).lower() if "@" in address else ""


def _ids(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ID.findall(text)))


def _date(text: str) -> dt.datetime | None:
    try:
        found = parsedate_to_datetime(text)
        found = found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if 1970 < found.year <= LAST_YEAR else None


def _automatic(message: Message, address: str, envelope_sender: str) -> str:
    """RFC 3834, and headers used beside it. What a machine reports unasked (`auto-generated`) is an alert."""
    if envelope_sender in ("", "<>"):
        return "a bounce: its return path is empty"
    if (address or envelope_sender).lower().partition("@")[0] in ("mailer-daemon", "postmaster"):
        return "from the mail system itself"
    if _header(message, "X-Watchbill-Delivery"):
        return "Watchbill's own mail"
    submitted = _header(message, "Auto-Submitted").strip().lower()
    if submitted.startswith(("auto-replied", "auto-notified")):
        return f"an automatic answer (Auto-Submitted: {submitted[:40]})"
    precedence = _header(message, "Precedence").strip().lower()
    if precedence in ("bulk", "junk", "list", "auto_reply", "auto-reply"):
        return f"an automatic answer or bulk mail (Precedence: {precedence})"
    for name in ("X-Autoreply", "X-Autorespond", "X-Loop"):
        if _header(message, name).strip().lower() not in ("", "no"):
            return f"an automatic answer ({name})"
    return ""

"""What may be attached to the timeline: pictures and texts, judged by their bytes and never by their name."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from core.errors import InvalidInput, field_error
from core.text import clean, one_line
from incidents.choices import AttachmentKind
from incidents.images import MAX_PIXELS, NotAPicture, read_picture

MIB = 1024 * 1024
MAX_FILE = 10 * MIB
MAX_FILES = 10
MAX_INCIDENT = 200 * MIB
TEXT_TYPE = "text/plain; charset=utf-8"
HEAD_LINES = 12
_HEAD_LENGTH = 1_500
_REFUSED = {
    "PDF": re.compile(rb"%PDF-"),
    "SVG": re.compile(rb"<svg[\s>]", re.IGNORECASE),
    "HTML": re.compile(rb"<(!doctype\s+html|html|head|body|script|iframe)[\s>]", re.IGNORECASE),
}
_REFUSED_NAMES = {
    ".svg": "SVG",
    ".svgz": "SVG",
    ".html": "HTML",
    ".htm": "HTML",
    ".xhtml": "HTML",
    ".pdf": "PDF",
}
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Upload:
    """A file as somebody sent it. `size` in bytes, as the server counted it."""

    name: str
    size: int
    stream: IO[Any]


@dataclass(frozen=True)
class Evidence:
    """A file as it is kept. `head`: the first lines of a text; sizes in pixels and bytes."""

    kind: str
    name: str
    content_type: str
    content: bytes
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None
    head: str = ""


def inspect(upload: Upload) -> Evidence:
    """The file, made harmless. `InvalidInput` about `files` with one sentence when it is not taken."""
    name = file_name(upload.name)
    if upload.size > MAX_FILE:
        raise _refuse(name, f"is larger than {MAX_FILE // MIB} MB.")
    content = upload.stream.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise _refuse(name, f"is larger than {MAX_FILE // MIB} MB.")
    if not content:
        raise _refuse(name, "is empty.")
    try:
        picture = read_picture(content)
    except NotAPicture:
        raise _refuse(name, "is a damaged picture.") from None
    if picture is None:
        return _text(name, content)
    if picture.width * picture.height > MAX_PIXELS:
        raise _refuse(name, f"has more than {MAX_PIXELS // 1_000_000} megapixels.")
    return Evidence(
        kind=AttachmentKind.IMAGE,
        name=name,
        content_type=picture.content_type,
        content=picture.content,
        size=len(picture.content),
        sha256=hashlib.sha256(picture.content).hexdigest(),
        width=picture.width,
        height=picture.height,
    )


def file_name(given: str) -> str:
    """The last part of the name alone, printable, at most 200 characters."""
    last = PurePosixPath(given.replace("\\", "/")).name
    shown = one_line("".join(char for char in last if char.isprintable()), 200).strip(". ")
    return shown or "file"


def _text(name: str, content: bytes) -> Evidence:
    what = _REFUSED_NAMES.get(PurePosixPath(name).suffix.lower())
    begins = content[:1024]
    what = what or next((word for word, found in _REFUSED.items() if found.search(begins)), None)
    if what:
        raise _refuse(name, f"is {what}: attach a picture of it, or its text as .txt.")
    decoded = _decoded(content)
    if decoded is None:
        raise _refuse(name, "is neither a picture (PNG, JPEG, GIF, WebP) nor a text.")
    kept = decoded.encode()
    lines = clean(decoded[: 40 * _HEAD_LENGTH]).splitlines()[:HEAD_LINES]
    return Evidence(
        kind=AttachmentKind.LOG,
        name=name,
        content_type=TEXT_TYPE,
        content=kept,
        size=len(kept),
        sha256=hashlib.sha256(kept).hexdigest(),
        head="\n".join(lines)[:_HEAD_LENGTH],
    )


def _decoded(content: bytes) -> str | None:
    """The text; None when it holds NUL or too much that is no text."""
    encoding = next((codec for mark, codec in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode(encoding, "replace")
        if text.count("\ufffd") * 10 > len(text):
            return None
    return None if "\0" in text else text


def _refuse(name: str, why: str) -> InvalidInput:
    return field_error("files", f"“{name}” {why}")

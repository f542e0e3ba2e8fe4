"""Pictures as bytes: which format, how large, and the same picture without what it does not show.

A picture is never decoded: its container is read part by part and written anew from the parts that make the
picture. Places, cameras, comments, thumbnails and whatever stands behind the end are left out; so a file that
is a picture and something else at once comes out as a picture alone. A JPEG keeps which way is up.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

MAX_PIXELS = 50_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"sRGB", b"sBIT", b"bKGD", b"pHYs")
) | {b"acTL", b"fcTL", b"fdAT"}
_WEBP_KEPT = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"))
# Frames whose header holds height and width; the others of this range are tables.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ORIENTATION = 0x0112


class NotAPicture(ValueError):
    """The bytes begin like a picture and are none, or are damaged."""


class Picture(NamedTuple):
    """`content` is the picture written anew; sizes in pixels."""

    content_type: str
    content: bytes
    width: int
    height: int


def read_picture(content: bytes) -> Picture | None:
    """The picture in these bytes, None when they do not begin like one. `NotAPicture` when damaged."""
    for begins, reader in _READERS:
        if begins(content):
            try:
                picture = reader(content)
            except (struct.error, IndexError):
                raise NotAPicture("cut off") from None
            if not picture.width or not picture.height:
                raise NotAPicture("no size")
            return picture
    return None


def _png(content: bytes) -> Picture:
    at, kept, size, data = len(_PNG), [_PNG], None, False
    while True:
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise NotAPicture("cut off")
        if size is None:
            if name != b"IHDR":
                raise NotAPicture("no header")
            size = struct.unpack_from(">II", content, at + 8)
        data = data or name == b"IDAT"
        if name in _PNG_KEPT:
            kept.append(content[at:end])
        at = end
        if name == b"IEND":
            break
    if not data:
        raise NotAPicture("no data")
    return Picture("image/png", b"".join(kept), *size)


def _jpeg(content: bytes) -> Picture:
    at, kept, size, orientation = 2, [b"\xff\xd8"], None, 1
    while True:
        while content[at] == 0xFF and content[at + 1] == 0xFF:
            at += 1
        if content[at] != 0xFF:
            raise NotAPicture("no marker")
        marker = content[at + 1]
        if marker == 0xD9:
            break
        end = at + 2 + struct.unpack_from(">H", content, at + 2)[0]
        segment = content[at:end]
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            orientation = _orientation(segment[10:])
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            size = (width, height)
        # Markers E0 and EE say how colours are to be read; the other applications' and comments go.
        if not (0xE1 <= marker <= 0xEF or marker == 0xFE) or marker == 0xEE:
            kept.append(segment)
        at = end
        if marker == 0xDA:
            at = _scan_end(content, at)
            kept.append(content[end:at])
    if size is None or len(kept) < 3:
        raise NotAPicture("no frame")
    if orientation != 1:
        kept.insert(1, _orientation_segment(orientation))
    return Picture("image/jpeg", b"".join([*kept, b"\xff\xd9"]), *size)


def _scan_end(content: bytes, at: int) -> int:
    """Where the marker stands that ends the scan which begins at `at`."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise NotAPicture("cut off")
        following = content[at + 1]
        if following not in (0x00, 0xFF) and not 0xD0 <= following <= 0xD7:
            return at
        at += 1 if following == 0xFF else 2


def _orientation(tiff: bytes) -> int:
    """Which way is up (1 to 8), from the first directory of an Exif block; 1 when it does not say."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 1
    start = struct.unpack_from(f"{order}I", tiff, 4)[0]
    if start + 2 > len(tiff):
        return 1
    count = struct.unpack_from(f"{order}H", tiff, start)[0]
    for index in range(min(count, 200)):
        at = start + 2 + 12 * index
        if at + 12 > len(tiff):
            return 1
        tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", tiff, at)
        if tag == _ORIENTATION:
            return int(value) if 1 <= value <= 8 else 1
    return 1


def _orientation_segment(value: int) -> bytes:
    tiff = b"MM\x00\x2a" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, value, 0, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _gif(content: bytes) -> Picture:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at = 13 + _colours(flags)
    kept, pictures = [content[:at]], 0
    while content[at] != 0x3B:
        start = at
        if content[at] == 0x21:
            label, at = content[at + 1], at + 2
            name = content[at + 1 : at + 12]
            at = _blocks_end(content, at)
            wanted = label == 0xF9 or (label == 0xFF and name in (b"NETSCAPE2.0", b"ANIMEXTS1.0"))
        elif content[at] == 0x2C:
            at = _blocks_end(content, at + 11 + _colours(content[at + 9]))
            pictures += 1
            wanted = True
        else:
            raise NotAPicture("no block")
        if at > len(content):
            raise NotAPicture("cut off")
        if wanted:
            kept.append(content[start:at])
    if not pictures:
        raise NotAPicture("no picture")
    return Picture("image/gif", b"".join([*kept, b";"]), width, height)


def _colours(flags: int) -> int:
    """Bytes of the colour table these flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(content: bytes, at: int) -> int:
    while content[at]:
        at += content[at] + 1
    return at + 1


def _webp(content: bytes) -> Picture:
    end = min(len(content), 8 + struct.unpack_from("<I", content, 4)[0])
    at, kept, size, data = 12, [], None, False
    while at + 8 <= end:
        name, length = struct.unpack_from("<4sI", content, at)
        after = at + 8 + length + length % 2
        if at + 8 + length > len(content):
            raise NotAPicture("cut off")
        body = content[at + 8 : at + 8 + length]
        size = size or _webp_size(name, body)
        data = data or name in (b"VP8 ", b"VP8L", b"ANMF")
        if name == b"VP8X":
            # The flags of Exif (8) and XMP (4) go with the parts they announce.
            body = bytes([body[0] & ~0x2C & 0xFF]) + body[1:]
        if name in _WEBP_KEPT:
            kept.append(struct.pack("<4sI", name, length) + body + b"\0" * (length % 2))
        at = after
    if size is None or not data:
        raise NotAPicture("no picture")
    body = b"WEBP" + b"".join(kept)
    return Picture("image/webp", b"RIFF" + struct.pack("<I", len(body)) + body, *size)


def _webp_size(name: bytes, body: bytes) -> tuple[int, int] | None:
    if name == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if name == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if name == b"VP8 ":
        if body[3:6] != b"\x9d\x01\x2a":
            raise NotAPicture("no frame")
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    return None


_READERS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Picture]], ...] = (
    (lambda content: content.startswith(_PNG), _png),
    (lambda content: content.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda content: content[:6] in (b"GIF87a", b"GIF89a"), _gif),
    (lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP", _webp),
)

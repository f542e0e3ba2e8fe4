"""Small real pictures with what cameras and attackers add to them."""

from __future__ import annotations

import struct
import zlib

SECRET = b"GPS 52.5200 13.4050"


def png(width: int = 3, height: int = 2, *, extra: bytes = b"", tail: bytes = b"") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + b"\x10\x20\x30" * width for _row in range(height)) if width < 5000 else b""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    said = chunk(b"tEXt", b"Comment\0" + extra) if extra else b""
    return (
        b"\x89PNG\r\n\x1a\n" + head + said + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"") + tail
    )


def jpeg(width: int = 4, height: int = 3, *, orientation: int = 0, tail: bytes = b"") -> bytes:
    """The frame of a JPEG; its scan is noise, which no reader of containers looks at."""

    def segment(marker: int, data: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data

    tiff = b"II\x2a\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0) + SECRET
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    exif = segment(0xE1, b"Exif\0\0" + tiff) if orientation else b""
    comment = segment(0xFE, SECRET)
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
        + exif
        + comment
        + frame
        + scan
        + b"\xff\xd9"
        + tail
    )


def gif(width: int = 5, height: int = 4) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    comment = b"\x21\xfe" + bytes([len(SECRET)]) + SECRET + b"\0"
    picture = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\0"
    return head + comment + picture + b";" + b"<script>alert(1)</script>"


def webp(width: int = 6, height: int = 5) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    canvas = bytes([0x08, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = chunk(b"VP8X", canvas) + chunk(b"VP8L", b"\x2f" + b"\0" * 9) + chunk(b"EXIF", SECRET)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body

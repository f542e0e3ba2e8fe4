"""A file as it is sent: bytes and header lines made once, when a version is taken over."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_FRESH = "public, max-age=10, s-maxage=10, stale-while-revalidate=60, stale-if-error=86400"
_FOR_EVER = "public, max-age=31536000, immutable"
_PRIVATE = "private, no-store"
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors *; form-action 'none'"
)
_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "svg": "image/svg+xml",
    "ics": "text/calendar; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
}

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class File:
    """One answer in three encodings. `etag` is strong and of the content alone: the same for each encoding would
    be wrong, so a compressed one carries its ending."""

    body: bytes
    gzip: bytes
    brotli: bytes
    etag: bytes
    plain_headers: Headers
    gzip_headers: Headers
    brotli_headers: Headers
    same_headers: Headers


def make_file(path: str, body: bytes, gzip: bytes, brotli: bytes, *, private: bool = False) -> File:
    """A file with its header lines; `private` pages are kept by nobody on the way."""
    digest = hashlib.sha256(body).hexdigest()[:32].encode()
    kind = _TYPES.get(path.rpartition(".")[2], "application/octet-stream")
    fresh = _PRIVATE if private else _FOR_EVER if path.startswith("assets/") else _FRESH
    shared: Headers = [
        (b"cache-control", fresh.encode()),
        (b"vary", b"Accept-Encoding"),
        (b"access-control-allow-origin", b"*"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", CSP.encode()),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
    ]

    def full(content: bytes, ending: bytes, encoding: bytes) -> Headers:
        own = [(b"content-encoding", encoding)] if encoding else []
        return [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(content)).encode()),
            (b"etag", b'"' + digest + ending + b'"'),
            *own,
            *shared,
        ]

    return File(
        body,
        gzip,
        brotli,
        digest,
        full(body, b"", b""),
        full(gzip, b"-gz", b"gzip"),
        full(brotli, b"-br", b"br"),
        shared,
    )

"""The files of all pages in memory, kept fresh by a thread."""

from __future__ import annotations

import gzip
import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from statuspage.models import StatusSnapshot

log = structlog.get_logger("watchbill.status")

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class File:
    """One answer, ready to send; `etag` is strong: the hash of the bytes."""

    body: bytes
    packed: bytes
    etag: str
    content_type: str


def make_file(path: str, text: str) -> File:
    body = text.encode()
    kind = _TYPES["." + path.rpartition(".")[2]]
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return File(body, gzip.compress(body, 6, mtime=0), etag, kind)


class Store:
    """Pages by slug. `refresh` reads only pages whose version has changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: dict[str, tuple[int, dict[str, File]]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.ready = threading.Event()

    def get(self, slug: str, path: str) -> File | None:
        """The file, or None; reads memory only."""
        found = self.pages.get(slug)
        return found[1].get(path) if found else None

    def start(self) -> None:
        """Load the mirror and begin to follow the database, in a thread; again changes nothing."""
        with self._lock:
            if self._thread is None:
                self.load_mirror()
                self._thread = threading.Thread(target=self._run, name="status-mirror", daemon=True)
                self._thread.start()

    def wait_ready(self) -> None:
        """Until the first look at the database has ended, however it went; at most three seconds."""
        self.start()
        self.ready.wait(3)

    def _run(self) -> None:
        self._safely()
        self.ready.set()
        while not self._stop.wait(1.0):
            self._safely()

    def _safely(self) -> None:
        try:
            self.refresh()
        except DatabaseError as error:
            log.warning("the database is away; serving the last status pages", error=str(error)[:200])
        finally:
            close_old_connections()

    def refresh(self) -> None:
        """Take over new versions from the database and mirror them; drop pages that are gone."""
        versions = dict(StatusSnapshot.objects.values_list("page__slug", "version"))
        for slug in set(self.pages) - set(versions):
            self.pages.pop(slug, None)
            (self.folder / f"{slug}.json").unlink(missing_ok=True)
        for slug, version in versions.items():
            held = self.pages.get(slug)
            if held is None or held[0] != version:
                row = StatusSnapshot.objects.filter(page__slug=slug).first()
                if row is not None:
                    self._take(slug, row.version, row.files)
                    self._mirror(slug, row.version, row.files)

    def _take(self, slug: str, version: int, files: dict[str, str]) -> None:
        self.pages[slug] = (version, {path: make_file(path, text) for path, text in files.items()})

    def _mirror(self, slug: str, version: int, files: dict[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f".{slug}.{threading.get_ident()}.part"
        part.write_bytes(orjson.dumps({"version": version, "files": files}))
        part.replace(self.folder / f"{slug}.json")

    def load_mirror(self) -> None:
        """What was served last, from disk, so that a start without database still serves."""
        for path in sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []:
            try:
                kept = orjson.loads(path.read_bytes())
                self._take(path.stem, int(kept["version"]), kept["files"])
            except (ValueError, KeyError, TypeError) as error:
                log.warning("a mirrored status page cannot be read", file=path.name, error=str(error))


_stores: dict[Path, Store] = {}


def store() -> Store:
    """The store of this process."""
    folder = settings.DATA_DIR / "status"
    return _stores.setdefault(folder, Store(folder))

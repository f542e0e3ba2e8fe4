"""The files of all pages in memory, kept fresh by a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from django.conf import settings
from django.db import close_old_connections

from statuspage.choices import PageAccess
from statuspage.models import StatusBlob, StatusPage, StatusSnapshot
from statuspage.serving import mirror
from statuspage.serving.files import File, make_file

log = structlog.get_logger("watchbill.status")

# How soon a new version is seen, in seconds.
_LOOKS_EVERY = 0.5
# How soon a mirror that could not be written is tried again, in seconds.
_TRIES_AGAIN = 30.0


@dataclass(frozen=True)
class Held:
    """A page in memory; never changed, only replaced. `digests`: path → digest of its bytes, empty for what was read
    from the mirror."""

    page: mirror.Kept
    files: dict[str, File]
    digests: dict[str, str]

    @property
    def public(self) -> bool:
        return self.page.access == PageAccess.PUBLIC


class Store:
    """Pages by slug. `refresh` reads only what has changed; reading never waits for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: dict[str, Held] = {}
        self.hosts: dict[str, str] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        # Pages the disk does not hold as memory does, and whether anything is to be written at all.
        self._unmirrored: set[str] = set()
        self._unwritten = False
        self._again_at = 0.0
        # The state of the mirror when it was last read.
        self._mirror_seen = 0
        self.ready = threading.Event()

    def get(self, slug: str, path: str) -> File | None:
        """The file, or None; reads memory only."""
        found = self.pages.get(slug)
        return found.files.get(path) if found else None

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
        while not self._stop.wait(_LOOKS_EVERY):
            self._safely()

    def _safely(self) -> None:
        try:
            self.refresh()
        except Exception as error:  # noqa: BLE001 - the edge of the thread: pages would stand still for ever
            log.warning("status pages are served as they last were", error=str(error)[:200])
            self._catch_up()
        finally:
            close_old_connections()

    def _catch_up(self) -> None:
        """Without a database: what another process of this host took over just before this one could."""
        if self._mirror_seen == mirror.stamp(self.folder):
            return
        for page in self._mirrored():
            held = self.pages.get(page.slug)
            if held is None or (held.page.id == page.id and held.page.version < page.version):
                self._put(page, {})
        self._name_hosts()

    def refresh(self) -> None:
        """Take over new versions from the database and mirror them; drop pages that are gone."""
        rows = StatusPage.objects.filter(version__gt=0)
        present = {
            row[0]: row[1:]
            for row in rows.values_list("slug", "public_id", "version", "digest", "domain", "access", "pk")
        }
        changed = False
        for slug in set(self.pages) - set(present):
            self.pages.pop(slug, None)
            self._unmirrored.discard(slug)
            mirror.forget(self.folder, slug)
            changed = True
        for slug, (public_id, version, digest, domain, access, pk) in present.items():
            wanted = mirror.Kept(slug, public_id, version, digest, domain, access, {})
            held = self.pages.get(slug)
            if held is None or replace(held.page, files={}) != wanted:
                changed = self._take_over(wanted, pk) or changed
        if changed:
            self._name_hosts()
            self._unwritten = True
        if self._unwritten and (changed or time.monotonic() >= self._again_at):
            self._mirror()

    def _mirror(self) -> None:
        """Write what is not on disk yet. A full disk is tried again after a while; serving does not wait for it."""
        self._again_at = time.monotonic() + _TRIES_AGAIN
        for slug in sorted(self._unmirrored):
            mirror.write(self.folder, self.pages[slug].page)
            self._unmirrored.discard(slug)
        self._index()
        self._unwritten = False

    def _take_over(self, wanted: mirror.Kept, pk: int) -> bool:
        """Read a version: its list of files, and the bytes this process does not hold yet."""
        rows = StatusSnapshot.objects.filter(page=pk, version=wanted.version)
        files = rows.values_list("files", flat=True).first()
        if not files:
            return False
        held = self.pages.get(wanted.slug)
        same = held if held and held.page.id == wanted.id else None
        known = {digest: same.page.files[path] for path, digest in same.digests.items()} if same else {}
        digests = {path: entry[0] for path, entry in files.items()}
        missing = set(digests.values()) - set(known)
        found = StatusBlob.objects.filter(page=pk, digest__in=missing)
        for digest, body, gzip, brotli in found.values_list("digest", "body", "gzip", "brotli"):
            known[digest] = (bytes(body), bytes(gzip), bytes(brotli))
        if not set(digests.values()) <= set(known):
            # Made anew in between; the next look finds the newer version.
            return False
        content = {path: known[digest] for path, digest in digests.items()}
        self._put(replace(wanted, files=content), digests)
        self._unmirrored.add(wanted.slug)
        return True

    def _put(self, page: mirror.Kept, digests: dict[str, str]) -> None:
        before = self.pages.get(page.slug)
        private = page.access != PageAccess.PUBLIC
        reusable = before is not None and before.public is not private
        files: dict[str, File] = {}
        for path, three in page.files.items():
            if before and reusable and path in before.files and before.page.files.get(path) is three:
                files[path] = before.files[path]
            else:
                files[path] = make_file(path, *three, private=private)
        self.pages[page.slug] = Held(page, files, digests)

    def _index(self) -> None:
        about: dict[str, dict[str, object]] = {
            slug: {
                "id": held.page.id,
                "version": held.page.version,
                "digest": held.page.digest,
                "domain": held.page.domain,
                "access": held.page.access,
            }
            for slug, held in self.pages.items()
        }
        mirror.write_hosts(self.folder, about)

    def load_mirror(self) -> None:
        """What was served last, from disk, so that a start without database still serves."""
        for page in self._mirrored():
            self._put(page, {})
        self._name_hosts()

    def _mirrored(self) -> Iterator[mirror.Kept]:
        self._mirror_seen = mirror.stamp(self.folder)
        return mirror.read(self.folder)

    def _name_hosts(self) -> None:
        self.hosts = {held.page.domain: slug for slug, held in self.pages.items() if held.page.domain}


_stores: dict[Path, Store] = {}


def store() -> Store:
    """The store of this process."""
    folder = settings.DATA_DIR / "status"
    return _stores.setdefault(folder, Store(folder))

"""Writes the next version of a page: rows that never change, and one number that says which is served."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
from dataclasses import dataclass

import brotli
import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from core import clock
from core.containment import contained
from statuspage.building.load import load
from statuspage.building.program import program
from statuspage.building.site import site
from statuspage.models import StatusBlob, StatusPage, StatusSnapshot

log = structlog.get_logger("watchbill.status")

# Versions whose bytes are kept, and whose line in the log is.
KEPT_VERSIONS = 5
KEPT_LINES = 500
_DUE_AT_ONCE = 20
_OLDER_ASSETS = 4
# While two versions of the program run side by side neither makes anew at once what the other has just made.
_SETTLED = dt.timedelta(minutes=5)
_NEW_DAY, _NEW_PROGRAM = "A new day", "A new program"


@dataclass(frozen=True)
class Packed:
    """The bytes of a file as they are sent."""

    digest: str
    body: bytes
    gzip: bytes
    brotli: bytes


def pack(body: bytes) -> Packed:
    """Compress once, at publish, so that serving costs nothing."""
    return Packed(
        hashlib.sha256(body).hexdigest(),
        body,
        gzip.compress(body, 6, mtime=0),
        brotli.compress(body, quality=6),
    )


def digest_of(files: dict[str, list[str]]) -> str:
    """SHA-256 hex of what a version holds. After a fail-over that lost one the same number may be given again, to
    other content; whoever serves tells them apart by this."""
    lines = "".join(f"{path}\0{files[path][0]}\n" for path in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def publish(
    page: StatusPage, now: dt.datetime, *, cause: str = "", author_id: int | None = None
) -> StatusSnapshot:
    """Write the next version in the caller's transaction, which holds the page's row locked.

    Files whose key is that of the version before keep their bytes. Whoever serves takes the version over when
    the transaction has committed.
    """
    last = StatusSnapshot.objects.filter(page=page, version=page.version).first()
    held: dict[str, list[str]] = (last.files or {}) if last and page.built_with == program() else {}
    files: dict[str, list[str]] = {}
    made: dict[str, Packed] = {}
    for file in site(load(page, now)):
        before = held.get(file.path)
        if before and file.key and before[1] == file.key:
            files[file.path] = before
            continue
        packed = pack(file.make())
        files[file.path] = [packed.digest, file.key]
        made[packed.digest] = packed
    # Pages that somebody kept for a moment still name the styles of the version before.
    older = {
        path: row
        for path, row in (last.files or {} if last else {}).items()
        if path.startswith("assets/page.")
    }
    for path in [path for path in older if path not in files][:_OLDER_ASSETS]:
        files[path] = older[path]
    StatusBlob.objects.bulk_create(
        [
            StatusBlob(page=page, digest=row.digest, body=row.body, gzip=row.gzip, brotli=row.brotli)
            for row in made.values()
        ],
        ignore_conflicts=True,
    )
    page.version += 1
    page.digest = digest_of(files)
    page.built_with = program()
    page.rebuild_at = _changes_by_itself_at(page, now)
    page.save(update_fields=["version", "digest", "built_with", "rebuild_at"])
    snapshot = StatusSnapshot.objects.create(
        page=page,
        version=page.version,
        files=files,
        cause=cause[:200],
        author_id=author_id,
        built_at=now,
    )
    _forget(page)
    return snapshot


def publish_due(now: dt.datetime | None = None) -> int:
    """Publish pages that show another day by now, or were made by another version of the program; how many."""
    now = now or clock.database_now()
    just_made = StatusSnapshot.objects.filter(
        page=OuterRef("pk"), version=OuterRef("version"), built_at__range=(now - _SETTLED, now)
    )
    due = StatusPage.objects.filter(Q(rebuild_at__lte=now) | ~Q(built_with=program()) & ~Exists(just_made))
    count = 0
    for pk in list(due.order_by("pk").values_list("pk", flat=True)[:_DUE_AT_ONCE]):
        with transaction.atomic():
            locked = due.filter(pk=pk).select_for_update(skip_locked=True, no_key=True, of=("self",))
            page = locked.first()
            if page is not None:
                count += _published(page, now)
    return count


def _published(page: StatusPage, now: dt.datetime) -> bool:
    """A page that cannot be made is said and left; those after it are."""
    faults: list[int] = []

    def failed() -> None:
        log.exception("a status page cannot be made", page=page.slug)
        faults.append(page.pk)

    cause = _NEW_DAY if page.built_with == program() else _NEW_PROGRAM
    contained(lambda: _written(page, now, cause), failed)
    return not faults


def _written(page: StatusPage, now: dt.datetime, cause: str) -> None:
    publish(page, now, cause=cause)


def _changes_by_itself_at(page: StatusPage, now: dt.datetime) -> dt.datetime:
    """The next midnight of the page, when each bar moves by a day; earlier where metrics are shown."""
    zone = page.zone
    tomorrow = now.astimezone(zone).date() + dt.timedelta(days=1)
    midnight = dt.datetime.combine(tomorrow, dt.time(), zone).astimezone(dt.UTC)
    if page.metrics.filter(shown=True).exists():
        return min(midnight, now + dt.timedelta(minutes=5))
    return midnight


def _forget(page: StatusPage) -> None:
    """Let go of bytes nobody serves any more, and of the oldest lines of the log."""
    rows = StatusSnapshot.objects.filter(page=page)
    # What time did fills the log; what people did stays readable for longer.
    of_time = rows.filter(version__lte=page.version - KEPT_LINES, author=None)
    of_time.filter(cause__in=(_NEW_DAY, _NEW_PROGRAM)).delete()
    rows.filter(version__lte=page.version - 20 * KEPT_LINES).delete()
    old = rows.filter(version__lte=page.version - KEPT_VERSIONS, files__isnull=False)
    if not old.update(files=None):
        return
    kept: set[str] = set()
    for files in rows.filter(files__isnull=False).values_list("files", flat=True):
        kept.update(digest for digest, _key in (files or {}).values())
    StatusBlob.objects.filter(page=page).exclude(digest__in=kept).delete()

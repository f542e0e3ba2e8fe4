"""Everything of a postmortem in one ZIP, with a list of hashes that `sha256sum -c SHA256SUMS` checks."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from django.db import models

from incidents.actions.files import EVIDENCE
from incidents.models import TimelineEntry, TimelineFile
from incidents.record import in_order
from incidents.sentences import sentence
from postmortems.actions.images import PICTURES
from postmortems.exporting.document import Paper, image_file, iso
from postmortems.exporting.markdown import markdown_of
from postmortems.exporting.naming import Namer
from postmortems.exporting.pdf import NotPrinted, pdf_of
from postmortems.models import Postmortem, PostmortemImage, SectionRevision
from teams.models import AuditEntry

MOST_BYTES = 500 * 2**20
MOST_LINES = 10_000
_CHUNK = 256 * 1024
_IN_MEMORY = 8 * 2**20


def bundle_of(postmortem: Postmortem, paper: Paper, namer: Namer) -> IO[bytes]:
    """The ZIP as a temporary file at its beginning, gone when closed. Files are read a piece at a time; pictures and
    evidence beyond 500 MB, and rows beyond 10,000 of a kind, are named in LEFT-OUT.txt instead."""
    spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
        box = _Box(archive)
        box.write("document.json", _json(paper.as_json()))
        box.write("document.md", markdown_of(paper, images=True).encode())
        try:
            box.write("document.pdf", pdf_of(paper))
        except NotPrinted as error:
            box.left_out.append(f"document.pdf: {error.sentence}")
        box.write("items.json", _json([vars(row) for row in paper.items]))
        box.stream("timeline.json", _array(_timeline(postmortem, namer, box)))
        box.stream("revisions.json", _array(_revisions(postmortem, namer, box)))
        box.stream("audit.json", _array(_audit(postmortem, namer, box)))
        for image in PostmortemImage.objects.filter(postmortem=postmortem).order_by("pk"):
            box.copy(image_file(image), PICTURES.location(image.path), image.size)
        for file in _evidence(postmortem):
            box.copy(_evidence_name(file), EVIDENCE.location(file.path), file.size)
        if box.left_out:
            box.write("LEFT-OUT.txt", ("\n".join(box.left_out) + "\n").encode())
        archive.writestr("SHA256SUMS", "".join(f"{sha}  {name}\n" for name, sha in sorted(box.sums.items())))
    spool.seek(0)
    return spool  # type: ignore[return-value]


class _Box:
    """Writes files into the archive and keeps their hashes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MOST_BYTES
        self.sums: dict[str, str] = {}
        self.left_out: list[str] = []

    def write(self, name: str, content: bytes) -> None:
        self.stream(name, [content])

    def stream(self, name: str, pieces: Iterable[bytes]) -> None:
        sha = hashlib.sha256()
        with self._archive.open(name, "w", force_zip64=True) as opened:
            for piece in pieces:
                sha.update(piece)
                opened.write(piece)
        self.sums[name] = sha.hexdigest()

    def copy(self, name: str, path: Path, size: int) -> None:
        if not path.is_file():
            self.left_out.append(f"{name}: the file is gone")
        elif size > self._left:
            self.left_out.append(f"{name}: {size} bytes, more than there was room for")
        else:
            self._left -= size
            self.stream(name, _pieces(path))

    def some(self, name: str, rows: Iterable[Any]) -> Iterator[Any]:
        """At most `MOST_LINES` of them."""
        for index, row in enumerate(rows):
            if index >= MOST_LINES:
                self.left_out.append(f"{name}: everything after the first {MOST_LINES} rows")
                return
            yield row


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            yield piece


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def _array(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    yield b"["
    for index, row in enumerate(rows):
        yield (b",\n" if index else b"\n") + json.dumps(row, ensure_ascii=False).encode()
    yield b"\n]\n"


def _timeline(postmortem: Postmortem, namer: Namer, box: _Box) -> Iterator[dict[str, Any]]:
    """The whole record by role; nothing of what was redacted."""
    for entry in box.some("timeline.json", in_order(postmortem.incident)):
        gone = entry.redacted_at is not None
        yield {
            "seq": entry.seq,
            "kind": entry.kind,
            "happened_at": iso(entry.happened_at),
            "happened_until": iso(entry.happened_until) or None,
            "written_at": iso(entry.written_at),
            "author": _author(entry, namer),
            "summary": "" if gone else namer.text(sentence(entry)),
            "text": "" if gone else namer.text(entry.text),
            "evidence_link": "" if gone else entry.evidence_link,
            "starred": entry.starred,
            "edited_at": iso(entry.edited_at) or None,
            "redacted_at": iso(entry.redacted_at) or None,
            "files": []
            if gone
            else [{"file": _evidence_name(file), "sha256": file.sha256} for file in entry.files.all()],
        }


def _author(entry: TimelineEntry, namer: Namer) -> str:
    if entry.author_id is None:
        return namer.text(entry.author_label)
    return namer.person_by_id(entry.author_id)


def _revisions(postmortem: Postmortem, namer: Namer, box: _Box) -> Iterator[dict[str, Any]]:
    rows = SectionRevision.objects.filter(section__postmortem=postmortem).select_related("section", "author")
    for row in box.some("revisions.json", _iterated(rows.order_by("section_id", "version"))):
        yield {
            "section": row.section.key,
            "version": row.version,
            "saved_at": iso(row.saved_at),
            "author": "" if row.author_hidden else namer.person(row.author),
            "author_hidden": row.author_hidden,
            "text": namer.text(row.text),
        }


def _audit(postmortem: Postmortem, namer: Namer, box: _Box) -> Iterator[dict[str, Any]]:
    """Who did what to the document, by role. Without the data of a line, which may hold names."""
    rows = AuditEntry.objects.filter(object_type="postmortem", object_id=str(postmortem.pk))
    for row in box.some("audit.json", _iterated(rows.select_related("actor").order_by("pk"))):
        yield {
            "at": iso(row.at),
            "actor": namer.label(row.actor, row.actor_label),
            "via": row.via,
            "verb": row.verb,
        }


def _iterated(rows: models.QuerySet[Any]) -> Iterator[Any]:
    return rows.iterator(chunk_size=200)


def _evidence(postmortem: Postmortem) -> Iterator[TimelineFile]:
    rows = TimelineFile.objects.filter(
        entry__incident_id=postmortem.incident_id, entry__redacted_at__isnull=True
    )
    return _iterated(rows.order_by("pk"))


def _evidence_name(file: TimelineFile) -> str:
    """A name that is safe on every disk and in a list of hashes."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", file.name).strip(".-")[:80] or "file"
    return f"evidence/{file.pk}-{safe}"

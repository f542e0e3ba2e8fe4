"""The timeline as Markdown, CSV and JSON, piece by piece, so that a long one needs no memory."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from core import display
from incidents.choices import EntryKind, IncidentStatus
from incidents.models import Incident, TimelineEntry
from incidents.sentences import sentence

FORMATS = {"md": "text/markdown", "csv": "text/csv", "json": "application/json"}
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|"})
_COLUMNS = (
    "seq",
    "happened_at",
    "happened_until",
    "written_at",
    "kind",
    "author",
    "role",
    "summary",
    "text",
    "evidence_link",
    "files",
    "starred",
    "edited",
    "redacted",
    "source",
)


def export(incident: Incident, entries: Iterable[TimelineEntry], form: str) -> Iterator[str]:
    """The timeline's text in pieces; `form` one of `FORMATS`. Entries oldest first, with files and `changes`."""
    return {"md": _markdown, "csv": _csv, "json": _json}[form](incident, entries)


def _markdown(incident: Incident, entries: Iterable[TimelineEntry]) -> Iterator[str]:
    """Date breaks and times in the reader's zone."""
    zone = timezone.get_current_timezone_name()
    facts = [str(IncidentStatus(incident.status).label), str(incident.severity or _("Severity not set"))]
    yield f"# #{incident.number} {_plain(incident.title)}\n\n{' · '.join(facts)} · "
    yield _("Times in %(zone)s") % {"zone": zone} + "\n"
    if incident.impact:
        yield f"\n{_plain(incident.impact)}\n"
    day: dt.date | None = None
    for entry in entries:
        local = timezone.localtime(entry.happened_at)
        if local.date() != day:
            day = local.date()
            yield f"\n## {display.weekday_text(day)} {day.year}\n\n"
        yield _markdown_row(entry, local)


def _markdown_row(entry: TimelineEntry, local: dt.datetime) -> str:
    until = f"–{display.time_text(timezone.localtime(entry.happened_until))}" if entry.happened_until else ""
    words = sentence(entry) or str(EntryKind(entry.kind).label)
    star = "★ " if entry.starred else ""
    parts = [f"- **{display.time_text(local)}{until}** {star}{_plain(words)}"]
    if entry.author_label:
        parts.append(f" ({_plain(entry.author_label)})")
    if entry.redacted_at is None and entry.text:
        parts.append("".join(f"\n  {_plain(line)}  " for line in entry.text.splitlines()))
    if entry.redacted_at is None:
        for name, value in _decision_parts(entry):
            parts.append(f"\n  {name}: {_plain(value)}  ")
        if entry.evidence_link:
            parts.append(f"\n  <{entry.evidence_link.replace('>', '%3E')}>  ")
        parts += [f"\n  {_plain(file.name)} (sha256 {file.sha256})  " for file in entry.files.all()]
    return "".join(parts).rstrip() + "\n"


def _decision_parts(entry: TimelineEntry) -> list[tuple[str, str]]:
    data = entry.data if entry.kind == EntryKind.DECISION else {}
    named = [
        (_("Question"), data.get("question", "")),
        (_("Decided by"), data.get("who", "")),
        (_("Because"), data.get("why", "")),
        (_("Not taken"), "; ".join(data.get("alternatives") or [])),
    ]
    return [(name, value) for name, value in named if value]


def _plain(text: str) -> str:
    return text.translate(_MARKDOWN)


def _csv(incident: Incident, entries: Iterable[TimelineEntry]) -> Iterator[str]:
    """A byte order mark, so that spreadsheets read UTF-8; times ISO 8601 UTC."""
    yield "\ufeff" + _line(_COLUMNS)
    for entry in entries:
        yield _line(
            (
                str(entry.seq),
                _iso(entry.happened_at),
                _iso(entry.happened_until),
                _iso(entry.written_at),
                entry.kind,
                entry.author_label,
                entry.author_role,
                sentence(entry),
                entry.text,
                entry.evidence_link,
                "; ".join(file.name for file in entry.files.all()),
                "yes" if entry.starred else "",
                _iso(entry.edited_at),
                _iso(entry.redacted_at),
                entry.source,
            )
        )


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def safe_cell(text: str) -> str:
    """The text as no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _iso(moment: dt.datetime | None) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if moment else ""


def _json(incident: Incident, entries: Iterable[TimelineEntry]) -> Iterator[str]:
    head = {
        "number": incident.number,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity_id,
        "impact": incident.impact,
    }
    yield orjson.dumps(head).decode()[:-1] + ',"entries":['
    for index, entry in enumerate(entries):
        yield ("," if index else "") + orjson.dumps(_entry(entry)).decode()
    yield "]}\n"


def _entry(entry: TimelineEntry) -> dict[str, object]:
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "happened_at": _iso(entry.happened_at),
        "happened_until": _iso(entry.happened_until) or None,
        "written_at": _iso(entry.written_at),
        "author": {"id": entry.author_id, "name": entry.author_label, "role": entry.author_role or None},
        "summary": sentence(entry),
        "text": entry.text,
        "data": {name: value for name, value in entry.data.items() if name != "files"},
        "evidence_link": entry.evidence_link,
        "files": [
            {
                "name": file.name,
                "content_type": file.content_type,
                "size": file.size,
                "width": file.width,
                "height": file.height,
                "sha256": file.sha256,
            }
            for file in entry.files.all()
        ],
        "starred": entry.starred,
        "audience": entry.audience,
        "source": entry.source,
        "revisions": getattr(entry, "changes", 0),
        "edited_at": _iso(entry.edited_at) or None,
        "redacted_at": _iso(entry.redacted_at) or None,
    }

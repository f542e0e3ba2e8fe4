"""A postmortem as PDF. Printed by Typst in a process of its own (`press.py`), from data alone: see `document.typ`."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from django.utils.translation import gettext as _

from core.errors import Conflict, DomainError
from core.text import clean_json
from postmortems.actions.images import PICTURES
from postmortems.choices import Gate
from postmortems.exporting.blocks import Block, Builder
from postmortems.exporting.document import Paper, written
from postmortems.models import PostmortemImage
from postmortems.writing.drawing import BOX, GATE, joint_of, plan
from postmortems.writing.whys import Why, sentence

SECONDS = 25
MOST_LETTERS = 400_000
MOST_IMAGE_BYTES = 40 * 2**20
MOST_IMAGES = 60
_WIDTH, _TALLEST = 465.0, 560.0  # Points between the margins of A4.
_LONG = re.compile(r"[^\s\u200b]{40,}")
_HERE = Path(__file__).parent
# How many are printed at once by one server process; others wait.
_room = threading.BoundedSemaphore(2)
log = structlog.get_logger(__name__)


class NotPrinted(DomainError):
    """The printer did not manage this document within its time and memory."""

    code = "not_printed"
    status = 503
    sentence = "This document could not be printed. Take the Markdown instead."


def pdf_of(paper: Paper) -> bytes:
    """PDF/A-2a with bookmarks, links, page numbers and language; a plain PDF that names the letters it lacks when no
    font here has them. `NotPrinted` when it takes more than 25 seconds, 20 of them computing, or 3 GB."""
    if not _room.acquire(timeout=SECONDS):
        raise Conflict(_("Other documents are being printed. Try again in a minute."), code="busy")
    try:
        with tempfile.TemporaryDirectory(prefix="watchbill-print-") as name:
            return _printed(paper, Path(name))
    finally:
        _room.release()


def _printed(paper: Paper, folder: Path) -> bytes:
    data = clean_json(data_of(paper, folder))
    (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(_HERE / "document.typ", folder / "main.typ")
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_HERE / "press.py"), str(folder)],
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=folder,
            env={"HOME": str(folder), "TMPDIR": str(folder)},
        )
    except subprocess.TimeoutExpired:
        log.warning("postmortem.not_printed", postmortem=paper.pk, why="timeout")
        raise NotPrinted from None
    made = folder / "out.pdf"
    if done.returncode or not made.is_file():
        why = done.stderr[-2000:].decode(errors="replace")
        log.warning("postmortem.not_printed", postmortem=paper.pk, code=done.returncode, why=why)
        raise NotPrinted
    return made.read_bytes()


def data_of(paper: Paper, folder: Path) -> dict[str, Any]:
    """Everything the template walks, as plain data; pictures are put into `folder`."""
    files, missed = _pictures(paper.images, folder)
    builder, notes, left = Builder(files), [], MOST_LETTERS
    parts: list[dict[str, Any]] = []
    for part in written(paper.parts):
        if len(part.text) > left:
            notes.append(_("“%(section)s” is cut: the text is too long for a PDF.") % {"section": part.label})
        blocks = _spaced(builder.blocks(part.text[:left]))
        left = max(left - len(part.text), 0)
        parts.append({"key": part.key, "label": part.label, "c": blocks})
    parts += _extra_parts(paper, {part["key"] for part in parts})
    if builder.left_out:
        notes.append(_("%(count)s paragraphs did not fit.") % {"count": builder.left_out})
    if missed:
        notes.append(_("%(count)s pictures were left out.") % {"count": missed})
    empty = [part.label for part in paper.parts if part.key not in {each["key"] for each in parts}]
    made = dt.datetime.fromisoformat(paper.made_at)
    language, _sep, region = paper.language.partition("-")
    return {
        "kind": f"{_('Postmortem')} #{paper.number}",
        "title": _soft(paper.title),
        "author": "Watchbill",
        "date": {"year": made.year, "month": made.month, "day": made.day},
        "lang": language.lower() if re.fullmatch(r"[a-zA-Z]{2,3}", language) else "en",
        "region": region.upper() if re.fullmatch(r"[a-zA-Z]{2}", region) else None,
        "status": paper.status,
        "running": f"#{paper.number} {_shortened(paper.title)}",
        "foot": f"{_('Version')} {paper.version} · {made:%Y-%m-%d %H:%M} UTC",
        "facts": [[name, _soft(value)] for name, value in paper.facts],
        "parts": sorted(parts, key=lambda part: _place(paper, part["key"])),
        "empty": _("Nothing written: %(sections)s.") % {"sections": ", ".join(empty)} if empty else "",
        "notes": notes,
        "tree": _tree(paper) if paper.whys else None,
        "tree-words": ". ".join(sentence(root) for root in paper.roots)[:4000],
        "whys": _branches(paper.roots),
        "factors": [
            {"kind": row.kind, "name": _soft(row.name), "note": _soft(row.note)} for row in paper.factors
        ],
        "items": [_item(row) for row in paper.items],
        "words": _words(),
    }


def _item(row: Any) -> dict[str, Any]:
    return {
        "title": _soft(row.title),
        "url": row.url,
        "class": row.item_class,
        "owner": _soft(row.owner),
        "due": row.due_on,
        "status": row.status,
    }


def _words() -> dict[str, Any]:
    return {
        "tree": _("Fault tree"),
        "tree-apart": _("The drawing is on a page of its own at the end."),
        "whys": _("Chain of whys"),
        "factors": _("Contributing factors"),
        "items": _("Action items"),
        "item-heads": [_("What"), _("Class"), _("Owner"), _("Due"), _("State")],
        "missing": _("No font on the server has these letters, so they stand as empty boxes:"),
    }


def _extra_parts(paper: Paper, there: set[str]) -> list[dict[str, Any]]:
    """Sections that nobody wrote in but that have whys, factors or items."""
    wanted = {"causes": bool(paper.whys or paper.factors), "follow_ups": bool(paper.items)}
    return [
        {"key": part.key, "label": part.label, "c": []}
        for part in paper.parts
        if part.key not in there and wanted.get(part.key)
    ]


def _place(paper: Paper, key: str) -> int:
    return [part.key for part in paper.parts].index(key)


def _pictures(rows: Sequence[PostmortemImage], folder: Path) -> tuple[dict[int, tuple[str, float]], int]:
    """Picture → its file in `folder` and its share of the width; and how many were left out."""
    files: dict[int, tuple[str, float]] = {}
    left, missed = MOST_IMAGE_BYTES, 0
    for row in rows:
        kind = row.content_type.removeprefix("image/")
        path = PICTURES.location(row.path)
        if row.size > left or len(files) >= MOST_IMAGES or not path.is_file():
            missed += 1
            continue
        left -= row.size
        name = f"picture-{row.pk}.{kind}"
        shutil.copyfile(path, folder / name)
        wide, high = max(row.width, 1) * 0.75, max(row.height, 1) * 0.75
        files[row.pk] = (name, round(min(1.0, wide / _WIDTH, _TALLEST * wide / high / _WIDTH), 4))
    return files, missed


def _tree(paper: Paper) -> dict[str, Any]:
    """The drawing as boxes and lines, in the units of `postmortems.writing.drawing`."""
    drawn = plan(paper.roots)
    nodes, lines = [], []
    for each in drawn.placed.values():
        joint = joint_of(each, drawn)
        lines += [list(line) for line in joint.lines]
        gate = each.why.row.gate if joint.gate_top is not None else ""
        nodes.append(
            {
                "x": each.x - BOX / 2,
                "y": each.top,
                "w": BOX,
                "h": each.height,
                "lines": each.lines,
                "kind": "top" if each.why.depth == 0 else "cause" if each.why.is_cause else "between",
                "gate": gate,
                "gate-word": _("or") if gate == Gate.OR else _("and"),
                "gx": each.x - 0.62 * GATE,
                "gy": joint.gate_top or 0,
            }
        )
    return {"width": drawn.width, "height": drawn.height, "lines": lines, "nodes": nodes, "gate": GATE}


def _branches(nodes: Sequence[Why]) -> list[dict[str, Any]]:
    return [
        {
            "text": _soft(node.row.text),
            "gate": str(Gate(node.row.gate).label).lower() if len(node.children) > 1 else "",
            "evidence": _soft(getattr(node.row, "evidence", "")),
            "below": _branches(node.children),
        }
        for node in nodes
    ]


def _spaced(blocks: list[Block]) -> list[Block]:
    """Long words get places where a line may break; times a head for each day."""
    for index, block in enumerate(blocks):
        if "s" in block:
            block["s"] = _soft(block["s"])
        for key in ("c", "head"):
            _spaced(
                block.get(key) or [] if key == "c" else [w for cell in block.get(key) or [] for w in cell]
            )
        for row in block.get("rows") or []:
            _spaced(row["c"] if isinstance(row, dict) else [word for cell in row for word in cell])
        for item in block.get("items") or []:
            _spaced(item)
        if block["t"] == "times":
            _days(block, under_heading=index > 0 and blocks[index - 1]["t"] == "h")
    return blocks


def _days(block: Block, *, under_heading: bool) -> None:
    """A head where the day changes; none over a single day whose heading stands above."""
    if under_heading and len({row["day"] for row in block["rows"]}) == 1:
        for row in block["rows"]:
            row["day"] = ""
    day = ""
    for row in block["rows"]:
        row["head"] = row["day"] if row["day"] != day else ""
        day = row["day"] or day


def _soft(text: str) -> str:
    """The text with a place to break in words too long for a line."""
    return _LONG.sub(lambda found: "\u200b".join(_cut(found[0])), text)


def _cut(word: str) -> list[str]:
    return [word[start : start + 20] for start in range(0, len(word), 20)]


def _shortened(title: str) -> str:
    return title if len(title) <= 80 else f"{title[:79].rstrip()}…"

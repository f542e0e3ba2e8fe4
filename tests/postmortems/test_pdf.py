"""The PDF: what a reader program finds in it, and that no text makes it fail or take long."""

from __future__ import annotations

import datetime as dt
import io
import time
from typing import Any

import pytest
from pypdf import PdfReader

from core.errors import Conflict
from postmortems import actions
from postmortems.exporting import pdf
from postmortems.exporting.document import paper_of
from postmortems.models import Postmortem, WhyNode
from postmortems.writing.whys import MAX_NODES
from tests.factories import signed_in
from tests.postmortems.papers import TEXTS, published, with_factor, with_picture, with_whys
from tests.world import make_world

pytestmark = pytest.mark.django_db


def read(row: Postmortem) -> PdfReader:
    return PdfReader(io.BytesIO(pdf.pdf_of(paper_of(row))))


def words(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def bookmarks(found: Any) -> list[str]:
    return [
        title for each in found for title in (bookmarks(each) if isinstance(each, list) else [each.title])
    ]


def links(reader: PdfReader) -> set[str]:
    found = set()
    for page in reader.pages:
        for mark in page.get("/Annots") or []:
            found.add(str((mark.get_object().get("/A") or {}).get("/URI")))
    return found


def test_it_has_title_facts_sections_tree_factors_items_pages_links_and_bookmarks() -> None:
    world = make_world()
    row = published(world, "Checkout down", texts={**TEXTS, "causes": "The chain.", "follow_ups": ""})
    with_whys(row)
    with_factor(row)
    with_picture(world, row)
    actions.create_item(
        actor=world.actor("bo"),
        postmortem_id=row.pk,
        title="Check the chain",
        owner_id=world.bo.pk,
        due_on=dt.date(2026, 12, 1),
    )
    reader = read(row)
    assert reader.metadata is not None
    assert reader.metadata.title == "Checkout down"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf.pdf_of(paper_of(row))
    text = words(reader)
    for each in (f"POSTMORTEM #{row.incident.number}", "Severity Sev-1", "Payments failed for 42 minutes"):
        assert each in text
    for each in (
        "Europe 8,100",
        "03:42",
        "Chain put back",
        "No check of the chain",
        "and",
        "all of these together",
    ):
        assert each in text
    for each in ("Trust store out of date", "Check the chain", "2026-12-01", "Refused payments"):
        assert each in text
    assert f"1 / {len(reader.pages)}" in text
    found = bookmarks(reader.outline)
    for each in ("Summary", "Impact", "What happened", "Why it happened", "Fault tree", "Action items"):
        assert each in found
    assert "https://grafana.example.com/d" in links(reader)
    assert any(each.endswith("/action-items/1/") or "/action-items/" in each for each in links(reader))
    assert any(page.images for page in reader.pages)


def test_hostile_text_is_only_text() -> None:
    world = make_world()
    hostile = (
        '<script>alert(1)</script> #import "@preview/x:1.0.0" #eval("1+1") #read("/etc/passwd") $ x^2 $ @label '
        "*a* _b_ `raw` // comment /* c */ \\u{0} =SUM(A1) ] ) } #panic() &amp; %PDF"
    )
    row = published(world, hostile[:200], texts={"summary": hostile, "causes": f"```\n{hostile}\n```"})
    WhyNode.objects.create(postmortem=row, text=hostile[:300], evidence=hostile[:500])
    text = words(read(row))
    assert '#import "@preview/x:1.0.0"' in text
    assert '#eval("1+1")' in text
    assert "root:" not in text


def test_letters_without_a_font_do_no_harm_and_are_named() -> None:
    world = make_world()
    row = published(
        world, "Ausfall Größe Żółć Ελλάδα Привет", texts={"summary": "決済 ゲート \U0001f525 עברית"}
    )
    text = words(read(row))
    assert "Größe Żółć Ελλάδα Привет" in text
    # A server with a font for it draws it; any other says so.
    assert "決" in text or "U+6C7A" in text
    row.sections.update(text="\U000e0001\U0010ffff unheard of \U0001fae0")
    assert "No font on the server has these letters" in words(read(row))


def test_a_long_word_a_wide_table_and_a_big_tree_fit() -> None:
    world = make_world()
    wide = "|" + "a|" * 40 + "\n|" + "---|" * 40 + "\n|" + "b|" * 40
    row = published(
        world, "w" * 200, texts={"summary": "x" * 5000, "impact": wide, "causes": "`" + "y" * 900 + "`"}
    )
    top = WhyNode.objects.create(postmortem=row, text="Top", gate="or")
    WhyNode.objects.bulk_create(
        WhyNode(postmortem=row, parent=top, text=f"Cause {n} " + "long " * 40) for n in range(MAX_NODES - 1)
    )
    reader = read(row)
    assert "Cause 198" in words(reader)
    assert float(reader.pages[-1].mediabox.width) <= 14_400


def test_too_much_is_cut_and_said_and_takes_no_minute() -> None:
    world = make_world()
    text = "word **bold** `code` [a](https://a.example) " * 2200
    row = published(world, texts=dict.fromkeys(("summary", "impact", "causes", "lessons", "process"), text))
    began = time.monotonic()
    reader = read(row)
    assert time.monotonic() - began < pdf.SECONDS
    assert "is cut: the text is too long for a PDF" in words(reader)
    row.sections.update(text="a\n\n" * 3000)
    assert "paragraphs did not fit" in words(read(row))


def test_a_printer_that_does_not_come_back_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    row = published(world)
    monkeypatch.setattr(pdf, "SECONDS", 0.01)
    with pytest.raises(pdf.NotPrinted):
        pdf.pdf_of(paper_of(row))
    answer = signed_in(world.bo).get(f"/postmortems/{row.pk}/export.pdf")
    assert answer.status_code == 503
    bundled = signed_in(world.bo).get(f"/postmortems/{row.pk}/export.zip")
    assert bundled.status_code == 200
    assert b"LEFT-OUT.txt" in b"".join(bundled.streaming_content)  # type: ignore[attr-defined]
    assert pdf._room.acquire(timeout=0) and pdf._room.acquire(timeout=0)
    try:
        with pytest.raises(Conflict):
            pdf.pdf_of(paper_of(row))
    finally:
        pdf._room.release(2)

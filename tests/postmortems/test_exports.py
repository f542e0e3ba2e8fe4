"""What leaves the house: by role, complete, verifiable, to those who see the document alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from incidents import actions as incident_actions
from postmortems import actions
from postmortems.exporting import bundle
from postmortems.exporting.blocks import Builder
from postmortems.exporting.document import paper_of
from postmortems.exporting.markdown import markdown_of
from postmortems.models import Postmortem, PostmortemSection
from tests.factories import api_client, make_user, signed_in
from tests.postmortems.papers import published, with_factor, with_picture, with_whys
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
FORMS = ("md", "pdf", "json", "zip")


def status_of(client: Any, url: str) -> int:
    answer = client.get(url)
    body(answer)
    return int(answer.status_code)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def taken(world: World, row: Postmortem, form: str, who: str = "bo") -> bytes:
    answer = signed_in(getattr(world, who)).get(f"/postmortems/{row.pk}/export.{form}")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    assert f"postmortem-{row.incident.number}.{form}" in answer["Content-Disposition"]
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")
    return body(answer)


def unpacked(world: World, row: Postmortem) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(taken(world, row, "zip")))


def test_who_may_take_it_along() -> None:
    world = make_world("members")
    row = published(world)
    urls = [f"/postmortems/{row.pk}/export.{form}" for form in FORMS] + [f"/postmortems/{row.pk}/print/"]
    for who, status in (("ada", 200), ("bo", 200), ("zoe", 404), ("root", 200)):
        browser, client = signed_in(getattr(world, who)), api_client(getattr(world, who))
        assert [status_of(browser, url) for url in urls] == [status] * 5
        found = [status_of(client, f"/api/v1/postmortems/{row.pk}/export/{form}/") for form in FORMS]
        assert found == [status] * 4
    assert [Client().get(url).status_code for url in urls] == [302] * 5
    assert signed_in(world.bo).post(urls[0]).status_code == 405
    for odd in ("export.exe", "export.", "export.md/"):
        assert signed_in(world.bo).get(f"/postmortems/{row.pk}/{odd}").status_code == 404
    assert signed_in(world.bo).get("/postmortems/999999999999999999/export.md").status_code == 404
    type(row.incident).objects.update(visibility="restricted")
    assert [status_of(signed_in(world.bo), url) for url in urls] == [404] * 5


def test_support_takes_along_what_it_sees() -> None:
    world = make_world()
    row = published(world)
    assert b"Payments failed" in taken(world, row, "md", "sam")
    assert b"Payments failed" in signed_in(world.sam).get(f"/postmortems/{row.pk}/print/").content


def test_people_appear_by_role_unless_they_asked_to_be_named() -> None:
    world = make_world()
    grace = make_user("Grace Hopper")
    row = published(world, texts={"summary": "Grace Hopper saw it; @Grace Hopper called.", "lessons": "x"})
    number, bo = row.incident.number, world.actor("bo")
    incident_actions.add_note(actor=bo, number=number, text="Grace Hopper restarts it")
    actions.create_item(
        actor=bo,
        postmortem_id=row.pk,
        title="Ask Grace Hopper",
        owner_id=grace.pk,
        due_on=dt.date(2026, 12, 1),
    )
    PostmortemSection.objects.filter(key="lessons").update(author=grace, author_hidden=True)
    everything = {form: taken(world, row, form) for form in ("md", "json")}
    with unpacked(world, row) as archive:
        everything |= {name: archive.read(name) for name in archive.namelist()}
    for name, content in everything.items():
        assert b"Grace" not in content, name
        assert grace.email.encode() not in content, name
    print_view = signed_in(world.bo).get(f"/postmortems/{row.pk}/print/").content.decode()
    assert "Grace" not in print_view.partition("<main")[2]
    paper = paper_of(row)
    assert [item.owner for item in paper.items] == ["Colleague"]
    assert [part.author for part in paper.parts if part.key == "lessons"] == [""]
    row.named.add(grace)
    assert b"Grace Hopper saw it" in taken(world, row, "md")
    assert paper_of(row).items[0].owner == "Grace Hopper"
    assert [part.author for part in paper_of(row).parts if part.key == "lessons"] == [""]


def test_the_bundle_holds_everything_and_its_hashes_hold(tmp_path: Path) -> None:
    world = make_world()
    row = published(world)
    with_whys(row)
    with_factor(row)
    picture = with_picture(world, row)
    actions.edit_section(actor=world.actor("bo"), postmortem_id=row.pk, key="lessons", text="New words")
    with unpacked(world, row) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path)
    expected = {"document.json", "document.md", "document.pdf", "timeline.json", "items.json"}
    expected |= {"revisions.json", "audit.json", f"images/{picture}.png", "SHA256SUMS"}
    assert names == expected
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = {line.split("  ")[1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines()}
    assert listed == names - {"SHA256SUMS"}
    sha = hashlib.sha256((tmp_path / f"images/{picture}.png").read_bytes()).hexdigest()
    document = json.loads((tmp_path / "document.json").read_text())
    assert document["images"] == [{**document["images"][0], "file": f"images/{picture}.png", "sha256": sha}]
    assert f"(images/{picture}.png)" in (tmp_path / "document.md").read_text()
    revisions = json.loads((tmp_path / "revisions.json").read_text())
    assert "New words" in [each["text"] for each in revisions]
    assert len(json.loads((tmp_path / "timeline.json").read_text())) == row.incident.timeline.count()
    (tmp_path / "document.md").write_text("changed")
    broken = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False)
    assert broken.returncode == 1


def test_what_is_too_much_for_a_bundle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    row = published(world)
    picture = with_picture(world, row)
    incident_actions.add_note(actor=world.actor("bo"), number=row.incident.number, text="one more")
    monkeypatch.setattr(bundle, "MOST_BYTES", 10)
    monkeypatch.setattr(bundle, "MOST_LINES", 1)
    with unpacked(world, row) as archive:
        left_out = archive.read("LEFT-OUT.txt").decode()
        assert f"images/{picture}.png" not in archive.namelist()
        assert len(json.loads(archive.read("timeline.json"))) == 1
    assert f"images/{picture}.png" in left_out
    assert "timeline.json" in left_out


def test_redacted_words_stay_gone() -> None:
    world = make_world()
    row = published(world)
    number = row.incident.number
    entry = incident_actions.add_note(actor=world.actor("bo"), number=number, text="The password is hunter2")
    incident_actions.redact_entry(actor=world.actor("ada"), number=number, seq=entry.seq)
    with unpacked(world, row) as archive:
        assert all(b"hunter2" not in archive.read(name) for name in archive.namelist())


def test_markdown_keeps_its_structure_whatever_people_write() -> None:
    world = make_world()
    row = published(
        world,
        "*Star* | pipe <script>",
        texts={"summary": "# Loud\n\n```\n# not a heading", "causes": "words"},
    )
    with_whys(row)
    text = markdown_of(paper_of(row))
    assert text.startswith("# Postmortem #")
    assert r"\*Star\* \| pipe \<script\>" in text.splitlines()[0]
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Summary",
        "## Why it happened",
    ]
    assert "### Loud" in text
    assert "\n# not a heading\n```\n" in text
    assert "- Payments failed (All of these together)\n  - Chain not trusted\n    - Trust store two" in text


def test_the_print_view_escapes_and_has_everything() -> None:
    world = make_world()
    row = published(world, "<script>alert(1)</script>")
    with_whys(row)
    with_factor(row)
    page = signed_in(world.bo).get(f"/postmortems/{row.pk}/print/").content.decode()
    assert "<script>alert" not in page
    assert page.count("<h1") == 1
    for words in ("Payments failed", "8,100", "fault-tree__gate", "Trust store out of date", "sev-1"):
        assert words.lower() in page.lower()
    assert 'style="' not in page.partition("<main")[2]


def test_markdown_becomes_data_and_never_markup() -> None:
    builder = Builder({7: ("picture-7.png", 0.5)})
    blocks = builder.blocks(
        "# A\n\n### B\n\n> quote #eval(1)\n\n1. one\n   - two\n\n| x | y |\n|---|---:|\n| a | **b** |\n\n"
        "![shown](image:7) ![gone](image:8) ![away](https://evil.example/x.png) <b>raw</b>\n\n---\n\n"
        "[ok](https://a.example) [bad](javascript:alert(1)) [here](/incidents/1/) `#code`"
    )
    assert [block["t"] for block in blocks] == ["h", "h", "quote", "ol", "table", "p", "image", "hr", "p"]
    assert [blocks[0]["level"], blocks[1]["level"]] == [1, 2]
    assert blocks[4]["align"] == ["left", "right"]
    assert blocks[6] == {"t": "image", "file": "picture-7.png", "share": 0.5, "alt": "shown"}
    words = json.dumps(blocks[5])
    assert "gone" in words and "away" in words and "evil.example" not in words and "<b>" in words
    links = [each["url"] for each in blocks[8]["c"] if each["t"] == "link"]
    assert links[0] == "https://a.example"
    assert links[1].endswith("/incidents/1/") and links[1].startswith("http")
    assert len(links) == 2
    times = builder.blocks("- 2026-11-20 03:00 UTC: a\n- 03:05 b **c**")[0]
    assert [(each["day"], each["time"]) for each in times["rows"]] == [("2026-11-20", "03:00"), ("", "03:05")]
    assert builder.blocks("- 03:00 a\n- words")[0]["t"] == "ul"
    deep = builder.blocks("\n".join("  " * n + "- x" for n in range(60)) + "\n\n" + ">" * 300 + " y")
    assert json.dumps(deep).count('"t"') < 200

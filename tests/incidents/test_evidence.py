"""Evidence on the timeline: who may attach and see it, how it is served, and that it goes with redaction."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError

from core import clock
from core.errors import InvalidInput, NotVisible
from incidents import actions
from incidents.actions import evidence as evidence_actions
from incidents.actions.files import EVIDENCE, sweep
from incidents.evidence import Upload
from incidents.models import Incident, TimelineEntry, TimelineFile
from tests.factories import api_client, signed_in
from tests.incidents.pictures import png
from tests.incidents.support import declare, grant
from tests.incidents.test_access import person
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    yield


def upload(name: str = "shot.png", content: bytes = b"") -> Upload:
    content = content or png()
    return Upload(name, len(content), io.BytesIO(content))


def attach(world: World, number: int, *files: Upload, who: str = "bo", **fields: Any) -> TimelineEntry:
    return actions.add_evidence(actor=world.actor(who), number=number, files=files or [upload()], **fields)


def on_disk(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_picture_and_a_log_become_one_entry(tmp_path: Path) -> None:
    world = make_world()
    number = declare(world).number
    entry = attach(world, number, upload(), upload("app.log", b"one\ntwo"), text="Look")
    assert (entry.kind, entry.text) == ("evidence", "Look")
    assert [(f["name"], f["kind"], f["size"]) for f in entry.data["files"]] == [
        ("shot.png", "image", len(png())),
        ("app.log", "log", 7),
    ]
    assert len(on_disk(tmp_path)) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in on_disk(tmp_path))
    html = signed_in(world.bo).get(f"/incidents/{number}/").content.decode()
    ids = list(entry.files.values_list("pk", flat=True))
    assert (
        f'<img src="/incidents/{number}/files/{ids[0]}/" alt="shot.png" width="3" height="2" loading="lazy">'
        in html
    )
    assert "<pre>one\ntwo</pre>" in html


def test_hostile_names_and_texts_are_escaped() -> None:
    world = make_world()
    number = declare(world).number
    attach(world, number, upload("<img src=x onerror=alert(1)>.log", b"</pre><img src=x onerror=alert(2)>"))
    html = signed_in(world.bo).get(f"/incidents/{number}/").content.decode()
    assert "<img src=x" not in html


def test_how_files_are_served() -> None:
    world = make_world()
    number = declare(world).number
    entry = attach(world, number, upload(), upload('a"b;.log', b"one"))
    picture, log = entry.files.all()
    browser = signed_in(world.bo)
    answer = browser.get(f"/incidents/{number}/files/{picture.pk}/")
    assert b"".join(answer.streaming_content) == png()
    assert {
        name: answer[name]
        for name in (
            "Content-Type",
            "X-Content-Type-Options",
            "Content-Security-Policy",
            "Cache-Control",
            "ETag",
            "Content-Disposition",
        )
    } == {
        "Content-Type": "image/png",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
        "ETag": f'"{picture.sha256}"',
        "Content-Disposition": 'inline; filename="shot.png"',
    }
    same = browser.get(
        f"/incidents/{number}/files/{picture.pk}/", headers={"If-None-Match": f'"{picture.sha256}"'}
    )
    assert same.status_code == 304
    down = browser.get(f"/incidents/{number}/files/{log.pk}/")
    plain = browser.get(f"/incidents/{number}/files/{log.pk}/?plain=1")
    assert down["Content-Disposition"].startswith("attachment; ")
    assert plain["Content-Disposition"].startswith("inline; ")
    assert down["Content-Type"] == plain["Content-Type"] == "text/plain; charset=utf-8"
    other = declare(world).number
    assert browser.get(f"/incidents/{other}/files/{picture.pk}/").status_code == 404
    assert browser.get(f"/incidents/{number}/files/{10**30}/").status_code == 404


def test_who_sees_a_file_and_who_no_longer_does() -> None:
    world = make_world("members")
    number = declare(world).number
    file = attach(world, number).files.get()
    url = f"/incidents/{number}/files/{file.pk}/"

    def seen() -> dict[str, int]:
        names = ("ada", "bo", "sam", "zoe", "root")
        return {name: signed_in(getattr(world, name)).get(url).status_code for name in names}

    assert seen() == {"ada": 200, "bo": 200, "sam": 404, "zoe": 404, "root": 200}
    assert signed_in(None).get(url).status_code == 302
    grant(Incident.objects.get(), world.zoe.pk)
    assert seen()["zoe"] == 200
    Incident.objects.update(visibility="restricted")
    assert seen() == {"ada": 404, "bo": 404, "sam": 404, "zoe": 200, "root": 200}


def test_redaction_removes_the_files_for_good(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    world = make_world()
    number = declare(world).number
    entry = attach(world, number, text="Password inside", link="https://example.com/secret")
    file = entry.files.get()
    with django_capture_on_commit_callbacks(execute=True):
        gone = actions.redact_entry(actor=world.actor("ada"), number=number, seq=entry.seq)
    assert (gone.text, gone.data, gone.evidence_link, gone.files.count()) == ("", {}, "", 0)
    assert on_disk(tmp_path) == []
    for who in (world.bo, world.root, world.zoe):
        assert signed_in(who).get(f"/incidents/{number}/files/{file.pk}/").status_code == 404
    html = signed_in(world.bo).get(f"/incidents/{number}/").content.decode()
    assert "secret" not in html
    assert "shot.png" not in html
    assert "This entry was redacted." in html


@pytest.mark.parametrize(
    "standing", ["admin", "manager", "responder", "observer", "guest", "support", "reader"]
)
def test_who_may_attach(standing: str, tmp_path: Path) -> None:
    world = make_world()
    incident = declare(world)
    user = person(world, standing, [incident])
    allowed = standing in ("admin", "manager", "responder", "guest")
    api = api_client(user)
    answer = api.post(
        f"/api/v1/incidents/{incident.number}/add-evidence/",
        {"files": [SimpleUploadedFile("a.png", png())], "text": "By API"},
        format="multipart",
    )
    assert answer.status_code == (201 if allowed else 403)
    assert len(on_disk(tmp_path)) == (1 if allowed else 0)
    browser = signed_in(user).post(
        f"/incidents/{incident.number}/compose/",
        {"text": "By page", "files": [SimpleUploadedFile("a.log", b"x")]},
    )
    assert browser.status_code == (302 if allowed else 403)


def test_a_stranger_learns_nothing() -> None:
    world = make_world("members")
    number = declare(world).number
    with pytest.raises(NotVisible):
        attach(world, number, who="zoe")
    with pytest.raises(NotVisible):
        attach(world, 99999)
    with pytest.raises(NotVisible):
        attach(world, number, who="sam")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    number = declare(world).number
    with pytest.raises(InvalidInput, match="At most 10 files"):
        attach(world, number, *[upload() for _each in range(11)])
    with pytest.raises(InvalidInput, match="Attach a file"):
        actions.add_evidence(actor=world.actor("bo"), number=number, text="Nothing")
    with pytest.raises(InvalidInput, match="full web address"):
        attach(world, number, link="javascript:alert(1)")
    with pytest.raises(InvalidInput, match="neither a picture"):
        attach(world, number, upload(), upload("a.exe", b"MZ\0"))
    assert on_disk(tmp_path) == []
    monkeypatch.setattr(evidence_actions, "MAX_INCIDENT", len(png()) * 2)
    attach(world, number)
    attach(world, number)
    with pytest.raises(InvalidInput, match="in all"):
        attach(world, number)
    assert len(on_disk(tmp_path)) == TimelineFile.objects.count() == 2


def test_what_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    number = declare(world).number

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError("no")

    monkeypatch.setattr(evidence_actions, "save_incident", refuse)
    with pytest.raises(IntegrityError):
        attach(world, number)
    assert on_disk(tmp_path) == []
    assert not TimelineFile.objects.exists()


def test_the_same_key_attaches_once(tmp_path: Path) -> None:
    world = make_world()
    number = declare(world).number
    first = attach(world, number, key="k-1")
    assert attach(world, number, key="k-1") == first
    assert len(on_disk(tmp_path)) == TimelineFile.objects.count() == 1


def test_the_sweep_takes_old_files_without_a_row(tmp_path: Path) -> None:
    world = make_world()
    kept = attach(world, declare(world).number).files.get()
    orphan, fresh = EVIDENCE.store(b"orphan"), EVIDENCE.store(b"fresh")
    old = (clock.now() - dt.timedelta(hours=7)).timestamp()
    for path in (orphan, kept.path):
        os.utime(EVIDENCE.location(path), (old, old))
    assert sweep(clock.now()) == 1
    assert {path.name for path in on_disk(tmp_path)} == {Path(kept.path).name, Path(fresh).name}


@pytest.mark.parametrize("path", ["../secret_key", "evidence/../../x", "/etc/passwd", "evidence"])
def test_no_path_leads_out_of_the_folder(path: str) -> None:
    with pytest.raises(FileNotFoundError):
        EVIDENCE.location(path)


def test_the_server_takes_uploads_there_alone() -> None:
    from config.uploads import MAX_EVIDENCE_BODY, MAX_PAGE_BODY, body_limit

    assert (
        body_limit("/incidents/4/compose/")
        == body_limit("/api/v1/incidents/4/add-evidence/")
        == MAX_EVIDENCE_BODY
    )
    assert body_limit("/incidents/4/note/") == body_limit("/incidents/4/compose/x") == MAX_PAGE_BODY

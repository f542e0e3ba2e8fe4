"""Writing sections: versions, merging, revisions, states, hidden authors, mentions, pictures."""

from __future__ import annotations

import io
import os
from typing import Any

import pytest

from core import clock
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from core.kept import ORPHAN_AFTER
from core.models import LiveEntry
from incidents.evidence import Upload
from notifications.models import Delivery
from postmortems import actions
from postmortems.actions.images import PICTURES
from postmortems.errors import EditedMeanwhile
from postmortems.models import Postmortem, PostmortemImage, PostmortemSection, SectionRevision
from postmortems.tasks import sweep_files
from tests.factories import actor_of, make_token
from tests.incidents.pictures import png
from tests.incidents.support import at_once
from tests.postmortems.test_documents import started
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def write(
    world: World, document: Postmortem, text: str | None, who: str = "bo", **more: Any
) -> PostmortemSection:
    key = more.pop("key", "summary")
    return actions.edit_section(actor=world.actor(who), postmortem_id=document.pk, key=key, text=text, **more)


def mails(word: str) -> list[Delivery]:
    return list(Delivery.objects.filter(title__contains=word).order_by("pk"))


def test_every_version_is_kept_the_first_too() -> None:
    world = make_world()
    document = started(world)
    SectionRevision.objects.all().delete()
    write(world, document, "One")
    write(world, document, "Two", "ada", version=2)
    rows = SectionRevision.objects.filter(section__key="summary").order_by("version")
    assert [(row.version, row.text) for row in rows] == [(1, ""), (2, "One"), (3, "Two")]
    assert [row.author for row in rows][1:] == [world.bo, world.ada]
    before = Postmortem.objects.get(pk=document.pk).version
    write(world, document, "Two", version=3)
    assert rows.count() == 3
    assert Postmortem.objects.get(pk=document.pk).version == before


def test_other_lines_are_merged_and_the_same_are_not() -> None:
    world = make_world()
    document = started(world)
    write(world, document, "one\r\n\r\ntwo\r\n\r\nthree")
    write(world, document, "ONE\n\ntwo\n\nthree", "ada", version=2)
    merged = write(world, document, "one\n\ntwo\n\nthree\n\nfour", version=2)
    assert (merged.text, merged.version) == ("ONE\n\ntwo\n\nthree\n\nfour", 4)
    with pytest.raises(EditedMeanwhile) as refused:
        write(world, document, "uno\n\ntwo\n\nthree", version=2)
    error = refused.value
    assert (error.code, error.version, error.mine[:3], error.theirs[:3]) == (
        "edited_meanwhile",
        4,
        "uno",
        "ONE",
    )
    assert error.base == "one\n\ntwo\n\nthree"
    with pytest.raises(EditedMeanwhile):
        write(world, document, "from nowhere", version=99)
    assert SectionRevision.objects.filter(section=merged).count() == 4


@pytest.mark.concurrent
@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_lose_nothing() -> None:
    world = make_world()
    document = started(world)
    write(world, document, "\n\n".join(f"line {n}" for n in range(8)))
    bo = world.actor("bo")

    def job(n: int) -> Any:
        text = "\n\n".join(f"line {k}" + (" changed" if k == n else "") for k in range(8))
        return lambda: actions.edit_section(
            actor=bo, postmortem_id=document.pk, key="summary", text=text, version=2
        )

    results = at_once([job(n) for n in range(8)])
    assert [result for result in results if isinstance(result, Exception)] == []
    section = document.sections.get(key="summary")
    assert section.text == "\n\n".join(f"line {n} changed" for n in range(8))
    assert section.version == 10
    assert section.revisions.count() == 10


def test_states_follow_the_writing() -> None:
    world = make_world()
    document = started(world)
    section = document.sections.get(key="perspectives")
    PostmortemSection.objects.filter(pk=section.pk).update(state="todo", text="")
    assert write(world, document, "Words", key="perspectives").state == "writing"
    assert write(world, document, None, key="perspectives", state="ready").state == "ready"
    assert write(world, document, "More", key="perspectives").state == "ready"
    with pytest.raises(InvalidInput):
        write(world, document, None, state="done")
    with pytest.raises(InvalidInput):
        write(world, document, "x", key="nothing")
    with pytest.raises(InvalidInput):
        write(world, document, "x" * 100_001)


def test_a_hidden_author_is_a_matter_of_two_sections_and_of_the_author() -> None:
    world = make_world()
    document = started(world)
    section = write(world, document, "Hard to say", key="lessons", author_hidden=True)
    assert section.author_hidden
    assert section.revisions.get(version=section.version).author_hidden
    with pytest.raises(NotAllowed):
        write(world, document, None, "ada", key="lessons", author_hidden=False)
    again = write(world, document, "Hard to say, still", "ada", key="lessons")
    assert again.author_hidden
    shown = write(world, document, "By me", "ada", key="lessons", author_hidden=False)
    assert not shown.author_hidden
    assert [row.author_hidden for row in shown.revisions.order_by("version")][-3:] == [True, True, False]
    with pytest.raises(InvalidInput):
        write(world, document, "x", key="summary", author_hidden=True)


def test_an_old_version_comes_back_as_a_new_one() -> None:
    world = make_world()
    document = started(world)
    write(world, document, "First")
    write(world, document, "Second")
    bo = world.actor("bo")
    row = actions.restore_revision(actor=bo, postmortem_id=document.pk, key="summary", version=2)
    assert (row.text, row.version) == ("First", 4)
    with pytest.raises(InvalidInput):
        actions.restore_revision(actor=bo, postmortem_id=document.pk, key="summary", version=77)


def test_who_may_write() -> None:
    world = make_world()
    document = started(world)
    for name in ("sam", "zoe"):
        with pytest.raises(NotAllowed):
            write(world, document, "Mine", name)
    token, _secret = make_token(world.bo, scopes=["read"])
    with pytest.raises(NotAllowed):
        actions.edit_section(
            actor=actor_of(world.bo, via="api", token=token),
            postmortem_id=document.pk,
            key="summary",
            text="x",
        )
    Postmortem.objects.filter(pk=document.pk).update(status="closed", published_at=document.created_at)
    with pytest.raises(Conflict) as closed:
        write(world, document, None, state="ready")
    assert closed.value.code == "closed"


def test_who_may_not_even_see_it() -> None:
    world = make_world("members")
    document = started(world)
    with pytest.raises(NotVisible):
        write(world, document, "Mine", "zoe")


def test_somebody_newly_mentioned_gets_one_message() -> None:
    world = make_world()
    document = started(world)
    write(world, document, "Ask @Ada and @Bo")
    write(world, document, "Ask @Ada, really")
    write(world, document, "Nobody")
    write(world, document, "Ask @Ada again")
    found = mails("mentioned you")
    assert [(row.user, row.url_path) for row in found] == [
        (world.ada, f"/postmortems/{document.pk}/#section-summary")
    ]
    write(world, document, "Ask @Ada", key="lessons", author_hidden=True)
    assert "Bo" not in mails("mentioned you")[-1].title
    assert mails("mentioned you")[-1].title.startswith("Somebody")


def test_a_mention_reaches_nobody_who_may_not_see_it() -> None:
    world = make_world("members")
    write(world, started(world), "Ask @Zoe and @Ada")
    assert [row.user for row in mails("mentioned you")] == [world.ada]


def test_a_change_is_said_without_words_or_names() -> None:
    world = make_world()
    document = started(world)
    write(world, document, "Secret words", key="lessons", author_hidden=True)
    row = LiveEntry.objects.filter(topic_id=f"postmortem:{document.pk}").latest("pk")
    assert (row.event, row.data["key"]) == ("postmortem.section.lessons", "lessons")
    assert "Bo" not in str(row.data)
    assert "Secret" not in f"{row.data}{row.html}"


def upload(content: bytes, name: str = "graph.png") -> Upload:
    return Upload(name, len(content), io.BytesIO(content))


def test_the_sweep_takes_old_pictures_no_document_has(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    world = make_world()
    row = actions.add_image(actor=world.actor("bo"), postmortem_id=started(world).pk, upload=upload(png()))
    orphan, fresh = PICTURES.store(b"orphan"), PICTURES.store(b"fresh")
    now = clock.now()
    old = (now - ORPHAN_AFTER).timestamp() - 1
    for path in (orphan, row.path):
        os.utime(tmp_path / path, (old, old))
    sweep_files()
    left = {f"{each.relative_to(tmp_path)}" for each in tmp_path.rglob("*") if each.is_file()}
    assert left == {row.path, fresh}


def test_pictures_are_rebuilt_and_limited(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    world = make_world()
    document = started(world)
    bo = world.actor("bo")
    row = actions.add_image(actor=bo, postmortem_id=document.pk, upload=upload(png(extra=b"SECRET")))
    kept = (tmp_path / row.path).read_bytes()
    assert (row.width, row.height, row.content_type) == (3, 2, "image/png")
    assert b"SECRET" not in kept
    for content, name in (
        (b"<svg xmlns='x'/>", "a.svg"),
        (b"plain words", "a.txt"),
        (b"\x89PNG\r\n\x1a\n", "b.png"),
    ):
        with pytest.raises(InvalidInput):
            actions.add_image(actor=bo, postmortem_id=document.pk, upload=upload(content, name))
    with pytest.raises(NotAllowed):
        actions.add_image(actor=world.actor("zoe"), postmortem_id=document.pk, upload=upload(png()))
    PostmortemImage.objects.update(size=100 * 1024 * 1024)
    with pytest.raises(InvalidInput):
        actions.add_image(actor=bo, postmortem_id=document.pk, upload=upload(png()))
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1

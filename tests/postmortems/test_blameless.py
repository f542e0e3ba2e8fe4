"""Words that blame, names that become roles, mentions, and markdown as HTML."""

from __future__ import annotations

import pytest

from incidents import actions as incident_actions
from postmortems import actions
from postmortems.exporting.blameless import by_role
from postmortems.models import Postmortem
from postmortems.writing.blame import hints
from postmortems.writing.markdown import Picture, to_html
from postmortems.writing.mentions import mentioned, people_named
from tests.factories import make_user
from tests.postmortems.test_documents import started
from tests.world import World, make_world


@pytest.mark.parametrize(
    "text",
    [
        "Ada should have checked",
        "It was human error.",
        "a Careless change",
        "He failed to look",
        "they forgot the flag",
        "Obviously wrong",
        "we just had to restart",
        "Why didn't anybody see it?",
        "Why didn’t anybody see it?",
    ],
)
def test_blaming_words_get_a_hint(text: str) -> None:
    found = hints(f"First line\n{text}")
    assert len(found) == 1
    assert found[0].line == 2
    assert found[0].suggestion


@pytest.mark.parametrize(
    "text", ["", "The deploy failed at 03:00.", "clearlyness", "It failed over", "A useful error message"]
)
def test_plain_words_get_none(text: str) -> None:
    assert hints(text) == []


def test_hints_are_few_and_each_once() -> None:
    assert [hint.phrase for hint in hints("careless, careless and obviously careless")] == [
        "careless",
        "obviously",
    ]


@pytest.fixture
def world(db: None) -> World:
    world = make_world()
    world.ada.name, world.bo.name = "Ann Lee", "Ann Lee Carter"
    world.ada.save()
    world.bo.save()
    return world


def document(world: World) -> Postmortem:
    row = started(world)
    incident_actions.add_note(actor=world.actor("ada"), number=row.incident.number, text="Seen")
    return Postmortem.objects.get(pk=row.pk)


def test_people_become_roles_whole_words_and_longest_first(world: World) -> None:
    row = document(world)
    text = f"Ann Lee Carter and ann lee looked. @Ann Lee Carter wrote to {world.ada.email}. Joann Lee, Ann Leeway."
    found = by_role(text, row)
    assert "Joann Lee, Ann Leeway." in found
    assert " ann lee " not in found
    assert "Carter" not in found
    assert world.ada.email not in found
    assert "@" not in found
    assert (
        found.startswith("Commander and ")
        or found.startswith("Postmortem owner and ")
        or "Responder" in found
    )


def test_whoever_asked_to_be_named_stays_named(world: World) -> None:
    row = document(world)
    actions.name_me(actor=world.actor("bo"), postmortem_id=row.pk)
    found = by_role("Ann Lee Carter and Ann Lee", row)
    assert found.startswith("Ann Lee Carter and ")
    assert not found.endswith("Ann Lee")
    actions.unname_me(actor=world.actor("bo"), postmortem_id=row.pk)
    assert "Carter" not in by_role("Ann Lee Carter", row)


def test_others_who_are_mentioned_are_colleagues(world: World) -> None:
    make_user("Kim Stone")
    row = document(world)
    assert by_role("Ask @Kim Stone. Kim Stone knows.", row) == "Ask colleague. Kim Stone knows."


@pytest.mark.django_db
def test_mentions_are_full_names_outside_of_code() -> None:
    ada, short = make_user("Ada Lovelace"), make_user("Ada")
    make_user("Gone Person", is_active=False)
    text = "@Ada Lovelace's note, (@ada), mail x@Ada.example, `@Ada Lovelace` @Gone Person"
    assert mentioned(text, people_named([text])) == {ada.pk, short.pk}
    assert mentioned("`@Ada`", people_named(["`@Ada`"])) == set()
    assert people_named(["no at sign"]) == {}


def test_markdown_is_safe_and_below_its_section() -> None:
    pictures = {7: Picture("/postmortems/1/images/7/", 30, 20)}
    html = to_html(
        "# Top\n### Sub\n![a <b>](image:7) ![other](image:8) ![track](https://evil.example/x.png)\n\n"
        "@Ada <script>x</script> [j](javascript:x) `@Ada`",
        pictures=pictures,
        names={"ada"},
    )
    assert "<h3>Top</h3>" in html
    assert "<h4>Sub</h4>" in html
    assert 'src="/postmortems/1/images/7/"' in html
    assert html.count("<img") == 1
    assert "evil.example" not in html
    assert '<span class="mention">@Ada</span>' in html
    assert "<code>@Ada</code>" in html
    assert "<script" not in html
    assert "javascript:" not in html or 'href="javascript' not in html


def test_a_name_is_escaped_in_a_chip() -> None:
    html = to_html('*@Ada* @Ada"onclick', names={"ada"})
    assert html.count('class="mention"') == 2
    assert 'onclick="' not in html

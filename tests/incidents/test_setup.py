"""Settings of incidents: severities, types, fields, the matrix; for admins alone."""

from __future__ import annotations

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed
from incidents import actions
from incidents.actions import incident_setup
from incidents.forms.setup import CONDITIONS
from incidents.models import CustomField, IncidentType, SeverityLevel
from incidents.priority import matrix
from teams.models import AuditEntry
from tests.factories import signed_in
from tests.incidents.support import declare
from tests.world import make_policy, make_world

pytestmark = pytest.mark.django_db
PAGES = (
    "/settings/incidents/",
    "/settings/incidents/severities/1/",
    "/settings/incidents/types/new/",
    "/settings/incidents/types/vendor/",
    "/settings/incidents/fields/new/",
    "/settings/incidents/fields/root_cause/",
)


def test_admins_alone() -> None:
    world = make_world()
    for who, status in (("root", 200), ("ada", 404), ("bo", 404), ("sam", 404), ("zoe", 404)):
        browser = signed_in(getattr(world, who))
        assert {path: browser.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, status)
    for call in (
        lambda actor: incident_setup.save_type(actor=actor, key="x", new=True, name="X"),
        lambda actor: incident_setup.delete_type(actor=actor, key="vendor"),
        lambda actor: incident_setup.save_field(actor=actor, key="x", new=True, kind="text", label="X"),
        lambda actor: incident_setup.delete_field(actor=actor, key="root_cause"),
        lambda actor: incident_setup.save_severity(actor=actor, rank=1, label="X"),
        lambda actor: incident_setup.set_priorities(actor=actor, ranks={("bug", "all"): 1}),
    ):
        for who in ("ada", "bo", "sam", "zoe"):
            with pytest.raises(NotAllowed):
                call(world.actor(who))


def test_a_severity_is_changed_by_its_page() -> None:
    world = make_world()
    policy = make_policy(world.team, (5, [world.ada]), name="Grave")
    browser, url = signed_in(world.root), "/settings/incidents/severities/1/"
    form = browser.get(url).context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False, [])}
    sent |= {"ack_minutes": "7", "policies": [policy.pk]}
    assert browser.post(url, sent).status_code == 302
    level = SeverityLevel.objects.get(rank=1)
    assert (level.ack_minutes, list(level.policies.all()), level.postmortem_required) == (7, [policy], True)
    wrong = browser.post(url, sent | {"ack_minutes": "0"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["ack_minutes"])
    assert AuditEntry.objects.filter(object_type="incident severity", object_id="1").count() == 1


def test_types_are_made_and_removed_only_while_unused() -> None:
    world = make_world()
    browser = signed_in(world.root)
    new = {"key": "weather", "name": "Weather", "description": "", "active": "on", "position": "9"}
    assert browser.post("/settings/incidents/types/new/", new).status_code == 302
    again = browser.post("/settings/incidents/types/new/", new)
    assert (again.status_code, list(again.context["form"].errors)) == (422, ["key"])
    incident = declare(world)
    actions.set_type(actor=world.actor("bo"), number=incident.number, type_key="weather")
    with pytest.raises(Conflict):
        incident_setup.delete_type(actor=world.actor("root"), key="weather")
    incident_setup.save_type(actor=world.actor("root"), key="weather", active=False)
    with pytest.raises(InvalidInput):
        declare(world, type_key="weather")
    assert browser.post("/settings/incidents/types/vendor/", {"delete": "1"}).status_code == 302
    assert not IncidentType.objects.filter(key="vendor").exists()


def test_fields_keep_key_and_kind_and_never_wait_for_each_other() -> None:
    world = make_world()
    root = world.actor("root")
    with pytest.raises(InvalidInput) as empty:
        incident_setup.save_field(actor=root, key="colour", new=True, kind="choice", label="Colour")
    assert list(empty.value.fields) == ["options"]
    colour = incident_setup.save_field(
        actor=root, key="colour", new=True, kind="choice", label="Colour", options=["red", " red ", "blue"]
    )
    assert colour.options == ["red", "blue"]
    with pytest.raises(InvalidInput) as kind:
        incident_setup.save_field(actor=root, key="colour", kind="text")
    assert list(kind.value.fields) == ["kind"]
    shade = incident_setup.save_field(
        actor=root,
        key="shade",
        new=True,
        kind="text",
        label="Shade",
        shown_field=colour,
        shown_values=["red"],
    )
    with pytest.raises(InvalidInput) as circle:
        incident_setup.save_field(actor=root, key="colour", shown_field=shade, shown_values=["x"])
    assert list(circle.value.fields) == ["shown_field"]
    number = declare(world).number
    actions.set_fields(actor=world.actor("bo"), number=number, answers={"colour": "red"})
    with pytest.raises(Conflict):
        incident_setup.delete_field(actor=root, key="colour")
    incident_setup.delete_field(actor=root, key="shade")
    assert not CustomField.objects.filter(key="shade").exists()


def test_a_field_is_made_and_changed_by_its_page() -> None:
    world = make_world()
    browser = signed_in(world.root)
    new = {
        "key": "colour",
        "kind": "choices",
        "label": "Colour",
        "section": "details",
        "options": "red\nblue\n",
        "types": [IncidentType.objects.get(key="vendor").pk],
        "active": "on",
        "position": "3",
    }
    assert browser.post("/settings/incidents/fields/new/", new).status_code == 302
    field = CustomField.objects.get(key="colour")
    assert (field.options, [row.key for row in field.types.all()]) == (["red", "blue"], ["vendor"])
    url = "/settings/incidents/fields/colour/"
    changed = {**new, "label": "Which colour?", "types": []}
    assert browser.post(url, changed).status_code == 302
    field.refresh_from_db()
    assert (field.label, field.kind, list(field.types.all())) == ("Which colour?", "choices", [])
    assert browser.post(url, {**changed, "options": ""}).status_code == 422


def test_the_matrix_is_edited_in_place() -> None:
    world = make_world()
    sent = {
        f"{condition}_{reach}": "3"
        for condition in CONDITIONS
        for reach in ("all", "half", "some", "internal")
    }
    assert signed_in(world.root).post("/settings/incidents/", sent | {"bug_all": "1"}).status_code == 302
    found = matrix()
    assert found[("bug", "all")] == 1
    assert {rank for square, rank in found.items() if square != ("bug", "all")} == {3}
    assert signed_in(world.root).post("/settings/incidents/", {"bug_all": "1"}).status_code == 302
    assert matrix() == found
    with pytest.raises(InvalidInput):
        incident_setup.set_priorities(actor=world.actor("root"), ranks={("bug", "all"): 7})

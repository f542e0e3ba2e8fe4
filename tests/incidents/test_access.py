"""Who may do what: every verb for every standing, by action, API and page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import clock
from core.errors import DomainError, NotAllowed, NotVisible
from incidents import actions
from incidents.models import (
    CustomerContact,
    Incident,
    IncidentUpdate,
    IncidentUserPermission,
    RoleAssignment,
    SupportQuestion,
    UpdateTemplate,
)
from incidents.permissions import TABLE
from incidents.selectors import allowed_verbs, for_page
from teams.actor import Actor
from teams.choices import TeamRole, TeamVisibility
from teams.models import User
from tests.factories import actor_of, api_client, make_membership, make_user, signed_in
from tests.incidents.support import declare, grant, put
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
STANDINGS = ("admin", "manager", "responder", "observer", "guest", "lead", "support", "reader")


def answer(actor: Actor, number: int, _other: int) -> Any:
    row = SupportQuestion.objects.create(
        incident=Incident.objects.get(number=number), text="Why?", asked_by_label="Sam"
    )
    return actions.answer_question(actor=actor, number=number, question_id=row.pk, answer="So")


def approve(actor: Actor, number: int, _other: int) -> Any:
    incident = Incident.objects.get(number=number)
    row = IncidentUpdate.objects.create(
        incident=incident, audience="public", state="waiting", text="x", status=incident.status
    )
    return actions.approve_update(actor=actor, number=number, update_id=row.pk)


def write_to_customers(actor: Actor, number: int, _other: int) -> Any:
    incident = Incident.objects.get(number=number)
    contact, _made = CustomerContact.objects.get_or_create(email="c@customer.example")
    contact.services.set(incident.services.all())
    text = UpdateTemplate.objects.filter(customers=True, approved=True).first()
    assert text is not None
    return actions.contact_customers(actor=actor, number=number, template_id=text.pk)


# verb → state it starts from, what is done
VERBS: dict[str, tuple[str, Callable[[Actor, int, int], Any]]] = {
    "acknowledge": ("investigating", lambda a, n, o: actions.acknowledge(actor=a, number=n)),
    "set_status": (
        "investigating",
        lambda a, n, o: actions.set_status(actor=a, number=n, status="identified"),
    ),
    "set_severity": ("investigating", lambda a, n, o: actions.set_severity(actor=a, number=n, severity=2)),
    "set_impact": ("investigating", lambda a, n, o: actions.set_impact(actor=a, number=n, impact="All")),
    "assign_role": (
        "investigating",
        lambda a, n, o: actions.assign_role(actor=a, number=n, role="expert", user_id=a.user_id),
    ),
    "post_update": (
        "investigating",
        lambda a, n, o: actions.post_update(actor=a, number=n, audience="support", text="Soon"),
    ),
    "report": ("investigating", lambda a, n, o: actions.add_report(actor=a, number=n)),
    "answer_question": ("investigating", answer),
    "follow": ("investigating", lambda a, n, o: actions.follow(actor=a, number=n)),
    "approve_update": ("investigating", approve),
    "contact_customers": ("investigating", write_to_customers),
    "resolve": ("monitoring", lambda a, n, o: actions.resolve(actor=a, number=n)),
    "reopen": ("resolved", lambda a, n, o: actions.reopen(actor=a, number=n)),
    "merge": ("investigating", lambda a, n, o: actions.merge(actor=a, number=n, into=o)),
    "page": ("investigating", lambda a, n, o: actions.page(actor=a, number=n, user_ids=[a.user_id])),
    "snooze": ("investigating", lambda a, n, o: actions.snooze(actor=a, number=n, minutes=5)),
    "edit_entry": (
        "investigating",
        lambda a, n, o: actions.star_entry(actor=a, number=n, seq=1, starred=True),
    ),
    "add_note": ("investigating", lambda a, n, o: actions.add_note(actor=a, number=n, text="Seen")),
    "edit_causes": ("investigating", lambda a, n, o: actions.add_cause(actor=a, number=n, text="Pool")),
    "add_evidence": (
        "investigating",
        lambda a, n, o: actions.add_evidence(actor=a, number=n, link="https://graphs.example.com/"),
    ),
    "edit_tasks": ("investigating", lambda a, n, o: actions.add_task(actor=a, number=n, title="Look")),
    "override_exit": (
        "investigating",
        lambda a, n, o: actions.resolve(actor=a, number=n, override_reason="Over"),
    ),
    "correct_closed": ("closed", lambda a, n, o: actions.set_status(actor=a, number=n, status="in_review")),
    "edit_criteria": (
        "investigating",
        lambda a, n, o: actions.add_criterion(actor=a, number=n, kind="alerts_clear"),
    ),
    "edit_impact": ("investigating", lambda a, n, o: actions.add_impact(actor=a, number=n, condition="bug")),
    "set_fields": ("investigating", lambda a, n, o: actions.set_type(actor=a, number=n, type_key="vendor")),
    "set_times": (
        "investigating",
        lambda a, n, o: actions.set_times(actor=a, number=n, times={"verified": None}),
    ),
    "hold": ("investigating", lambda a, n, o: actions.resume(actor=a, number=n)),
    "relate": ("investigating", lambda a, n, o: actions.relate(actor=a, number=n, other=o)),
    "give_feedback": ("resolved", lambda a, n, o: actions.give_feedback(actor=a, number=n, rating=4)),
    "restrict": (
        "investigating",
        lambda a, n, o: actions.set_visibility(actor=a, number=n, visibility="restricted"),
    ),
}


def test_every_verb_of_the_table_is_tried() -> None:
    assert set(VERBS) == set(TABLE) - {"view"}


def person(world: World, standing: str, incidents: list[Incident]) -> User:
    """Somebody who stands so to the incidents."""
    if standing == "admin":
        return world.root
    if standing == "manager":
        return world.ada
    if standing == "responder":
        return world.bo
    if standing == "support":
        return world.sam
    user = make_user(standing.title())
    if standing == "observer":
        make_membership(user, world.team, TeamRole.OBSERVER)
    if standing in ("guest", "lead"):
        for incident in incidents:
            grant(incident, user.pk)
    if standing == "lead":
        for incident in incidents:
            RoleAssignment.objects.create(
                incident=incident,
                role="communications",
                label="Communications",
                user=user,
                started_at=clock.now(),
            )
    return user


def may(standing: str, verb: str) -> bool:
    """By the table; an observer of the team is a reader, and whoever leads from outside is a guest too."""
    also = {"observer": {"reader"}, "lead": {"lead", "guest"}}.get(standing, {standing})
    return bool(also & TABLE[verb])


def outcome(act: Callable[[], Any]) -> str:
    try:
        act()
    except NotAllowed:
        return "refused"
    except NotVisible:
        return "unseen"
    except DomainError as error:
        return f"error {error.sentence}"
    return "done"


@pytest.mark.parametrize("standing", STANDINGS)
def test_every_verb_of_a_standing(standing: str) -> None:
    world = make_world()
    incident, other = declare(world), declare(world)
    who = person(world, standing, [incident, other])
    actor = actor_of(who)
    seen = for_page(actor, incident.number)
    assert seen is not None
    expected = {verb for verb in TABLE if may(standing, verb)}
    assert allowed_verbs(actor, incident) == allowed_verbs(actor, seen) == expected
    found = {}
    for verb, (status, act) in VERBS.items():
        put(incident, status)
        found[verb] = outcome(lambda act=act: act(actor, incident.number, other.number))
        _forget(incident, who, standing)
    assert found == {verb: "done" if may(standing, verb) else "refused" for verb in VERBS}


def _forget(incident: Incident, user: User, standing: str) -> None:
    """Take back what a role or a page has given to this person."""
    if standing not in ("guest", "lead"):
        IncidentUserPermission.objects.filter(content_object=incident, user=user).delete()


@pytest.mark.parametrize("standing", ["support", "reader"])
def test_outside_a_members_only_team_nothing_is_there(standing: str) -> None:
    world = make_world(TeamVisibility.MEMBERS)
    incident, other = declare(world), declare(world)
    actor = actor_of(person(world, standing, []))
    assert for_page(actor, incident.number) is None
    found = {
        verb: outcome(lambda act=act: act(actor, incident.number, other.number))
        for verb, (_status, act) in VERBS.items()
    }
    assert found == dict.fromkeys(VERBS, "unseen")


def test_inside_a_members_only_team_standings_are_as_elsewhere() -> None:
    world = make_world(TeamVisibility.MEMBERS)
    incident = declare(world)
    for standing in ("admin", "manager", "responder", "observer", "guest"):
        actor = actor_of(person(world, standing, [incident]))
        assert allowed_verbs(actor, incident) == {verb for verb in TABLE if may(standing, verb)}, standing


def test_a_restricted_incident_is_seen_by_those_invited_alone() -> None:
    world = make_world()
    incident = declare(world)
    Incident.objects.filter(pk=incident.pk).update(visibility="restricted")
    seen = {
        name: Incident.objects.visible_to(world.actor(name)).exists()
        for name in ("ada", "bo", "sam", "zoe", "root")
    }
    assert seen == {"ada": False, "bo": False, "sam": False, "zoe": False, "root": True}
    grant(incident, world.zoe.pk)
    assert Incident.objects.visible_to(world.actor("zoe")).get() == incident


@pytest.mark.parametrize(
    ("visibility", "expected"),
    [
        (
            TeamVisibility.ORGANISATION,
            {"ada": (200, 200, 201), "bo": (200, 200, 201), "sam": (200, 403, 201), "zoe": (200, 403, 403)},
        ),
        (
            TeamVisibility.MEMBERS,
            {"ada": (200, 200, 201), "bo": (200, 200, 201), "sam": (404, 404, 404), "zoe": (404, 404, 404)},
        ),
    ],
)
def test_by_api(visibility: str, expected: dict[str, tuple[int, int, int]]) -> None:
    world = make_world(visibility)
    incident = declare(world)
    url = f"/api/v1/incidents/{incident.number}/"
    found = {}
    for name in expected:
        api = api_client(getattr(world, name))
        found[name] = (
            api.get(url).status_code,
            api.post(f"{url}acknowledge/").status_code,
            api.post(f"{url}add-note/", {"text": "x"}, format="json").status_code,
        )
    assert found == expected
    assert api_client(None).get(url).status_code == 401
    listed = [
        len(api_client(getattr(world, n)).get("/api/v1/incidents/").json()["results"]) for n in expected
    ]
    assert listed == [1 if expected[name][0] == 200 else 0 for name in expected]


def test_a_reading_token_may_not_act() -> None:
    world = make_world()
    incident = declare(world)
    api = api_client(world.bo, scopes=["read"])
    assert api.get(f"/api/v1/incidents/{incident.number}/").status_code == 200
    assert api.post(f"/api/v1/incidents/{incident.number}/acknowledge/").status_code == 403
    assert api.post("/api/v1/incidents/", {"title": "x"}, format="json").status_code == 403


def test_by_page() -> None:
    world = make_world(TeamVisibility.MEMBERS)
    incident = declare(world)
    base = f"/incidents/{incident.number}/"
    paths = [base, f"{base}note/", f"{base}timeline/", f"{base}fragment/head/"]
    for name, code in (("ada", 200), ("bo", 200), ("sam", 404), ("zoe", 404), ("root", 200)):
        browser = signed_in(getattr(world, name))
        assert {path: browser.get(path).status_code for path in paths} == dict.fromkeys(paths, code), name
    assert signed_in(None).get(base).status_code == 302
    stranger = signed_in(world.zoe)
    assert stranger.post(f"{base}note/", {"text": "x"}).status_code == 404
    assert stranger.post(f"{base}acknowledge/").status_code == 404
    assert stranger.post(f"{base}timeline/1/redact/").status_code == 404

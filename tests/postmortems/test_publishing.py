"""What customers read: approved by another person, then on the public page."""

from __future__ import annotations

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed
from incidents.models import Incident
from postmortems import actions, hooks
from postmortems.models import Postmortem
from statuspage.models import Notice
from statuspage.serving import Store
from tests.factories import actor_of as actor_for
from tests.factories import make_membership, make_user, signed_in
from tests.postmortems.test_documents import started
from tests.statuspage.conftest import serve  # noqa: F401 - a fixture
from tests.statuspage.support import make_page, read, say, tell
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def told(world: World) -> tuple[Postmortem, Notice]:
    """A published document of an incident with a notice that is over."""
    document = started(world)
    page = make_page(world)
    notice = tell(world, page, incident_number=document.incident.number)
    say(world, notice, "It is over.", status="resolved")
    Postmortem.objects.filter(pk=document.pk).update(status="published", published_at=document.created_at)
    document.refresh_from_db()
    return document, notice


def test_from_the_summary_to_the_public_page(serve: Store) -> None:  # noqa: F811 - a fixture
    world = make_world()
    document, notice = told(world)
    actions.edit_section(
        actor=world.actor("bo"),
        postmortem_id=document.pk,
        key="summary",
        text=f"{world.bo.name} set a limit.",
    )
    bo, ada, url = signed_in(world.bo), signed_in(world.ada), f"/postmortems/{document.pk}/public/"
    first = bo.get(url).content.decode()
    assert "set a limit." in first
    assert f"{world.bo.name} set a limit." not in first
    words = "A limit was too low. It is higher now."
    assert bo.post(url, {"op": "write", "text": words}).status_code == 302
    assert b"Waits for somebody else" in bo.get(url).content
    assert bo.post(url, {"op": "approve", "text": words}).status_code in (403, 422)
    assert bo.post(url, {"op": "send", "text": words, "notices": notice.pk}).status_code in (409, 422)
    assert ada.post(url, {"op": "approve", "text": "Other words"}).status_code in (409, 422)
    assert ada.post(url, {"op": "approve", "text": words}).status_code == 302
    serve.refresh()
    assert b"A limit was too low" not in read("/status/shop/")[2]
    assert bo.post(url, {"op": "send", "text": words, "notices": notice.pk}).status_code == 302
    document.refresh_from_db()
    assert document.public_sent_at is not None
    serve.refresh()
    body = read(f"/status/shop/incidents/{notice.public_id}/")[2]
    assert b"A limit was too low. It is higher now." in body
    assert bo.get(url).status_code == 200
    assert hooks.open_notices(world.actor("bo"), document.incident_id) == []


def test_other_words_need_a_new_approval_and_a_manager_may_alone() -> None:
    world = make_world()
    document, _notice = told(world)
    ada, bo = world.actor("ada"), world.actor("bo")
    actions.write_public(actor=ada, postmortem_id=document.pk, text="One")
    actions.approve_public(actor=ada, postmortem_id=document.pk, text="One")
    actions.write_public(actor=bo, postmortem_id=document.pk, text="Two")
    document.refresh_from_db()
    assert document.public_approved_at is None
    with pytest.raises(NotAllowed):
        actions.approve_public(actor=bo, postmortem_id=document.pk, text="Two")
    cy = make_user("cy@example.com")
    make_membership(cy, world.team)
    actions.approve_public(actor=actor_for(cy), postmortem_id=document.pk, text="Two")
    with pytest.raises(InvalidInput):
        actions.publish_public(actor=bo, postmortem_id=document.pk, keys=["999"])
    with pytest.raises(InvalidInput):
        actions.publish_public(actor=bo, postmortem_id=document.pk, keys=[])


@pytest.mark.parametrize("field", [{"visibility": "restricted"}, {"kind": "drill"}])
def test_a_drill_or_a_secret_is_never_told(field: dict[str, str]) -> None:
    world = make_world()
    document, _notice = told(world)
    Incident.objects.filter(pk=document.incident_id).update(**field)
    with pytest.raises(Conflict):
        actions.write_public(actor=world.actor("root"), postmortem_id=document.pk, text="One")
    root = signed_in(world.root)
    assert root.get(f"/postmortems/{document.pk}/public/").status_code == 404
    assert b"Tell customers" not in root.get(f"/postmortems/{document.pk}/").content

"""Components and their groups; how a component does, and since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from core import clock
from core.errors import NotVisible, field_error
from core.text import one_line
from services.models import Service
from statuspage.actions.common import audit, in_our_time, locked_page, name_of, show
from statuspage.announcing import announce_component
from statuspage.choices import ComponentStatus, Follows, NoticeState
from statuspage.models import Component, ComponentGroup, ComponentInterval, Notice, StatusPage
from teams.actor import Actor

MAX_COMPONENTS = 200
MAX_GROUPS = 50
MAX_SERVICES = 50


def add_group(
    *,
    actor: Actor,
    page_id: int,
    name: str,
    description: str = "",
    folded: bool = False,
    now: dt.datetime | None = None,
) -> ComponentGroup:
    """A heading that components stand under."""
    now = now or clock.now()
    name = name_of(name)
    with transaction.atomic():
        page = locked_page(actor, page_id, manage=True)
        if page.groups.count() >= MAX_GROUPS:
            raise field_error("name", f"At most {MAX_GROUPS} groups.")
        if page.groups.filter(name=name).exists():
            raise field_error("name", "The page has a group of this name.")
        group: ComponentGroup = ComponentGroup.objects.create(
            page=page,
            name=name,
            description=one_line(description, 300),
            folded=folded,
            position=_last(page) + 1,
            created_at=now,
            updated_at=now,
        )
        audit(actor, "group added", page, name)
        show(page, now, actor, f"Group {name}", settings=True)
    return group


def edit_group(
    *,
    actor: Actor,
    group_id: int,
    name: str | None = None,
    description: str | None = None,
    folded: bool | None = None,
    now: dt.datetime | None = None,
) -> ComponentGroup:
    """Change a group; None leaves a value as it is."""
    now = now or clock.now()
    with transaction.atomic():
        group = _found(ComponentGroup, actor, group_id)
        page = locked_page(actor, group.page_id, manage=True)
        if name is not None:
            group.name = name_of(name)
            if page.groups.filter(name=group.name).exclude(pk=group.pk).exists():
                raise field_error("name", "The page has a group of this name.")
        if description is not None:
            group.description = one_line(description, 300)
        if folded is not None:
            group.folded = folded
        group.updated_at = now
        group.save()
        audit(actor, "group changed", page, group.name)
        show(page, now, actor, f"Group {group.name}", settings=True)
    return group  # type: ignore[no-any-return]


def remove_group(*, actor: Actor, group_id: int, now: dt.datetime | None = None) -> None:
    """Take a heading away; what stood under it stands alone."""
    now = now or clock.now()
    with transaction.atomic():
        group = _found(ComponentGroup, actor, group_id)
        page = locked_page(actor, group.page_id, manage=True)
        group.delete()
        audit(actor, "group removed", page, group.name)
        show(page, now, actor, f"Group {group.name} removed", settings=True)


def add_component(
    *,
    actor: Actor,
    page_id: int,
    name: str,
    description: str = "",
    group_id: int | None = None,
    service_ids: Sequence[int] = (),
    follows: str = Follows.HAND,
    showcase: bool = True,
    only_show_if_degraded: bool = False,
    start_date: dt.date | None = None,
    now: dt.datetime | None = None,
) -> Component:
    """Add a part that customers know; it is operational until something says otherwise."""
    now = now or clock.now()
    name = name_of(name)
    _check_follows(follows)
    if start_date is not None:
        in_our_time("start_date", start_date)
    with transaction.atomic():
        page = locked_page(actor, page_id, manage=True)
        if page.components.count() >= MAX_COMPONENTS:
            raise field_error("name", f"At most {MAX_COMPONENTS} components.")
        _check_name(page, name)
        component: Component = Component.objects.create(
            page=page,
            name=name,
            description=one_line(description, 300),
            group_id=_group(page, group_id),
            follows=follows,
            showcase=showcase,
            only_show_if_degraded=only_show_if_degraded,
            start_date=start_date,
            position=_last(page) + 1,
            created_at=now,
            updated_at=now,
        )
        component.services.set(_services(actor, service_ids))
        ComponentInterval.objects.create(component=component, status=component.status, since=now)
        audit(actor, "component added", page, name)
        show(page, now, actor, f"Component {name}", settings=True)
    return component


def edit_component(
    *, actor: Actor, component_id: int, now: dt.datetime | None = None, **values: Any
) -> Component:
    """Change a component: name, description, group_id, service_ids, follows, showcase, only_show_if_degraded,
    start_date; what is not given stays."""
    now = now or clock.now()
    with transaction.atomic():
        component = _found(Component, actor, component_id)
        page = locked_page(actor, component.page_id, manage=True)
        # As it is under the lock: what moved it meanwhile stays.
        component = _found(Component, actor, component_id)
        if "name" in values:
            component.name = name_of(values["name"])
            _check_name(page, component.name, component.pk)
        if "description" in values:
            component.description = one_line(values["description"], 300)
        if "group_id" in values:
            component.group_id = _group(page, values["group_id"])
        if "service_ids" in values:
            unseen = component.services.exclude(pk__in=Service.objects.visible_to(actor))
            component.services.set([*_services(actor, values["service_ids"]), *unseen])
        if "follows" in values:
            _check_follows(values["follows"])
            component.follows = values["follows"]
            if component.follows == Follows.HAND and component.status != ComponentStatus.OPERATIONAL:
                # What it followed has said so last; from now on only people change it.
                component.override = component.status
        if values.get("start_date") is not None:
            in_our_time("start_date", values["start_date"])
        for name in ("showcase", "only_show_if_degraded", "start_date"):
            if name in values:
                setattr(component, name, values[name])
        component.updated_at = now
        component.save()
        audit(actor, "component changed", page, component.name)
        show(page, now, actor, f"Component {component.name}", settings=True)
    return component  # type: ignore[no-any-return]


def remove_component(*, actor: Actor, component_id: int, now: dt.datetime | None = None) -> None:
    """Take a component and its history away."""
    now = now or clock.now()
    with transaction.atomic():
        component = _found(Component, actor, component_id)
        page = locked_page(actor, component.page_id, manage=True)
        Notice.objects.filter(components=component).update(updated_at=now)
        component.delete()
        audit(actor, "component removed", page, component.name)
        show(page, now, actor, f"Component {component.name} removed", settings=True)


def arrange(
    *,
    actor: Actor,
    page_id: int,
    order: Sequence[tuple[str, int]],
    now: dt.datetime | None = None,
) -> StatusPage:
    """Put groups and components in this order: `("group", pk)` and `("component", pk)`, all of them once.

    A component keeps its group; within one its place among the others counts.
    """
    now = now or clock.now()
    with transaction.atomic():
        page = locked_page(actor, page_id, manage=True)
        rows: dict[tuple[str, int], ComponentGroup | Component] = {
            **{("group", row.pk): row for row in page.groups.all()},
            **{("component", row.pk): row for row in page.components.all()},
        }
        if set(order) != set(rows) or len(order) != len(rows):
            raise field_error("order", "Name each group and each component of the page once.")
        for position, key in enumerate(order, start=1):
            rows[key].position = position
        groups = [row for row in rows.values() if isinstance(row, ComponentGroup)]
        parts = [row for row in rows.values() if isinstance(row, Component)]
        ComponentGroup.objects.bulk_update(groups, ["position"])
        Component.objects.bulk_update(parts, ["position"])
        audit(actor, "arranged", page)
        show(page, now, actor, "Order of components")
    return page


def set_component_status(
    *, actor: Actor, component_id: int, status: str, now: dt.datetime | None = None
) -> Component:
    """Set a component by hand; "" gives it back to what it follows."""
    now = now or clock.now()
    if status and status not in ComponentStatus.values:
        raise field_error("status", f"One of {', '.join(ComponentStatus.values)}.")
    with transaction.atomic():
        component = _found(Component, actor, component_id)
        page = locked_page(actor, component.page_id)
        component = _found(Component, actor, component_id)
        by_hand = component.follows == Follows.HAND and status == ComponentStatus.OPERATIONAL
        wanted = "" if by_hand else status
        if component.override == wanted and (not status or component.status == status):
            return component  # type: ignore[no-any-return]
        old = component.status
        component.override, component.set_by = wanted, None
        move(component, status or derived(component), now)
        audit(actor, "component set", page, f"{component.name}: {old} → {component.status}")
        show(page, now, actor, f"{component.name}: {component.get_status_display()}")
    return component  # type: ignore[no-any-return]


def move(component: Component, status: str, now: dt.datetime, notice: Notice | None = None) -> None:
    """Into a status: its interval ends, the next begins, webhooks hear of it. The page's row is locked."""
    old = component.status
    component.status, component.updated_at = status, now
    component.save(update_fields=["status", "override", "set_by", "updated_at"])
    if old == status:
        return
    lasting, begins = component.intervals.filter(until=None).first(), now
    if lasting and lasting.since >= now:
        # It lasted no time at all; the next one begins no sooner than the one before has ended.
        lasting.delete()
        ended = component.intervals.order_by("-until").values_list("until", flat=True).first()
        begins = max(now, ended or now)
    elif lasting:
        lasting.until = now
        lasting.save(update_fields=["until"])
    ComponentInterval.objects.create(component=component, status=status, since=begins, notice=notice)
    announce_component(component, old, status, now)


def set_by_notice(
    notice: Notice, statuses: Iterable[tuple[Component, str]], now: dt.datetime
) -> list[dict[str, str]]:
    """Let a notice set components; what it did, as `NoticeUpdate.affected` keeps it."""
    affected = []
    for component, status in statuses:
        old = component.status
        plain = component.follows == Follows.HAND and status == ComponentStatus.OPERATIONAL
        component.override = "" if plain else status
        component.set_by = None if plain else notice
        move(component, status, now, notice)
        affected.append(_affected(component, old, status))
    return affected


def release(notice: Notice, now: dt.datetime) -> list[dict[str, str]]:
    """The notice is over: components it had set go back to what another open notice says, or to what they
    follow."""
    affected = []
    for component in Component.objects.filter(page=notice.page_id, set_by=notice).order_by("position", "pk"):
        old = component.status
        other, status = _other_notice(component, notice)
        component.set_by, component.override = other, status
        move(component, status or derived(component), now, other)
        affected.append(_affected(component, old, component.status))
    return affected


def derived(component: Component) -> str:
    """What it follows says, as far as it is known here: the sweep that follows services tells the rest."""
    from statuspage.following import statuses_now

    if component.follows == Follows.HAND:
        return ComponentStatus.OPERATIONAL
    return statuses_now([component]).get(component.pk, ComponentStatus.OPERATIONAL)


def _other_notice(component: Component, ended: Notice) -> tuple[Notice | None, str]:
    from statuspage.choices import OVER

    rows = Notice.objects.filter(components=component, state=NoticeState.PUBLISHED)
    for other in rows.exclude(pk=ended.pk).exclude(status__in=(*OVER, "scheduled")).order_by("-started_at"):
        for update in other.updates.filter(state=NoticeState.PUBLISHED):
            for row in update.affected:
                if row["code"] == component.public_id:
                    if row["new_status"] == ComponentStatus.OPERATIONAL:
                        return None, ""
                    return other, row["new_status"]
    return None, ""


def _affected(component: Component, old: str, new: str) -> dict[str, str]:
    return {"code": component.public_id, "name": component.name, "old_status": old, "new_status": new}


def _found(model: Any, actor: Actor, pk: int) -> Any:
    row = model.objects.visible_to(actor).filter(pk=pk).first()
    if row is None:
        raise NotVisible
    return row


def _last(page: StatusPage) -> int:
    positions = [
        *page.components.values_list("position", flat=True),
        *page.groups.values_list("position", flat=True),
    ]
    return max(positions, default=0)


def _check_name(page: StatusPage, name: str, own: int | None = None) -> None:
    if page.components.filter(name=name).exclude(pk=own).exists():
        raise field_error("name", "The page has a component of this name.")


def _check_follows(follows: str) -> None:
    if follows not in Follows.values:
        raise field_error("follows", f"One of {', '.join(Follows.values)}.")


def _group(page: StatusPage, group_id: int | None) -> int | None:
    if group_id is not None and not page.groups.filter(pk=group_id).exists():
        raise field_error("group", "There is no such group on this page.")
    return group_id


def _services(actor: Actor, ids: Sequence[int]) -> list[Service]:
    if len(set(ids)) > MAX_SERVICES:
        raise field_error("services", f"At most {MAX_SERVICES} services.")
    found = list(Service.objects.visible_to(actor).filter(pk__in=list(ids)))
    if len(found) != len(set(ids)):
        raise field_error("services", "There is no such service.")
    return found

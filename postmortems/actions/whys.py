"""The chained whys and the contributing factors of a document."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import InvalidInput, NotVisible, field_error
from core.text import one_line
from postmortems import library
from postmortems.actions.common import touch, writable
from postmortems.choices import FactorKind, Gate, PostmortemStatus
from postmortems.live import announce
from postmortems.models import ContributingFactor, Factor, Postmortem, WhyNode
from postmortems.writing.whys import MAX_DEPTH, MAX_NODES, flat, tree_of, under
from teams.actor import Actor

_MAX_FACTORS = 30


def add_why(
    *,
    actor: Actor,
    postmortem_id: int,
    text: str,
    parent_id: int | None = None,
    evidence: str = "",
    now: dt.datetime | None = None,
) -> WhyNode:
    """An answer below another one, or what happened (no parent). At most `MAX_DEPTH` deep and `MAX_NODES` in all."""
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        rows = list(postmortem.whys.all())
        if len(rows) >= MAX_NODES:
            raise field_error("text", f"At most {MAX_NODES} whys.")
        if parent_id is not None:
            depths = {node.row.pk: node.depth for node in flat(tree_of(rows))}
            if parent_id not in depths:
                raise field_error("parent", "There is no such why in this postmortem.")
            if depths[parent_id] >= MAX_DEPTH:
                raise field_error("parent", f"At most {MAX_DEPTH} whys deep.")
        last = max((row.position for row in rows), default=-1)
        node = WhyNode.objects.create(
            postmortem=postmortem,
            parent_id=parent_id,
            position=last + 1,
            text=_text(text),
            evidence=one_line(evidence, 500),
            created_by_id=actor.user_id,
            created_at=now or clock.now(),
        )
        _changed(postmortem)
    return node


def change_why(
    *,
    actor: Actor,
    postmortem_id: int,
    node_id: int,
    text: str | None = None,
    evidence: str | None = None,
    gate: str | None = None,
) -> WhyNode:
    """Change an answer's words, its evidence, or how what is below it brings it about (`and`, `or`)."""
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        node = _node(postmortem, node_id)
        if text is not None:
            node.text = _text(text)
        if evidence is not None:
            node.evidence = one_line(evidence, 500)
        if gate is not None:
            if gate not in Gate.values:
                raise field_error("gate", f"One of {', '.join(Gate.values)}.")
            node.gate = gate
        node.save()
        _changed(postmortem)
    return node


def move_why(
    *, actor: Actor, postmortem_id: int, node_id: int, parent_id: int | None, before_id: int | None = None
) -> WhyNode:
    """Hang an answer, with all below it, under another one; before a sibling or last. Not below itself."""
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        node = _node(postmortem, node_id)
        rows = list(postmortem.whys.all())
        branch = under(rows, node.pk)
        if parent_id is not None and (parent_id in branch or parent_id not in {row.pk for row in rows}):
            raise field_error("parent", "An answer cannot hang below itself or in another postmortem.")
        depths = {each.row.pk: each.depth for each in flat(tree_of(rows))}
        height = max(depths[pk] for pk in branch) - depths[node.pk]
        if (depths[parent_id] + 1 if parent_id is not None else 0) + height > MAX_DEPTH:
            raise field_error("parent", f"At most {MAX_DEPTH} whys deep.")
        order = [row.pk for row in rows if row.pk != node.pk]
        place = order.index(before_id) if before_id in order else len(order)
        order.insert(place, node.pk)
        node.parent_id = parent_id
        for row in [*(row for row in rows if row.pk != node.pk), node]:
            row.position = order.index(row.pk)
        WhyNode.objects.bulk_update(
            [*(row for row in rows if row.pk != node.pk), node], ["position", "parent"]
        )
        _changed(postmortem)
    return node


def remove_why(*, actor: Actor, postmortem_id: int, node_id: int) -> int:
    """Take an answer away with all below it; how many went. Its factors stay with the document."""
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        node = _node(postmortem, node_id)
        gone = under(postmortem.whys.all(), node.pk)
        ContributingFactor.objects.filter(node_id__in=gone).update(node=None)
        node.delete()
        _changed(postmortem)
    return len(gone)


def add_factor(
    *, actor: Actor, postmortem_id: int, kind: str, name: str, node_id: int | None = None, note: str = ""
) -> ContributingFactor:
    """A typed factor of this postmortem, from the catalog or new in it (same words, any case, are the same factor).
    Adding one that is there moves it to the named why and renews its note."""
    if kind not in FactorKind.values:
        raise field_error("kind", f"One of {', '.join(FactorKind.values)}.")
    words = one_line(name, 120)
    if not words:
        raise field_error("name", "Name the factor.")
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        node = _node(postmortem, node_id) if node_id is not None else None
        if postmortem.factors.count() >= _MAX_FACTORS:
            raise field_error("name", f"At most {_MAX_FACTORS} factors.")
        factor = Factor.objects.filter(kind=kind, name__iexact=words).first()
        if factor is None:
            factor, _made = Factor.objects.get_or_create(kind=kind, name=words)
        row, _created = ContributingFactor.objects.update_or_create(
            postmortem=postmortem,
            factor=factor,
            defaults={"node": node, "note": one_line(note, 500), "added_by_id": actor.user_id},
        )
        _changed(postmortem)
    return row


def remove_factor(*, actor: Actor, postmortem_id: int, factor_id: int) -> None:
    """Take a factor (its row in this postmortem) away; the catalog keeps what others use."""
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        row = postmortem.factors.filter(pk=factor_id).select_related("factor").first()
        if row is None:
            raise NotVisible
        factor = row.factor
        row.delete()
        if not factor.shipped and not factor.uses.exists():
            factor.delete()
        _changed(postmortem)


def whys_from_causes(*, actor: Actor, postmortem_id: int) -> int:
    """Begin the tree from the record: what happened on top, the confirmed causes below it. Nothing when there is a
    tree already; returns how many nodes were made."""
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        if postmortem.whys.exists():
            return 0
        incident = postmortem.incident
        top = WhyNode.objects.create(
            postmortem=postmortem,
            text=(incident.impact or incident.title)[:300],
            created_by_id=actor.user_id,
        )
        confirmed = incident.causes.filter(state="confirmed").order_by("position", "pk")
        made = [
            WhyNode(
                postmortem=postmortem,
                parent=top,
                position=number,
                text=row.text,
                evidence=one_line(row.evidence, 500),
                created_by_id=actor.user_id,
            )
            for number, row in enumerate(confirmed, start=1)
        ]
        WhyNode.objects.bulk_create(made)
        _changed(postmortem)
    return 1 + len(made)


def _changed(postmortem: Postmortem) -> None:
    touch(postmortem)
    if postmortem.status == PostmortemStatus.PUBLISHED:
        library.index(postmortem.pk)
    announce(postmortem, "whys")


def _text(text: str) -> str:
    words = one_line(text, 301)
    if not words:
        raise field_error("text", "Write the answer.")
    if len(words) > 300:
        raise InvalidInput("At most 300 characters.", fields={"text": ["At most 300 characters."]})
    return words


def _node(postmortem: Postmortem, node_id: int) -> WhyNode:
    node: WhyNode | None = postmortem.whys.filter(pk=node_id).first()
    if node is None:
        raise NotVisible
    return node

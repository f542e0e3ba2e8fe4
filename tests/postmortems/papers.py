"""Published postmortems for the tests of library, likenesses and exports."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from core import clock
from incidents.evidence import Upload
from incidents.models import Incident, IncidentService
from postmortems import actions, library
from postmortems.models import ContributingFactor, Factor, Postmortem, PostmortemSection, WhyNode
from tests.incidents.pictures import png
from tests.incidents.support import declare
from tests.world import World

TEXTS = {
    "summary": "**Payments failed** for 42 minutes: a renewed certificate chain was not trusted.",
    "impact": "| Region | Refused |\n|---|---:|\n| Europe | 8,100 |\n\n[Dashboard](https://grafana.example.com/d)",
    "timeline": "- 2026-11-20 03:00 UTC: Alert fired\n- 2026-11-20 03:42 UTC: Chain put back",
    "recovery": "The former chain was put back by hand.\n\nThen everything held.",
}


def published(world: World, title: str = "Checkout down", **more: Any) -> Postmortem:
    """A published and indexed document of an incident of its own; `texts`, `status`, and fields of the incident."""
    texts, status = more.pop("texts", TEXTS), more.pop("status", "published")
    services = more.pop("services", None)
    number = declare(world, title=title).number
    Incident.objects.filter(number=number).update(**{"severity": 1, **more})
    incident = Incident.objects.get(number=number)
    if services is not None:
        incident.service_rows.all().delete()
        for service in services:
            IncidentService.objects.create(incident=incident, service=service)
    now = clock.now()
    row = Postmortem.objects.create(
        incident=incident, owner=world.bo, status=status, published_at=now - dt.timedelta(hours=1)
    )
    for key, text in texts.items():
        PostmortemSection.objects.create(postmortem=row, key=key, text=text, author=world.bo, state="ready")
    library.index(row.pk)
    return row


def with_factor(row: Postmortem, name: str = "Trust store out of date", kind: str = "drift") -> Factor:
    factor, _made = Factor.objects.get_or_create(kind=kind, name=name)
    ContributingFactor.objects.create(postmortem=row, factor=factor)
    library.index(row.pk)
    return factor


def with_whys(row: Postmortem) -> WhyNode:
    """Three whys below what happened: two together, one below."""
    top = WhyNode.objects.create(postmortem=row, text="Payments failed", gate="and")
    left = WhyNode.objects.create(postmortem=row, parent=top, text="Chain not trusted", gate="or")
    WhyNode.objects.create(postmortem=row, parent=top, text="No check of the chain")
    WhyNode.objects.create(postmortem=row, parent=left, text="Trust store two years old")
    return top


def with_picture(world: World, row: Postmortem) -> int:
    """The picture's key; shown in the impact section."""
    content = png()
    image = actions.add_image(
        actor=world.actor("bo"),
        postmortem_id=row.pk,
        upload=Upload("graph.png", len(content), io.BytesIO(content)),
    )
    section = PostmortemSection.objects.get(postmortem=row, key="impact")
    section.text += f"\n\n![Refused payments](image:{image.pk})"
    section.save()
    return image.pk

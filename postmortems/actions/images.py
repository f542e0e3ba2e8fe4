"""Pictures in a document: rebuilt from the parts that make them, written before their row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Sum

from core import clock
from core.errors import field_error
from core.kept import Folder
from incidents.choices import AttachmentKind
from incidents.evidence import MIB, Evidence, Upload, inspect
from postmortems.actions.common import writable
from postmortems.models import Postmortem, PostmortemImage
from teams.actor import Actor

PICTURES = Folder("postmortems")
MAX_DOCUMENT = 100 * MIB
MOST_IMAGES = 200


def add_image(
    *, actor: Actor, postmortem_id: int, upload: Upload, now: dt.datetime | None = None
) -> PostmortemImage:
    """Keep a picture (PNG, JPEG, GIF, WebP; at most 10 MB) for a document. In the text it is `image:<id>`."""
    now = now or clock.now()
    with transaction.atomic():
        writable(actor, postmortem_id)
    found = inspect(upload)
    if found.kind != AttachmentKind.IMAGE:
        raise field_error("files", f"“{found.name}” is no picture (PNG, JPEG, GIF, WebP).")
    path = PICTURES.store(found.content)
    try:
        with transaction.atomic():
            postmortem = writable(actor, postmortem_id)
            _room(postmortem, found)
            return PostmortemImage.objects.create(
                postmortem=postmortem,
                name=found.name,
                content_type=found.content_type,
                size=found.size,
                width=found.width or 1,
                height=found.height or 1,
                sha256=found.sha256,
                path=path,
                uploaded_by_id=actor.user_id,
                uploaded_at=now,
            )
    except BaseException:
        PICTURES.discard([path])
        raise


def sweep(now: dt.datetime) -> int:
    """Remove pictures that have no row; how many were removed."""
    return PICTURES.sweep(_held, now)


def _held(paths: Collection[str]) -> set[str]:
    return set(PostmortemImage.objects.filter(path__in=paths).values_list("path", flat=True))


def _room(postmortem: Postmortem, found: Evidence) -> None:
    held = postmortem.images.aggregate(size=Sum("size"))["size"] or 0
    if held + found.size > MAX_DOCUMENT:
        raise field_error(
            "files", f"The pictures of a postmortem may come to {MAX_DOCUMENT // MIB} MB in all."
        )
    if postmortem.images.count() >= MOST_IMAGES:
        raise field_error("files", f"At most {MOST_IMAGES} pictures in a postmortem.")

"""Pictures in a document: rebuilt from the parts that make them, written before their row."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from core import clock
from core.errors import field_error
from incidents.choices import AttachmentKind
from incidents.evidence import MIB, Evidence, Upload, inspect
from postmortems.actions.common import writable
from postmortems.models import Postmortem, PostmortemImage
from teams.actor import Actor

FOLDER = "postmortems"
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
    path = _store(found.content)
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
        discard([path])
        raise


def location(path: str) -> Path:
    """Where a stored path is on this machine; never outside the folder of the documents' pictures."""
    root = (Path(settings.MEDIA_ROOT) / FOLDER).resolve()
    target = (Path(settings.MEDIA_ROOT) / path).resolve()
    if root not in target.parents:
        raise FileNotFoundError(path)
    return target


def discard(paths: Iterable[str]) -> None:
    """Remove files; one that is gone already is no error."""
    for path in paths:
        location(path).unlink(missing_ok=True)


def _room(postmortem: Postmortem, found: Evidence) -> None:
    held = postmortem.images.aggregate(size=Sum("size"))["size"] or 0
    if held + found.size > MAX_DOCUMENT:
        raise field_error(
            "files", f"The pictures of a postmortem may come to {MAX_DOCUMENT // MIB} MB in all."
        )
    if postmortem.images.count() >= MOST_IMAGES:
        raise field_error("files", f"At most {MOST_IMAGES} pictures in a postmortem.")


def _store(content: bytes) -> str:
    name = secrets.token_hex(20)
    path = f"{FOLDER}/{name[:2]}/{name}"
    target = Path(settings.MEDIA_ROOT) / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path

"""A file's bytes become entities: which format it is, and its parts one by one."""

from __future__ import annotations

import codecs
from typing import Any

from core.text import clean
from services.importing import backstage, opslevel, table
from services.importing.documents import documents
from services.importing.entities import MAX_BYTES, Parsed, Problem, Unreadable

FORMATS = (backstage.SOURCE, opslevel.SOURCE, table.SOURCE)
_YAML = {"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/vnd.yaml"}
_CSV = {"text/csv", "application/csv"}
_ANY = {"text/plain", "application/octet-stream", "application/vnd.yaml"}
MEDIA_TYPES = sorted(_YAML | _CSV | _ANY)


def read(content: bytes, *, media_type: str = "", form: str = "") -> Parsed:
    """What a catalog file says. Raises `Unreadable` when nothing of it can be used.

    The format is `form` when it is named, else what the media type or the content shows; the documents of one YAML
    file may be of both YAML formats. A faulty document is a problem and leaves the others alone.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
    text = _decoded(content)
    if not text.strip():
        raise Unreadable("The file is empty.")
    if form == table.SOURCE or (not form and _is_table(text, media_type)):
        parsed = Parsed(table.SOURCE)
        table.read(clean(text), parsed)
    else:
        parsed = _yaml(text, form)
    for entity in parsed.entities:
        entity.source = entity.source or parsed.source
    return parsed


def _is_table(text: str, media_type: str) -> bool:
    if media_type in _CSV:
        return True
    return media_type not in _YAML and table.looks_like(text)


def _yaml(text: str, form: str) -> Parsed:
    parsed = Parsed(form or backstage.SOURCE)
    found: set[str] = set()
    faults: list[str] = []
    count = 0
    for document in documents(text):
        count += 1
        reader = _reader(document.value, form)
        if document.fault:
            faults.append(f"Line {document.line}: {document.fault}")
            parsed.problems.append(Problem(document.number, document.line, "", "", document.fault))
        elif reader is None:
            message = "This is no entity: a mapping with kind and metadata, or with component, is needed."
            parsed.problems.append(Problem(document.number, document.line, "", "", message))
        else:
            found.add(reader.SOURCE)
            before = len(parsed.entities)
            reader.read(document, parsed)
            for entity in parsed.entities[before:]:
                entity.source = reader.SOURCE
    if not found:
        if faults and count == len(faults):
            raise Unreadable(faults[0])
        raise Unreadable(
            "This is no catalog file: neither entities of Backstage, nor opslevel.yml, nor a table with a header row."
            if count
            else "The file holds nothing but comments."
        )
    if not form and found == {opslevel.SOURCE}:
        parsed.source = opslevel.SOURCE
    return parsed


def _reader(value: Any, form: str) -> Any:
    """The module that understands a document, or None."""
    for module in (opslevel, backstage):
        if form in ("", module.SOURCE) and module.looks_like(value):
            return module
    return None


def _decoded(content: bytes) -> str:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if wide else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        name = "UTF-16" if wide else "UTF-8"
        raise Unreadable(f"The file is not text in {name}: see byte {error.start + 1}.") from None
    if "\0" in text:
        raise Unreadable("The file is not text: it holds NUL bytes.")
    return text

"""Which file each form of an export is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import IO

from postmortems.exporting.bundle import bundle_of
from postmortems.exporting.document import paper_of
from postmortems.exporting.markdown import markdown_of
from postmortems.exporting.naming import Namer
from postmortems.exporting.pdf import pdf_of
from postmortems.models import Postmortem

FORMS = {
    "md": "text/markdown; charset=utf-8",
    "pdf": "application/pdf",
    "json": "application/json",
    "zip": "application/zip",
}


@dataclass(frozen=True)
class File:
    """`content`: all of it, or a file to read from the beginning that vanishes when closed."""

    name: str
    content_type: str
    content: bytes | IO[bytes]


def exported(postmortem: Postmortem, form: str) -> File:
    """The document in one of `FORMS`; the caller has seen to it that the reader sees it."""
    namer = Namer(postmortem)
    paper = paper_of(postmortem, namer)
    content: bytes | IO[bytes]
    if form == "md":
        content = markdown_of(paper).encode()
    elif form == "json":
        content = json.dumps(paper.as_json(), ensure_ascii=False, indent=2).encode()
    elif form == "pdf":
        content = pdf_of(paper)
    else:
        content = bundle_of(postmortem, paper, namer)
    return File(f"{paper.name}.{form}", FORMS[form], content)

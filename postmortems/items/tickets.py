"""Action items as issues of a tracker and back: words, states, and who wins. No database behind it.

The conflict rule, for title and state each on its own:

1. What did not change since the last sync on one side gives way to the other side.
2. When both changed, the newer change wins: the tracker's `updated_at` against our own, in whole seconds, as the
   tracker counts them.
3. At a tie *done* wins over open, and otherwise what is written here.

What we wrote ourselves comes back with the digest we kept, so it is no change. Nothing ever deletes an item.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, replace

from core.text import one_line
from incidents.trackers.base import DONE, DROPPED, OPEN, Draft, RemoteIssue

TITLE_LIMIT = 256
BODY_LIMIT = 20_000
END = "<!-- /watchbill -->"
_EMPTY = "-"
_MENTION = re.compile(r"@(?=[A-Za-z0-9])")
_COMMENT = re.compile(r"<!--|-->")


@dataclass(frozen=True)
class Pushed:
    """What both sides last agreed on, as digests, kept in 64 characters. `words`: the body we wrote. `confirmed`:
    somebody said that the words of a confidential incident may leave."""

    title: str = ""
    state: str = ""
    words: str = ""
    confirmed: bool = False

    @classmethod
    def read(cls, text: str) -> Pushed:
        if len(text) != 64:
            return cls()
        parts = (text[:16], text[16:32], text[32:63])
        title, state, words = ("" if part.startswith(_EMPTY) else part for part in parts)
        return cls(title, state, words, confirmed=text[63] == "c")

    def __str__(self) -> str:
        parts = ((self.title, 16), (self.state, 16), (self.words, 31))
        return "".join((text or _EMPTY * size)[:size] for text, size in parts) + (
            "c" if self.confirmed else _EMPTY
        )

    def agreed(
        self, *, title: str | None = None, state: str | None = None, body: str | None = None
    ) -> Pushed:
        """The same with what both sides have now."""
        given = {"title": title, "state": state, "words": body}
        sizes = {"words": 31}
        found = {
            name: digest(value)[: sizes.get(name, 16)] for name, value in given.items() if value is not None
        }
        return replace(self, **found)  # type: ignore[arg-type]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What an issue says of an item. People, days and names are words already; "" leaves a line out.

    `secret`: of a confidential incident, which is named by its code name or number alone.
    """

    title: str
    status: str
    dropping: bool
    detail: str
    item_class: str
    owner: str
    due: str
    incident: str
    url: str
    marker: str
    secret: bool


def draft_of(facts: Facts) -> Draft:
    """The issue as it should be. Names are written so that nobody there is called by them."""
    lines = [] if facts.secret or not facts.detail else [_plain(facts.detail[:BODY_LIMIT]), ""]
    kv = [
        ("Why", facts.incident),
        ("Class", facts.item_class),
        ("Owner", "" if facts.secret else facts.owner),
        ("Due", facts.due),
    ]
    lines += [f"**{label}:** {_plain(value)}  " for label, value in kv if value]
    lines += ["", f"[Action item in Watchbill]({facts.url})"]
    body = "\n".join([facts.marker, *lines, END])
    return Draft(
        title=one_line(facts.title, TITLE_LIMIT), body=body, state=state_of(facts), marker=facts.marker
    )


def state_of(facts: Facts) -> str:
    """Closed as not planned there asks here; until a manager decides, both agree that it is dropped."""
    if facts.status == "done":
        return DONE
    return DROPPED if facts.status == "wont_do" or facts.dropping else OPEN


def body_for(draft: Draft, theirs: str) -> str:
    """Our part of the body written anew inside what people have made of the rest."""
    start, end = theirs.find(draft.marker), theirs.find(END)
    if start < 0 or end < start:
        return f"{draft.body}\n\n{theirs}".rstrip() if theirs.strip() else draft.body
    return theirs[:start] + draft.body + theirs[end + len(END) :]


@dataclass(frozen=True)
class Plan:
    """What a sync does. `take`: field → value to take over here; `push`: field → value to write there."""

    take: dict[str, str]
    push: dict[str, str]


def plan(draft: Draft, ours_at: dt.datetime, remote: RemoteIssue, last: Pushed, *, words: bool) -> Plan:
    """By the conflict rule. `words` False: title and body stay as they are there, and only the state is written."""
    take: dict[str, str] = {}
    push: dict[str, str] = {}
    pairs = {"title": (draft.title, remote.title), "state": (draft.state, remote.state)}
    for name, (ours, theirs) in pairs.items():
        if ours == theirs or (name == "title" and not theirs):
            continue
        kept = last.title if name == "title" else last.state
        if _ours_wins(ours, theirs, kept, ours_at, remote.updated_at):
            push[name] = ours
        else:
            take[name] = theirs
    if last.words != digest(draft.body)[:31]:
        push["body"] = body_for(draft, remote.body)
    if not words:
        push.pop("title", None)
        push.pop("body", None)
    return Plan(take, push)


def _ours_wins(ours: str, theirs: str, kept: str, ours_at: dt.datetime, theirs_at: dt.datetime) -> bool:
    if digest(theirs)[:16] == kept:
        return True
    if digest(ours)[:16] == kept:
        return False
    mine, other = int(ours_at.timestamp()), int(theirs_at.timestamp())
    if mine != other:
        return mine > other
    return ours == DONE or theirs != DONE


def _plain(text: str) -> str:
    """Nobody is mentioned, and no comment of ours is closed or opened."""
    return _COMMENT.sub("", _MENTION.sub("@\u200b", text))

"""`make screenshots`: the pictures of the documentation, from a running demo (`make run`).

The pages of the company are taken as they are. For the states of an incident, drills are declared and brought
there over the API by a signed-in person of the demo. What is over is found again by the next run; what is still
open is ended afterwards, so that neither the feed nor Now fill with drills.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from config.env import load_env
from core import clock
from tests import servers

FOLDER = servers.ROOT / "docs" / "images"
PASSWORD = "watchbill"
TICKET = "PICTURES"
DESK, PHONE = (1440, 900), (390, 844)

# name, who looks, address, width and height, colour scheme
PICTURES = (
    ("now", "responder", "/", DESK, "light"),
    ("feed", "support", "/feed/", DESK, "light"),
    ("schedule", "manager", "/oncall/schedules/1/", DESK, "light"),
)
# name of the picture, state, width and height, colour scheme
STATES = (
    ("states/triage", "triage", DESK, "light"),
    ("incident-phone", "triage", PHONE, "dark"),
    ("states/investigating", "investigating", DESK, "light"),
    ("states/identified", "identified", DESK, "light"),
    ("states/identified-dark", "identified", DESK, "dark"),
    ("states/identified-phone", "identified", PHONE, "light"),
    ("states/monitoring", "monitoring", DESK, "light"),
    ("states/resolved", "resolved", DESK, "light"),
    ("states/resolved-phone", "resolved", PHONE, "dark"),
    ("states/in-review", "in_review", DESK, "light"),
    ("states/closed", "closed", DESK, "light"),
    ("states/declined", "declined", DESK, "light"),
    ("states/merged", "merged", DESK, "light"),
    ("states/reopened", "reopened", DESK, "light"),
    ("states/on-hold", "on_hold", DESK, "light"),
)
# What the state is called where it has a name of its own here.
UNDERLYING = {"reopened": "investigating", "on_hold": "investigating"}


class Refused(Exception):
    """The product did not do what the story needs."""


class Api:
    """The REST API as a signed-in person."""

    def __init__(self, browser: Browser, base: str, session: StorageState) -> None:
        self.request = browser.new_context(base_url=base, storage_state=session).request
        cookies = {row["name"]: row["value"] for row in session["cookies"]}
        self.headers = {"X-CSRFToken": cookies["csrftoken"]}
        self.me = int(self.get("users/me/")["id"])

    def get(self, path: str) -> dict[str, Any]:
        return self._read(self.request.get(f"/api/v1/{path}"))

    def person(self, name: str) -> int:
        return next(int(row["id"]) for row in self.get("users/?limit=200")["results"] if row["name"] == name)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return self._read(self.request.post(f"/api/v1/{path}", data=body, headers=self.headers))

    def patch(self, path: str, **body: Any) -> dict[str, Any]:
        return self._read(self.request.patch(f"/api/v1/{path}", data=body, headers=self.headers))

    def _read(self, answer: Any) -> dict[str, Any]:
        if not answer.ok:
            raise Refused(f"{answer.url}: {answer.status} {answer.text()[:300]}")
        found: dict[str, Any] = answer.json()
        return found


@dataclass(frozen=True)
class Drill:
    """One incident of a picture, and what people do with it. Nobody but the one signed in is paged."""

    api: Api
    number: int
    start: dt.datetime

    @classmethod
    def declare(cls, api: Api, state: str, *, severity: int, title: str, impact: str) -> Drill:
        start = clock.now() - dt.timedelta(minutes=24)
        made = api.post(
            "incidents/",
            title=title,
            services=["basket"],
            severity=severity,
            kind="drill",
            invited=[api.me],
            impact=impact,
            impact_started_at=start.isoformat(),
            ticket=f"{TICKET}-{state}",
        )
        drill = cls(api, int(made["number"]), start)
        drill.do("acknowledge")
        return drill

    def do(self, verb: str, **body: Any) -> dict[str, Any]:
        return self.api.post(f"incidents/{self.number}/{verb}/", **body)

    def note(self, minutes: int, text: str) -> None:
        """Written down as seen `minutes` after the start."""
        at = self.start + dt.timedelta(minutes=minutes)
        self.do("add-note", text=text, happened_at=at.isoformat())

    def tell(self, text: str) -> None:
        self.do("post-update", audience="internal", text=text, next_update_in_minutes=30)

    def finish(self, most: int = 100) -> None:
        """Finish open tasks in their order, which is that of their waiting for each other."""
        rows = self.api.get(f"incidents/{self.number}/tasks/")["results"]
        for task in [row for row in rows if row["shown"] and row["state"] == "open"][:most]:
            self.do(f"tasks/{task['id']}/finish")


def investigating(api: Api, state: str = "investigating", *, severity: int = 1) -> Drill:
    impact = "Guests lose the last thing they put into the basket; signed-in customers do not."
    drill = Drill.declare(
        api, state, severity=severity, title="Guest baskets lose their last item", impact=impact
    )
    drill.note(3, "Seen in Berlin and Seoul alike. Only baskets without an account.")
    drill.note(11, "One cache node answers with older baskets than the others.")
    drill.do("assign-role", role="commander", user=api.me)
    return drill


def identified(api: Api, state: str = "identified", *, severity: int = 1) -> Drill:
    drill = investigating(api, state, severity=severity)
    drill.do("assign-role", role="communications", user=api.person("Bo Tran"))
    drill.finish(most=3)
    cause = drill.do("causes", text="A cache node that was restarted serves yesterday's snapshot")
    api.patch(f"incidents/{drill.number}/causes/{cause['id']}/", state="confirmed")
    drill.do("criteria", kind="manual", text="No guest has lost an item for half an hour")
    drill.tell("Cause found: one cache node serves an old snapshot. We take it out of the ring.")
    drill.do("set-status", status="identified")
    return drill


def monitoring(api: Api, state: str = "monitoring", *, severity: int = 1) -> Drill:
    drill = identified(api, state, severity=severity)
    drill.do(
        "add-decision", choice="Take the node out of the ring", why="It loses no basket that is not lost yet"
    )
    drill.do("set-status", status="monitoring")
    drill.tell("The node is out. We watch for half an hour before we call it over.")
    return drill


def resolved(api: Api, state: str = "resolved", *, severity: int = 1) -> Drill:
    drill = monitoring(api, state, severity=severity)
    for row in api.get(f"incidents/{drill.number}/criteria/")["results"]:
        if row["kind"] == "manual":
            drill.do(f"criteria/{row['id']}/tick")
    drill.finish()
    drill.do("resolve")
    return drill


def in_review(api: Api) -> Drill:
    drill = resolved(api, "in_review")
    drill.do("set-status", status="in_review")
    return drill


def closed(api: Api) -> Drill:
    """A severity that needs no review goes straight from resolved to closed."""
    drill = resolved(api, "closed", severity=2)
    drill.do("set-status", status="closed")
    return drill


def declined(api: Api) -> Drill:
    title, impact = "Basket page looks different since noon", "The button to pay is green now."
    drill = Drill.declare(api, "declined", severity=3, title=title, impact=impact)
    drill.do("set-status", status="declined", reason="That is the new layout, announced on Monday.")
    return drill


def merged(api: Api) -> Drill:
    """Part of the drill that is being investigated."""
    survivor = find(api, "investigating") or investigating(api).number
    title, impact = "Support: baskets of guests are empty", "Eleven guests wrote that their basket was empty."
    drill = Drill.declare(api, "merged", severity=2, title=title, impact=impact)
    drill.do("merge", into=survivor)
    return drill


def reopened(api: Api) -> Drill:
    drill = resolved(api, "reopened")
    drill.do("reopen", reason="Two guests lost an item again after the node came back.")
    return drill


def on_hold(api: Api) -> Drill:
    drill = investigating(api, "on_hold", severity=3)
    until = clock.now() + dt.timedelta(hours=14)
    drill.do("hold", until=until.isoformat(), reason="The supplier of the cache answers tomorrow morning.")
    return drill


def triage(api: Api) -> Drill:
    """Only alerts open an incident in triage; where none waits, a declined drill goes back there."""
    drill = Drill.declare(api, "triage", severity=3, title="Basket answers slowly", impact="")
    drill.do("set-status", status="declined", reason="Nobody sees it any more.")
    drill.do("set-status", status="triage")
    return drill


MAKE: dict[str, Callable[[Api], Drill]] = {
    "triage": triage,
    "investigating": investigating,
    "identified": identified,
    "monitoring": monitoring,
    "resolved": resolved,
    "in_review": in_review,
    "closed": closed,
    "declined": declined,
    "merged": merged,
    "reopened": reopened,
    "on_hold": on_hold,
}


def end_open_drills(api: Api) -> None:
    """Resolve what the pictures left open: their commander may."""
    for row in api.get("incidents/?status=active&kind=drill&limit=200")["results"]:
        if row["ticket"].startswith(f"{TICKET}-"):
            drill = Drill(api, row["number"], clock.now())
            drill.do("assign-role", role="commander", user=api.me)
            drill.do("resolve", override_reason="The picture is taken.")


def find(api: Api, state: str) -> int | None:
    """The number of an incident that can stand for the state: what an earlier run made, or for triage any."""
    status = UNDERLYING.get(state, state)
    kind = "" if state == "triage" else "&kind=drill"
    rows = api.get(f"incidents/?status={status}{kind}&limit=200")["results"]
    wanted = [row["number"] for row in rows if state == "triage" or row["ticket"] == f"{TICKET}-{state}"]
    return int(wanted[0]) if wanted else None


def sign_in(browser: Browser, base: str, who: str) -> StorageState:
    context = browser.new_context(base_url=base)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("input[name=login]", f"{who}@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]:has-text('Sign in')")
    page.wait_for_load_state("networkidle")
    session = context.storage_state()
    context.close()
    return session


@contextmanager
def opened(
    browser: Browser, base: str, session: StorageState, size: tuple[int, int], scheme: str
) -> Iterator[Page]:
    context = browser.new_context(
        base_url=base,
        storage_state=session,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def take(page: Page, address: str, name: str) -> None:
    """A picture of the page as it looks when it has settled, without the demo's own bar."""
    answer = page.goto(address)
    if answer is None or not answer.ok:
        raise Refused(f"{address}: {answer.status if answer else 'no answer'}")
    page.evaluate("document.querySelector('.demo-bar')?.remove()")
    page.wait_for_timeout(1500)
    page.screenshot(path=FOLDER / f"{name}.png")
    print(Path("docs/images") / f"{name}.png")


def main() -> int:
    """Take every picture; 1 when the product refuses a step of the story."""
    base = load_env().base_url
    (FOLDER / "states").mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(servers.chromium_path()),
            args=servers.CHROMIUM_ARGUMENTS,
            env={**servers.chromium_environ()},
        )
        try:
            people = {who: sign_in(browser, base, who) for who in ("responder", "support", "manager")}
            for name, who, path, size, scheme in PICTURES:
                with opened(browser, base, people[who], size, scheme) as page:
                    take(page, path, name)
            pictures_of_states(browser, base, people["responder"])
        except Refused as error:
            print(error, file=sys.stderr)
            return 1
        browser.close()
    return 0


def pictures_of_states(browser: Browser, base: str, session: StorageState) -> None:
    api = Api(browser, base, session)
    numbers: dict[str, int] = {}
    for name, state, size, scheme in STATES:
        if state not in numbers:
            numbers[state] = find(api, state) or MAKE[state](api).number
        with opened(browser, base, session, size, scheme) as page:
            take(page, f"/incidents/{numbers[state]}/?stay=1", name)
    end_open_drills(api)


if __name__ == "__main__":
    sys.exit(main())

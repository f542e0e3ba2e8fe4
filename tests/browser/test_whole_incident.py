"""A whole incident on two phones with support watching: after every event what is open says the same as what
is loaded anew."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.support import http, new_key
from tests.browser.test_story import SOON

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.enable_socket]
# Its own each time, so that it can be run against a product that is left as it is.
TITLE = f"Two phones: orders are lost ({uuid.uuid4().hex[:6]})"
PHONE = (390, 844)

# What each living part says, without what a clock changes by itself and what is told to one tab alone.
READ = """
() => {
  const fleeting = 'wb-clock, wb-countdown, relative-time, time, wb-presence, .toast, [data-live-new], ' +
    'input[type=hidden], .timeline-since, .tl-since';
  const said = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(fleeting).forEach((each) => each.remove());
    return copy.textContent.replace(/\\s+/g, ' ').trim();
  };
  const found = {};
  for (const part of document.querySelectorAll('[data-live-refresh][id]')) {
    if (!part.parentElement.closest('[data-live-refresh]') && part.id !== 'timeline') found[part.id] = said(part);
  }
  const rows = [...document.querySelectorAll('#timeline [id^=entry-]')];
  if (rows.length) found.timeline = rows.map((row) => `${row.id} ${said(row)}`);
  return found;
}
"""


# Some parts come after the page.
ALL_THERE = "() => !document.querySelector('#incident-graph[hx-trigger], #incident-changes[hx-trigger]')"


class Watcher:
    """Somebody's open page, and a second tab of theirs to load it anew."""

    def __init__(self, context: Any, path: str) -> None:
        self.live, self.fresh = context.new_page(), context.new_page()
        self.path = path
        self.errors: list[str] = []
        for page in (self.live, self.fresh):
            page.set_default_timeout(SOON)
            page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.live.goto(path)
        self.loads: list[str] = []
        self.live.on("framenavigated", lambda frame: self.loads.append(frame.url))

    def says_the_same(self, event: str) -> None:
        """Give what is under way a moment to arrive, then compare."""
        live: dict[str, Any] = {}
        fresh: dict[str, Any] = {}
        for _attempt in range(12):
            self.fresh.goto(self.path)
            self.fresh.wait_for_function(ALL_THERE)
            fresh, live = self.fresh.evaluate(READ), self.live.evaluate(READ)
            # Left open it would follow every event as well, and ask the server for what nobody looks at.
            self.fresh.goto("about:blank")
            if live == fresh:
                return
            self.live.wait_for_timeout(500)
        told = {name: (live.get(name), fresh.get(name)) for name in live | fresh}
        differs = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
        pytest.fail(f"{self.path} after “{event}”: {json.dumps(differs, indent=1)[:4000]}")

    def dialog(self, verb: str) -> Any:
        """Open a dialog by the page's own links, wherever they are on this screen."""
        link = self.live.locator(f"a[hx-get*='/{verb}/']").first
        link.wait_for(state="attached")
        link.evaluate("element => element.click()")
        found = self.live.locator("#modal dialog[open]")
        found.wait_for()
        return found

    def send(self, form: Any) -> None:
        form.locator("button[type=submit]").last.click()
        self.live.locator("#modal dialog[open]").wait_for(state="detached")


@pytest.fixture
def people(product: str, chromium: Any, states: Callable[[str], Any]) -> Iterator[Callable[..., Any]]:
    """Contexts of people of the demo company; closed with the test."""
    made: list[Any] = []

    def person(who: str, size: tuple[int, int]) -> Any:
        viewport = {"width": size[0], "height": size[1]}
        context = chromium.new_context(
            base_url=product, viewport=viewport, storage_state=states(who), has_touch=size == PHONE
        )
        made.append(context)
        return context

    yield person
    for context in made:
        context.close()


def test_the_whole_incident_on_two_phones(product: str, people: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    expect.set_options(timeout=SOON)
    manager = people("manager", PHONE)
    intake = new_key(manager.new_page())
    alert = {"title": TITLE, "dedup_key": TITLE, "severity": "critical"}
    assert http(product, intake, alert) == 202
    support = Watcher(people("support", (1280, 900)), "/feed/")
    card = support.live.locator("#feed-cards article", has_text=TITLE)
    card.wait_for()
    path = support.live.locator(f"#feed-cards a:has-text('{TITLE}')").first.get_attribute("href")
    ada, maya = Watcher(people("responder", PHONE), path), Watcher(manager, path)

    def everybody(event: str) -> None:
        for watcher in (ada, maya, support):
            watcher.says_the_same(event)

    everybody("opened")
    assert ada.live.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    ada.live.locator(".thumb-bar wb-ack button").first.click()
    expect(ada.live.locator("#timeline")).to_contain_text("cknowledged")
    everybody("acknowledged")

    form = maya.dialog("severity")
    form.locator("input[name=severity][value='0']").check(force=True)
    expect(form.locator("#severity-preview")).to_contain_text("promised within")
    maya.send(form)
    expect(ada.live.locator("#incident-head")).to_contain_text("Sev-0")
    everybody("severity")

    maya.live.locator("#incident-head button:has-text('Take command')").click()
    expect(ada.live.locator("#incident-head")).to_contain_text("Maya Okafor")
    everybody("command")

    form = ada.dialog("status")
    form.locator("select[name=status]").select_option("investigating")
    ada.send(form)
    everybody("investigating")

    form = ada.dialog("note")
    form.locator("textarea[name=text]").fill("Orders stop at the queue")
    ada.send(form)
    expect(maya.live.locator("#timeline")).to_contain_text("Orders stop at the queue")
    everybody("note")

    row = ada.live.locator("#timeline [id^=entry-]", has_text="Orders stop at the queue")
    ada.fresh.goto(row.locator("a[href$='/edit/']").get_attribute("href"))
    ada.fresh.locator("textarea[name=text]").fill("Orders stop at the second queue")
    ada.fresh.locator("main form button[type=submit]").first.click()
    ada.fresh.wait_for_url("**/incidents/*/#entry-*")
    expect(maya.live.locator("#timeline")).to_contain_text("Orders stop at the second queue")
    everybody("note edited")

    form = ada.dialog("cause")
    form.locator("[name=text]").fill("The queue is full")
    ada.send(form)
    expect(maya.live.locator("#incident-causes")).to_contain_text("The queue is full")
    everybody("cause")

    form = maya.dialog("criterion")
    form.locator("select[name=kind]").select_option("manual")
    form.locator("input[name=text]").fill("Orders arrive again")
    maya.send(form)
    expect(ada.live.locator("#incident-criteria")).to_contain_text("Orders arrive again")
    everybody("criterion")

    form = maya.dialog("impact-row")
    form.locator("select[name=condition]").select_option("unavailable")
    form.locator("select[name=reach]").select_option("all")
    form.locator("input[name=regions]").fill("Europe")
    maya.send(form)
    expect(ada.live.locator("#incident-impact")).to_contain_text("Europe")
    everybody("impact")

    form = maya.dialog("update")
    form.locator("input[name=audiences][value=public]").check()
    form.locator("textarea[name=text_public]").fill("Orders are delayed. We are on it.")
    form.locator("button[name=op][value=send]").click()
    maya.live.locator("#modal dialog[open]").wait_for(state="detached")
    expect(support.live.locator("#feed-cards")).to_contain_text("Orders are delayed. We are on it.")
    everybody("public update")

    card.locator("button:has-text('+1'), a:has-text('+1')").first.click()
    everybody("customer report")

    form = ada.dialog("status")
    form.locator("select[name=status]").select_option("identified")
    form.locator("input[name=cause_unknown]").check()
    ada.send(form)
    everybody("identified")
    assert http(product, intake, {**alert, "status": "resolved"}) == 202
    expect(ada.live.locator("#incident-head")).to_contain_text("All alerts clear")
    ada.live.locator("button:has-text('Move to monitoring')").click()
    expect(maya.live.locator("#incident-head")).to_contain_text("Monitoring")
    everybody("monitoring")

    # Not over before what was asked for holds.
    form = ada.dialog("resolve")
    expect(form).to_contain_text("“Orders arrive again” does not hold")
    form.locator("button[data-close]").first.click()
    maya.live.locator("#incident-criteria button.tick").first.click()
    expect(ada.live.locator("#incident-criteria .tick.is-done")).to_have_count(1)
    everybody("criterion holds")
    form = ada.dialog("resolve")
    expect(form).to_contain_text("Nothing is in the way")
    form.locator("textarea[name=f_root_cause]").fill("A consumer hung")
    ada.send(form)
    expect(maya.live.locator("#incident-head")).to_contain_text("Resolved")
    expect(support.live.locator(f"#feed-cards a:has-text('{TITLE}')")).to_have_count(0)
    everybody("resolved")
    assert [watcher.loads for watcher in (ada, maya, support)] == [[], [], []]
    assert ada.errors + maya.errors + support.errors == []

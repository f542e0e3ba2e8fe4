"""Three people in one incident, each in a browser of their own, against the whole running product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.support import http, new_key

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.enable_socket]
TITLE = "Browser story: payments fail"
SOON = 15_000


def dialog(page: Any, verb: str, number: int) -> Any:
    """Open the dialog of a verb from the page's own buttons."""
    page.locator(f"a[hx-get='/incidents/{number}/{verb}/']:visible").first.click()
    found = page.locator("#modal dialog, dialog[open]").last
    found.wait_for(timeout=SOON)
    return found


def test_three_people_and_one_incident(product: str, chromium: Any, states: Callable[[str], Any]) -> None:
    from playwright.sync_api import expect

    def person(who: str, width: int, height: int) -> tuple[Any, list[str]]:
        context = chromium.new_context(
            base_url=product, viewport={"width": width, "height": height}, storage_state=states(who)
        )
        page = context.new_page()
        page.set_default_timeout(SOON)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda m: errors.append(m.text) if m.type == "error" and "Content Security" in m.text else None,
        )
        return page, errors

    phone, phone_errors = person("responder", 390, 844)
    desk, desk_errors = person("manager", 1440, 900)
    feed, feed_errors = person("support", 1280, 900)
    intake = new_key(desk)
    feed.goto("/feed/")
    loads: list[str] = []
    feed.on("framenavigated", lambda frame: loads.append(frame.url))
    expect(feed.locator("wb-live").first).to_be_attached()

    # An alert arrives; the feed shows it by itself.
    assert http(product, intake, {"title": TITLE, "dedup_key": "story", "severity": "critical"}) == 202
    row = feed.locator("#feed-cards", has_text=TITLE)
    expect(row).to_be_visible(timeout=SOON)
    link = feed.locator(f"#feed-cards a:has-text('{TITLE}')").first
    path = link.get_attribute("href")
    assert path
    number = int(path.rstrip("/").rpartition("/")[2])

    # The responder acknowledges with one tap on a phone, without reload.
    phone.goto(path)
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    phone.locator(".thumb-bar wb-ack button, .thumb-bar button:has-text('Acknowledge')").first.click()
    expect(phone.locator("#timeline")).to_contain_text("cknowledged", timeout=SOON)

    # The manager declares it real, sets the severity, takes command and writes a note.
    desk.goto(path)
    form = dialog(desk, "severity", number)
    option = form.locator("[name=severity]").first
    if option.evaluate("e => e.tagName") == "SELECT":
        option.select_option("1")
    else:
        form.locator("input[name=severity][value='1']").check(force=True)
    form.locator("button[type=submit]").click()
    expect(desk.locator("#incident-head")).to_contain_text("Sev-1", timeout=SOON)
    desk.locator("button:has-text('Take command')").first.click()
    expect(desk.locator("#incident-head")).to_contain_text("Maya Okafor", timeout=SOON)
    form = dialog(desk, "status", number)
    form.locator("select[name=status]").select_option("investigating")
    form.locator("button[type=submit]").click()
    expect(desk.locator("#incident-head")).to_contain_text("Investigating", timeout=SOON)

    form = dialog(phone, "note", number)
    form.locator("textarea[name=text]").fill("The gateway answers 502")
    form.locator("button[type=submit]").click()
    expect(phone.locator("#timeline")).to_contain_text("The gateway answers 502", timeout=SOON)
    expect(desk.locator("#timeline")).to_contain_text("The gateway answers 502", timeout=SOON)

    # What customers are told reaches support.
    form = dialog(desk, "update", number)
    form.locator("input[name=audiences][value=public]").check()
    form.locator("textarea[name=text_public]").fill("Payments are failing. We are on it.")
    form.locator("button[name=op][value=send]").click()
    expect(feed.locator("#feed-cards")).to_contain_text("Payments are failing. We are on it.", timeout=SOON)

    # The alert clears: the page asks.
    assert http(product, intake, {"title": TITLE, "dedup_key": "story", "status": "resolved"}) == 202
    expect(desk.locator("#incident-head")).to_contain_text("All alerts clear", timeout=SOON)
    desk.locator("button:has-text('Move to monitoring')").click()
    expect(desk.locator("#incident-head")).to_contain_text("Monitoring", timeout=SOON)
    form = dialog(desk, "resolve", number)
    form.locator("button[type=submit]").click()
    expect(desk.locator("#incident-head")).to_contain_text("Resolved", timeout=SOON)
    expect(feed.locator(f"#feed-cards a:has-text('{TITLE}')")).to_have_count(0, timeout=SOON)
    expect(feed.locator(".feed-list").first).to_contain_text(TITLE)

    assert loads == []
    assert phone_errors + desk_errors + feed_errors == []

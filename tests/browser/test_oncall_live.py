"""A schedule's page that is open shows who took over, without being loaded again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.enable_socket]
SOON = 30_000
TAKE_OVER = "form[action$='/relieve/'] button:visible"


def test_an_open_schedule_follows_a_take_over(
    product: str, chromium: Any, states: Callable[[str], Any]
) -> None:
    from playwright.sync_api import expect

    def opened(who: str, path: str) -> Any:
        page = chromium.new_context(base_url=product, storage_state=states(who)).new_page()
        page.set_default_timeout(SOON)
        page.goto(path)
        return page

    manager = opened("manager", "/oncall/")
    manager.get_by_role("link", name="Catalogue primary").first.click()
    manager.wait_for_url("**/oncall/schedules/*/")
    watching = opened("admin", manager.url)
    expect(watching.locator(".live-dot").first).to_have_attribute("data-state", "live", timeout=SOON)
    watching.evaluate("window.same = true")
    watching.locator("a[data-shift]").first.focus()
    manager.locator(TAKE_OVER).first.click()
    manager.wait_for_url("**/oncall/me/")
    now = watching.locator("#schedule-parts .on-duty").first
    expect(now).to_contain_text("Maya Okafor", timeout=SOON)
    # Menus are marked once htmx has settled, a moment after the words are there.
    expect(watching.locator("a[data-shift]").first).to_have_attribute("aria-haspopup", "true", timeout=SOON)
    assert watching.evaluate("window.same")
    for page in (manager, watching):
        page.context.close()

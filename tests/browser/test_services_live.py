"""The catalog's pages that are open follow an incident, without being loaded again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.support import CALL

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.enable_socket]
SOON = 30_000
PAGES = {"/services/?q=price": "#service-rows", "/services/price-feed/": "#service-now"}


def test_list_and_service_follow_an_incident(
    product: str, chromium: Any, states: Callable[[str], Any]
) -> None:
    from playwright.sync_api import expect

    context = chromium.new_context(base_url=product, storage_state=states("manager"))
    open_pages = {}
    for path in PAGES:
        page = context.new_page()
        page.set_default_timeout(SOON)
        page.goto(path)
        expect(page.locator(".live-dot").first).to_have_attribute("data-state", "live", timeout=SOON)
        page.evaluate("window.same = true")
        open_pages[path] = page
    first = next(iter(open_pages.values()))
    body = {"title": "Prices are late", "services": ["price-feed"], "severity": 2}
    number = first.evaluate(CALL, ["/api/v1/incidents/", body])["number"]
    for path, page in open_pages.items():
        expect(page.locator(PAGES[path])).to_contain_text(f"#{number}", timeout=SOON)
    expect(open_pages["/services/price-feed/"].locator("#service-health")).to_contain_text("Failing")
    first.evaluate(CALL, [f"/api/v1/incidents/{number}/resolve/", {"override_reason": "Prices arrive again"}])
    for path, page in open_pages.items():
        expect(page.locator(PAGES[path])).not_to_contain_text(f"#{number}", timeout=SOON)
        assert page.evaluate("window.same")
    context.close()

"""The service worker registers, the manifest is one a browser installs from, and offline says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.enable_socket]
SOON = 20_000


def test_worker_manifest_and_offline_page(product: str, chromium: Any, states: Callable[[str], Any]) -> None:
    context = chromium.new_context(base_url=product, storage_state=states("responder"))
    page = context.new_page()
    page.set_default_timeout(SOON)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if "Content Security" in m.text else None)
    page.goto("/settings/notifications/")
    scope = page.evaluate("navigator.serviceWorker.ready.then(found => found.scope)")
    assert scope == f"{product}/"

    session = context.new_cdp_session(page)
    found = session.send("Page.getAppManifest")
    assert (found["url"], found["errors"]) == (f"{product}/manifest.webmanifest", [])

    # Headless browsers deny notifications, whatever they are told; others ask.
    page.wait_for_selector("wb-push[data-state='denied'], wb-push[data-state='off']")
    card = page.locator("wb-push")
    assert card.locator("[data-when='loading']").is_hidden()

    # The worker has taken over the page: without network it says so, whatever was asked for.
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    context.set_offline(True)
    page.goto("/incidents/")
    assert page.locator("h1").inner_text() == "You are offline"
    context.set_offline(False)
    page.goto("/incidents/")
    assert page.locator("h1").inner_text() == "Incidents"
    assert page.evaluate("caches.keys()") == ["watchbill-offline-1"]
    assert errors == []
    context.close()

"""The demo without its company and back, by hand and with axe-core; last, because it signs everybody out."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from tests.browser.test_accessibility import AXE, RUN

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.enable_socket,
    pytest.mark.skipif(bool(os.environ.get("BROWSER_TEST_URL")), reason="would empty a product of yours"),
]


def looked_at(page: Any) -> list[str]:
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(RUN)
    return found


def test_start_empty_make_an_account_and_load_the_company_again(product: str, chromium: Any) -> None:
    context = chromium.new_context(base_url=product, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/accounts/login/")
    page.click("button[value='admin@example.com']")
    page.get_by_role("button", name="Start empty").click()
    page.get_by_role("dialog").get_by_role("button", name="Start empty").click()
    page.wait_for_url("**/setup/")
    assert looked_at(page) == []
    code = page.inner_text("#setup-code")
    assert re.fullmatch(r"([0-9a-f]{4}-){3}[0-9a-f]{4}", code)
    for name, value in (("name", "Nell"), ("email", "nell@example.com"), ("password", "Correct-horse-7")):
        page.fill(f"input[name={name}]", value)
    page.fill("input[name=code]", code)
    page.get_by_role("button", name="Create the account").click()
    page.get_by_role("heading", name="Set up Watchbill").wait_for()
    assert looked_at(page) == []
    page.get_by_role("button", name="Load the demo company").click()
    # The page itself says that this takes up to a minute; a full machine takes longer.
    page.get_by_role("dialog").get_by_role("button", name="Load the demo company").click(timeout=240_000)
    page.wait_for_url("**/accounts/login/", timeout=180_000)
    page.click("button[value='responder@example.com']")
    page.get_by_role("heading", name="Open incidents").wait_for()
    context.close()

"""`make screenshots`: the pictures of the documentation, from a running demo (`make run`)."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from config.env import load_env
from tests import servers

FOLDER = servers.ROOT / "docs" / "images"
PASSWORD = "watchbill"
# name, who looks, address, width, height, colour scheme
PICTURES = (
    ("now", "responder", "/", 1440, 900, "light"),
    ("incident-phone", "responder", "/incidents/?status=active", 390, 844, "dark"),
    ("feed", "support", "/feed/", 1440, 900, "light"),
    ("schedule", "manager", "/oncall/schedules/1/", 1440, 900, "light"),
)


def main() -> int:
    """Take every picture; 1 when nothing answers."""
    base = load_env().base_url
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(servers.chromium_path()),
            args=servers.CHROMIUM_ARGUMENTS,
            env=servers.chromium_environ(),
        )
        for name, who, path, width, height, scheme in PICTURES:
            context = browser.new_context(
                base_url=base,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
            )
            page = context.new_page()
            page.goto("/accounts/login/")
            page.fill("input[name=login]", f"{who}@example.com")
            page.fill("input[name=password]", PASSWORD)
            page.click("main button[type=submit]:has-text('Sign in')")
            page.wait_for_load_state("networkidle")
            page.goto(path)
            if name == "incident-phone":
                page.click(".row-link >> nth=0")
            page.wait_for_timeout(1500)
            page.screenshot(path=FOLDER / f"{name}.png")
            print(Path("docs/images") / f"{name}.png")
            context.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

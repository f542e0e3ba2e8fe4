"""A whole product of its own for the browser tests: servers, workers, the demo company, Chromium."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import servers

PASSWORD = "watchbill"
START_SECONDS = 420


@pytest.fixture(scope="package")
def product_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`WATCHBILL_DATA` of the product, for what its own commands are to do."""
    given = os.environ.get("BROWSER_TEST_DATA")
    return Path(given) if given else tmp_path_factory.mktemp("product")


@pytest.fixture(scope="package")
def product(product_folder: Path) -> Iterator[str]:
    """The address of a running product with the demo company; ends with these tests.

    `BROWSER_TEST_URL` names one that runs already (with `DEMO=1`) and is left as it is, `BROWSER_TEST_DATA` its
    folder.
    """
    if given := os.environ.get("BROWSER_TEST_URL"):
        yield given
        return
    data = product_folder
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        **os.environ,
        "WATCHBILL_DATA": str(data),
        "ENV_FILE": os.devnull,
        "PORT": str(port),
        "DEMO": "1",
        "DEBUG": "1",
        "SECRET_KEY": "",
    }
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        environ.pop(name, None)
    log = (data / "output.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, str(servers.ROOT / "manage.py"), "dev"], env=environ, stdout=log, stderr=log
    )
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(base, process, data)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def _wait(base: str, process: subprocess.Popen[bytes], data: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=2) as answer:
                # Once it says that it is ready, the demo company can sign in.
                if answer.status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.5)
    pytest.fail(f"the product did not start: {(data / 'output.log').read_text()[-2000:]}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(servers.chromium_path()),
            args=servers.CHROMIUM_ARGUMENTS,
            env=servers.chromium_environ(),
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def states(product: str, chromium: Any) -> Callable[[str], Any]:
    """Signed-in state of a person of the demo company, made once."""
    made: dict[str, Any] = {}

    def state(who: str) -> Any:
        if who not in made:
            context = chromium.new_context(base_url=product)
            page = context.new_page()
            page.goto("/accounts/login/")
            page.fill("input[name=login]", f"{who}@example.com")
            page.fill("input[name=password]", PASSWORD)
            page.click("form[action='/accounts/login/'] button[type=submit]")
            page.wait_for_url(f"{product}/")
            made[who] = context.storage_state()
            context.close()
        return made[who]

    return state

"""What several browser tests do: call the API from a page, send an alert, run a script inside the product."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests import servers

CALL = """async ([path, body]) => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(path, {method: "POST", body: JSON.stringify(body),
    headers: {"Content-Type": "application/json", "X-CSRFToken": token}});
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} ${answer.status} ${text}`);
  return JSON.parse(text);
}"""


def http(base: str, path: str, body: dict[str, Any]) -> int:
    """The status of a POST of JSON without cookies."""
    request = urllib.request.Request(
        base + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def new_key(page: Any) -> str:
    """The intake path of a new generic integration on the Checkout service, made on its page."""
    page.goto("/integrations/new/?kind=generic")
    page.fill("input[name=name]", "Browser story")
    page.select_option("select[name=service]", label="Checkout")
    with page.expect_navigation():
        page.locator("main form button[type=submit]").last.click()
    found = re.search(r"/api/v1/intake/generic/[A-Za-z0-9_-]+/", page.content())
    assert found, page.content()[:2000]
    return found[0]


def script_in(folder: Path, script: str) -> str:
    """Run Python inside the product whose `WATCHBILL_DATA` this is; what it printed."""
    environ = {**os.environ, "WATCHBILL_DATA": str(folder), "ENV_FILE": os.devnull, "SECRET_KEY": ""}
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        environ.pop(name, None)
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", script],
        cwd=servers.ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout

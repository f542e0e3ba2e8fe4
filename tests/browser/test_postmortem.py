"""What an outage buys: from resolved to the closed action item, in a browser, against the whole running product."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core import clock
from tests.browser.support import CALL, script_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.enable_socket]
TITLE = "Browser story: receipts are lost"
# Her days end before those of UTC.
MAYAS = ZoneInfo("Europe/Berlin")
SOON = 20_000
REMIND = """
import datetime as dt
from postmortems.actions import send_reminders
from postmortems.models import ItemReminder
for hour in {hours}:
    send_reminders(now=dt.datetime.fromisoformat(hour))
rows = ItemReminder.objects.filter(item__title={title!r}).order_by("id")
print("SENT", *[f"{{row.kind}}>{{row.sent_to.email}}" for row in rows])
"""


@pytest.fixture
def page(product: str, chromium: Any, states: Callable[[str], Any]) -> Any:
    context = chromium.new_context(
        base_url=product, viewport={"width": 1440, "height": 1000}, storage_state=states("manager")
    )
    made = context.new_page()
    made.set_default_timeout(SOON)
    yield made
    context.close()


def resolved_incident(page: Any) -> int:
    """A Sev-1 that was worked on, told with the API, as the record of a night."""
    page.goto("/incidents/declare/")
    number = page.evaluate(CALL, ["/api/v1/incidents/", {"title": TITLE, "services": ["email-receipts"]}])[
        "number"
    ]
    base = f"/api/v1/incidents/{number}"
    me = page.evaluate("async () => (await (await fetch('/api/v1/users/me/')).json()).id")
    page.evaluate(CALL, [f"{base}/assign-role/", {"role": "commander", "user": me}])
    page.evaluate(CALL, [f"{base}/set-severity/", {"severity": 1}])
    page.evaluate(CALL, [f"{base}/add-note/", {"text": "The queue was emptied by a restart"}])
    page.evaluate(CALL, [f"{base}/resolve/", {"override_reason": "Receipts arrive again"}])
    return int(number)


def remind(folder: Path, title: str) -> str:
    """The ladder through four days, every third hour and each hour twice; what was sent."""
    day = dt.datetime.now(dt.UTC).replace(minute=5, second=0, microsecond=0)  # noqa: DTZ005,RUF100
    hours = [
        (day + dt.timedelta(hours=each)).isoformat() for each in range(0, 24 * 4, 2) for _twice in range(2)
    ]
    return script_in(folder, REMIND.format(hours=hours, title=title))


def test_from_resolved_to_the_closed_item(page: Any, product_folder: Path) -> None:
    from playwright.sync_api import expect

    number = resolved_incident(page)

    # It starts by itself, filled from the record.
    page.goto("/postmortems/")
    link = page.get_by_role("link", name=re.compile(rf"#{number}\b.*{TITLE}"))
    for _look in range(40):
        if link.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    link.first.click()
    expect(page.locator("#section-timeline")).to_contain_text("The queue was emptied by a restart")
    url = page.url.partition("#")[0]

    # Not yet: no summary, no why.
    page.locator("#review-bar form[action$='/move/'] button").click()
    expect(page.locator("main")).to_contain_text("Write the summary before the review.")

    page.goto(f"{url}?edit=summary#section-summary")
    page.fill("#text-summary", "A restart emptied the queue; 300 receipts were sent again.")
    page.locator("#section-summary button[value=save]").click()
    expect(page.locator("#section-summary")).to_contain_text("300 receipts")

    # Why, twice.
    page.goto(url)
    page.locator("#whys input[name=text]").first.fill("Receipts were lost")
    page.locator("#whys form.why-add button").click()
    for above, why in (
        ("Receipts were lost", "The queue lives in memory"),
        ("The queue lives in memory", "Nobody asked"),
    ):
        row = page.locator("#whys .why__row").filter(has_text=above).first
        row.locator("summary").click()
        row.get_by_label("Why was that so?").fill(why)
        row.get_by_role("button", name="Add the answer").click()
        expect(page.locator("#whys .why-tree").first).to_contain_text(why)
    expect(page.locator("#whys")).to_contain_text("2 whys deep")
    expect(page.locator("#whys svg.fault-tree__svg")).to_be_visible()

    # An item without owner and date keeps it from the review.
    item = f"Keep receipts on disk {number}"
    page.goto(url)
    page.locator("#section-follow_ups summary", has_text="Quick add").click()
    page.locator("#section-follow_ups input[name=title]").fill(item)
    page.locator("#section-follow_ups form[action$='/items/'] button[type=submit]").click()
    expect(page.locator("#section-follow_ups table")).to_contain_text(item)
    page.locator("#review-bar form[action$='/move/'] button").click()
    expect(page.locator("main")).to_contain_text("has no owner or no date")
    page.locator("#section-follow_ups").get_by_role("link", name=item).click()
    page.wait_for_url("**/action-items/*/")
    item_url = page.url
    page.get_by_role("link", name="Change").click()
    page.select_option("select[name=owner]", label="Maya Okafor")
    page.fill("input[name=due_on]", (clock.now().astimezone(MAYAS).date() - dt.timedelta(days=4)).isoformat())
    with page.expect_navigation():
        page.locator("main form button[type=submit]").last.click()

    for state in ("In review", "Reviewed", "Published"):
        page.goto(url)
        page.locator("#review-bar form[action$='/move/'] button").click()
        expect(page.locator("#review-bar [aria-current=step]")).to_contain_text(state)

    # Overdue, reminded once, done, closed.
    page.goto(item_url)
    expect(page.locator("main")).to_contain_text("4 days overdue")
    sent = remind(product_folder, item)
    assert sent.count("after>") == 1, sent
    page.reload()
    page.locator("summary", has_text="Done").click()
    page.fill("textarea[name=proof]", "Pulled the plug in a drill: nothing lost.")
    page.get_by_role("button", name="Set it done").click()
    expect(page.locator("main")).to_contain_text("Pulled the plug")
    page.goto(url)
    page.locator("#review-bar form[action$='/move/'] button").click()
    expect(page.locator("#review-bar [aria-current=step]")).to_contain_text("Closed")
    page.goto(f"/incidents/{number}/")
    expect(page.locator("main")).to_contain_text("Postmortem")

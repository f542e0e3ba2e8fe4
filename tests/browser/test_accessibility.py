"""axe-core finds nothing on any page, light and dark."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests import servers

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.enable_socket]
AXE = servers.ROOT / "frontend/node_modules/axe-core/axe.min.js"
FIXED = (
    "/",
    "/incidents/",
    "/incidents/declare/",
    "/feed/",
    "/feed/?tv=1",
    "/alerts/",
    "/alerts/holds/",
    "/alerts/holds/new/silence/",
    "/integrations/",
    "/integrations/new/",
    "/integrations/new/?kind=custom",
    "/alerts/noise/?days=30",
    "/alerts/?is=flapping",
    "/alerts/rules/?team=checkout",
    "/alerts/rules/new/?team=checkout",
    "/alerts/holds/new/maintenance/",
    "/alerts/services/basket/",
    "/heartbeats/",
    "/heartbeats/new/",
    "/checks/",
    "/checks/new/",
    "/checks/new/?kind=tls",
    "/checks/locations/",
    "/oncall/",
    "/oncall/me/",
    "/oncall/schedules/new/",
    "/oncall/policies/new/",
    "/services/",
    "/services/new/",
    "/services/map/",
    "/services/map/?view=list",
    "/services/map/?view=list&focus=checkout",
    "/services/import/",
    "/services/vendors/",
    "/services/readiness/",
    "/services/systems/",
    "/services/systems/new/",
    "/services/checkout/edit/",
    "/services/checkout/history/",
    "/services/checkout/readiness/",
    "/services/checkout/agreements/",
    "/services/checkout/transfer/",
    "/services/card-processor/",
    "/services/card-processor/vendor/",
    "/settings/catalog/",
    "/settings/catalog/fields/new/",
    "/runbooks/",
    "/runbooks/new/",
    "/postmortems/",
    "/postmortems/library/?q=cluster",
    "/postmortems/templates/new/",
    "/action-items/",
    "/action-items/?view=teams",
    "/settings/trackers/new/",
    "/insights/",
    "/insights/resolve/",
    "/insights/hours/",
    "/insights/hours/incidents/",
    "/statuspages/",
    "/statuspages/new/",
    "/statuspages/shop/",
    "/statuspages/shop/components/",
    "/statuspages/shop/components/new/",
    "/statuspages/shop/notices/new/",
    "/statuspages/shop/notices/new/?kind=maintenance",
    "/statuspages/shop/figures/",
    "/statuspages/shop/log/",
    "/statuspages/shop/templates/",
    "/statuspages/shop/templates/new/",
    "/statuspages/shop/subscribers/",
    "/statuspages/shop/settings/",
    "/statuspages/from-incident/1/",
    "/objectives/",
    "/objectives/new/",
    "/settings/",
    "/settings/profile/",
    "/settings/security/",
    "/settings/tokens/",
    "/settings/notifications/",
    "/settings/deliveries/",
    "/settings/webhooks/",
    "/settings/webhooks/new/",
    "/settings/teams/",
    "/settings/teams/new/",
    "/settings/people/",
    "/settings/people/invite/",
    "/settings/audit/",
    "/settings/channels/",
    "/settings/delivery-limits/",
    "/oncall/me/calendars/",
    "/dev/outbox/",
    "/health/",
    "/search/?q=check",
    "/more/",
    "/ui/",
    "/no-such-page/",
)
# One page behind a list: list, start of the link. What a page cannot show to everybody is looked at as
# well: a refusal is a page.
LINKED = (
    ("/incidents/", "/incidents/1"),
    ("/incidents/?status=active", "/incidents/"),
    ("/alerts/", "/alerts/"),
    ("/integrations/", "/integrations/"),
    ("/alerts/rules/?team=checkout", "/alerts/rules/"),
    ("/heartbeats/", "/heartbeats/"),
    ("/checks/", "/checks/"),
    ("/checks/locations/", "/checks/locations/"),
    ("/oncall/", "/oncall/schedules/"),
    ("/oncall/", "/oncall/policies/"),
    ("/services/", "/services/checkout"),
    ("/runbooks/", "/runbooks/"),
    ("/postmortems/library/", "/postmortems/"),
    ("/action-items/", "/action-items/"),
    ("/statuspages/", "/statuspages/"),
    ("/statuspages/shop/", "/statuspages/shop/notices/"),
    ("/objectives/", "/objectives/"),
    ("/settings/teams/", "/settings/teams/"),
    ("/settings/people/", "/settings/people/"),
    ("/settings/deliveries/", "/settings/deliveries/"),
    ("/dev/outbox/", "/dev/outbox/"),
)
VISITOR = (
    "/accounts/login/",
    "/accounts/password/reset/",
    "/invite/none/",
    "/status/shop/",
    "/status/shop/history/",
    "/status/shop/uptime/",
    "/status/shop/subscribe/",
    "/status/none/",
    "/no-such-page/",
)
RUN = """async rules => {
  const options = {resultTypes: ["violations"]};
  const found = await axe.run(document, rules ? {...options, runOnly: rules} : options);
  return found.violations.map(v => `${v.id}: ` + v.nodes.slice(0, 3).map(n =>
    n.target.join(" ") + " " + (n.any[0]?.message || n.all[0]?.message || n.none[0]?.message || "")
  ).join(" | "));
}"""


# What a change of colours sets going has begun two frames later.
BEGUN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Colours in the middle of a transition are nobody's to read.
SETTLED = """() => document.readyState === "complete" && document.getAnimations().every(
  a => a.playState !== "running" || a.effect?.getComputedTiming().iterations === Infinity
)"""
# A page behind a full machine is late, not wrong.
PATIENCE_MS = 90_000


def violations(page: Any, path: str) -> list[str]:
    """Everything axe finds in light; in dark, which differs in colours alone, what it finds about those.

    The page's context has `AXE` as its script for every page.
    """
    page.set_default_timeout(PATIENCE_MS)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = page.goto(path)
    if answer.status not in (200, 403, 404):
        return [f"{path}: answered {answer.status}"]
    found = []
    for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(BEGUN)
        page.wait_for_function(SETTLED)
        found += [f"{path} ({scheme}): {line}" for line in page.evaluate(RUN, rules)]
    return found


def linked(page: Any) -> list[str]:
    """The first page behind each list that is there."""
    found = []
    for path, start in LINKED:
        # Read, not opened: as a page the list is looked at elsewhere.
        main = (
            page.request.get(path, timeout=PATIENCE_MS).text().partition("<main")[2].partition("</main>")[0]
        )
        hrefs = [html.unescape(href) for href in re.findall(r'<a\s[^>]*?\bhref="([^"]*)"', main)]
        inner = [
            h
            for h in hrefs
            if h.startswith(start)
            and len(h) > len(start)
            and "?" not in h
            and h not in FIXED
            and "/new" not in h
            and not h.startswith("/services/map")
        ] or [h for h in hrefs if h.startswith(start) and h != path and "?" not in h and "map" not in h]
        found += inner[:1]
    return list(dict.fromkeys(found))


# Everybody else sees parts of the same pages; these are the ones that differ.
DIFFERENT = (
    "/",
    "/feed/",
    "/alerts/",
    "/checks/",
    "/integrations/",
    "/oncall/",
    "/oncall/me/",
    "/action-items/",
    "/statuspages/",
    "/settings/",
    "/settings/notifications/",
    "/settings/teams/",
    "/health/",
)
LOOKED_AT = {"admin": FIXED, "responder": DIFFERENT, "manager": DIFFERENT, "support": DIFFERENT}


@pytest.mark.parametrize("who", LOOKED_AT)
def test_no_page_has_a_violation(product: str, chromium: Any, states: Callable[[str], Any], who: str) -> None:
    context = chromium.new_context(
        base_url=product,
        bypass_csp=True,
        storage_state=states(who),
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
    )
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    paths = [*LOOKED_AT[who], *linked(page)]
    assert len(paths) >= len(LOOKED_AT[who]) + 7, paths
    found = [line for path in paths for line in violations(page, path)]
    context.close()
    assert found == []


def test_no_page_for_visitors_has_a_violation(product: str, chromium: Any) -> None:
    visitor = chromium.new_context(base_url=product, bypass_csp=True)
    visitor.add_init_script(path=AXE)
    page = visitor.new_page()
    found = [line for path in VISITOR for line in violations(page, path)]
    visitor.close()
    assert found == []

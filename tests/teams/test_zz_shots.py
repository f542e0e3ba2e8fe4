import os, pathlib

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
import pytest
from tests import servers
from tests.factories import *
from teams.actions.invitations import create_invitation


@pytest.mark.django_db(transaction=True)
def test_shots(live_server, settings):
    from playwright.sync_api import sync_playwright

    settings.DEBUG = False
    people = make_people()
    for n in ["Bo Lindqvist", "Chidi Okafor", "Dana Reyes"]:
        make_membership(make_user(n), people.team)
    make_team("Identity", manager=people.owner, visibility="members")
    make_team("Data Platform")
    people.admin.set_password(PASSWORD)
    people.admin.save()
    make_membership(people.admin, people.team, "manager")
    make_token(people.admin, scopes=["read"])
    _, path = create_invitation(
        actor=people.actor("owner"), email="nia@example.com", name="Nia", team_id=people.team.pk
    )
    out = pathlib.Path("/tmp/shots")
    out.mkdir(exist_ok=True)
    binary = "/tmp/chromium-cache/chromium"
    with sync_playwright() as p:
        b = p.chromium.launch(
            executable_path=os.environ.get("CHROMIUM_BIN", binary),
            args=servers.CHROMIUM_ARGUMENTS,
            env=dict(os.environ),
        )
        for name, size, scheme in [("desk", (1440, 900), "light"), ("phone", (390, 844), "dark")]:
            c = b.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
            page = c.new_page()
            errors = []
            page.on("console", lambda m: errors.append(m.text) if m.type in ("error",) else None)

            def shot(url, label):
                page.goto(live_server.url + url)
                page.wait_for_timeout(300)
                page.screenshot(path=str(out / f"{name}-{label}.png"), full_page=True)

            shot("/accounts/login/?next=/settings/", "login")
            shot(path, "invite")
            page.goto(live_server.url + "/accounts/login/?next=/settings/")
            page.fill("input[name=login]", people.admin.email)
            page.fill("input[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_timeout(500)
            print(page.url)
            for url, label in [
                ("/settings/", "index"),
                ("/settings/profile/", "profile"),
                ("/settings/security/", "security"),
                ("/settings/tokens/", "tokens"),
                ("/settings/teams/", "teams"),
                ("/settings/teams/payments/", "team"),
                ("/settings/people/", "people"),
                (f"/settings/people/{people.owner.pk}/", "person"),
                (f"/settings/people/{people.owner.pk}/deactivate/", "deactivate"),
                ("/settings/people/invite/", "table"),
                ("/settings/audit/", "audit"),
                ("/accounts/2fa/totp/activate/", "totp"),
                ("/accounts/password/change/", "password"),
            ]:
                shot(url, label)
            page.goto(live_server.url + "/settings/teams/payments/")
            page.locator("#members a[hx-get]").first.click()
            page.wait_for_timeout(600)
            page.screenshot(path=str(out / f"{name}-dialog.png"))
            print(name, errors)
        b.close()

"""Pages that are not for everybody: their password, their sign-in, and nothing kept on the way."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from statuspage import actions
from statuspage.actions import PageSettings
from statuspage.models import StatusPage
from statuspage.serving import Store
from statuspage.serving.answers import Onward, answer
from tests.factories import signed_in
from tests.statuspage.subscribing import browser
from tests.statuspage.support import make_page, read, tell
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
PASSWORD = "open sesame 7"
FILES = ("", "history/", "api/v2/summary.json", "history.atom", "badge.svg", "index.html", "nothing")


def made(world: World, access: str, slug: str = "shop") -> StatusPage:
    page = make_page(world, slug)
    return set_access(world, page, access)


def set_access(world: World, page: StatusPage, access: str, password: str = PASSWORD) -> StatusPage:
    settings = PageSettings(access=access, password=password if access == "password" else None)
    return actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=settings)


def unlock(client: Client, slug: str = "shop", **fields: str) -> Any:
    """Open the form and send it back."""
    path = f"/status/{slug}/unlock/"
    token = re.search(r'name="token" value="([^"]+)"', client.get(path).content.decode())
    assert token is not None
    return client.post(path, {"token": token[1], "password": PASSWORD, **fields})


def nobody_keeps(response: Any) -> None:
    assert response["Cache-Control"] == "private, no-store"
    assert "Access-Control-Allow-Origin" not in response


def test_a_password_opens_its_page_and_no_other(serve: Store) -> None:
    world = make_world()
    page = made(world, "password")
    made(world, "password", "other")
    tell(world, page, title="Orders fail")
    serve.refresh()
    client = browser()
    for path in ("", "history/", "incidents/zzzzzzzzzzzz/", "badge.svg"):
        closed = client.get(f"/status/shop/{path}")
        assert (closed.status_code, unquote(closed.url)) == (
            302,
            f"/status/shop/unlock/?next=/status/shop/{path}",
        )
        nobody_keeps(closed)
    refused = client.get("/status/shop/api/v2/summary.json")
    assert (refused.status_code, refused["Content-Type"]) == (401, "application/json")
    assert b"Orders" not in refused.content
    nobody_keeps(refused)
    form = client.get("/status/shop/unlock/")
    nobody_keeps(form)
    style = re.search(r'href="(/status/shop/assets/[^"]+\.css)"', form.content.decode())
    assert style is not None
    assert client.get(style[1])["Content-Type"] == "text/css; charset=utf-8"

    wrong = unlock(client, password="open sesame 8")
    assert (wrong.status_code, "This is not the password." in wrong.content.decode()) == (422, True)
    assert wrong.cookies == {}
    opened = unlock(client)
    assert (opened.status_code, opened.url) == (302, "/status/shop/")
    nobody_keeps(opened)
    (cookie,) = opened.cookies.values()
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/status/shop/", True, "Lax")
    for path, file in serve.pages["shop"].files.items():
        found = client.get(f"/status/shop/{path}")
        assert (found.status_code, found.content) == (200, file.body), path
        nobody_keeps(found)
        assert found["ETag"].strip('"') == file.etag.decode()
        assert "default-src 'none'" in found["Content-Security-Policy"]
    assert client.get("/status/shop/history")["Location"] == "/status/shop/history/"
    missing = client.get("/status/shop/nothing")
    assert (missing.status_code, b"There is nothing here" in missing.content) == (404, True)
    nobody_keeps(missing)
    assert client.head("/status/shop/").content == b""
    assert client.post("/status/shop/").status_code in (403, 405)

    # The cookie of one page opens no other, under whatever name it comes.
    other = StatusPage.objects.get(slug="other")
    thief = browser()
    thief.cookies[f"wb_page_{other.public_id}"] = cookie.value
    assert thief.get("/status/other/").status_code == 302
    # A new password ends what the old one opened.
    set_access(world, page, "password", "another password")
    serve.refresh()
    assert client.get("/status/shop/").status_code == 302
    assert unlock(client).status_code == 422


def test_the_form_of_the_password(serve: Store) -> None:
    world = make_world()
    page = made(world, "password")
    made(world, "password", "other")
    serve.refresh()
    for target, wanted in (
        ("/status/shop/history/", "/status/shop/history/"),
        ("https://evil.example/", "/status/shop/"),
        ("//evil.example/status/shop/", "/status/shop/"),
        ("/status/other/", "/status/shop/"),
        ("/status/shop/../../accounts/logout/", "/status/shop/"),
        ("javascript:alert(1)", "/status/shop/"),
    ):
        assert unlock(browser(), next=target).url == wanted, target
    shown = browser().get("/status/shop/unlock/", {"next": '/status/shop/"><script>'}).content.decode()
    assert "<script>" not in shown
    client = browser()
    token = re.search(r'value="([^"]+)"', client.get("/status/other/unlock/").content.decode())
    assert token is not None
    for fields, headers in (
        ({"token": token[1]}, {}),
        ({"token": ""}, {}),
        ({}, {"origin": "https://evil.example"}),
        ({}, {"referer": "https://evil.example/x"}),
    ):
        own = re.search(r'name="token" value="([^"]+)"', client.get("/status/shop/unlock/").content.decode())
        assert own is not None
        sent = {"token": own[1], "password": PASSWORD} | fields
        assert client.post("/status/shop/unlock/", sent, headers=headers).status_code == 422
    # A form of the page, and yet too many tries.
    guesser = browser()
    tries = [unlock(guesser, password=f"wrong {number}") for number in range(12)]
    assert {found.status_code for found in tries} == {422}
    assert "Too many tries" in tries[-1].content.decode()
    assert unlock(guesser).status_code == 422
    assert unlock(browser()).status_code == 302
    set_access(world, page, "signed_in")
    assert browser().get("/status/shop/unlock/").status_code == 404


@pytest.mark.parametrize("visibility", ["organisation", "members"])
def test_whoever_is_signed_in_reads_what_their_team_lets_them(serve: Store, visibility: str) -> None:
    world = make_world(visibility)
    page = made(world, "signed_in")
    tell(world, page, title="Orders fail")
    serve.refresh()
    visitor = browser()
    closed = visitor.get("/status/shop/history/")
    assert (closed.status_code, unquote(closed.url)) == (302, "/accounts/login/?next=/status/shop/history/")
    nobody_keeps(closed)
    assert visitor.get("/status/shop/api/v2/summary.json").status_code == 401
    assert visitor.get("/status/none/").status_code == 404
    for who in ("root", "ada", "bo", "sam", "zoe"):
        client = signed_in(getattr(world, who))
        sees = visibility == "organisation" or who in ("root", "ada", "bo")
        for path, name in (("", "index.html"), ("api/v2/summary.json", "api/v2/summary.json")):
            found = client.get(f"/status/shop/{path}")
            assert found.status_code == (200 if sees else 404), (who, path)
            assert b"Orders fail" in found.content if sees else b"Orders fail" not in found.content
            if sees:
                assert found.content == serve.pages["shop"].files[name].body
                nobody_keeps(found)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("access", ["password", "signed_in"])
def test_the_raw_app_gives_nothing_of_it_away_and_its_files_move(
    serve: Store, access: str, django_assert_num_queries: Any
) -> None:
    world = make_world()
    page = made(world, access)
    make_page(world, "open")
    serve.refresh()
    with django_assert_num_queries(0):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            for path in FILES:
                found = answer(method, f"/status/shop/{path}", "localhost", b"", b"br, gzip")
                assert found == Onward(f"/status/shop/{path}"), (method, path)
    public, private = serve.folder / "pages" / "shop", serve.folder / "private" / "shop"
    assert not public.exists()
    assert mode(private / "current") == 0o700
    assert mode(serve.folder / "pages" / "open" / "current") == 0o755
    assert (private / "current" / "index.html").is_file()
    # What a new process finds on disk is private there as well.
    fresh = Store(serve.folder)
    fresh.load_mirror()
    assert {slug: held.public for slug, held in fresh.pages.items()} == {"shop": False, "open": True}
    assert {file.plain_headers[3] for file in fresh.pages["shop"].files.values()} == {
        (b"cache-control", b"private, no-store")
    }

    set_access(world, page, "public")
    serve.refresh()
    assert not private.exists()
    assert mode(public / "current") == 0o755
    status, headers, _body = read("/status/shop/")
    assert (status, headers["cache-control"][:6]) == (200, "public")
    set_access(world, page, access)
    serve.refresh()
    assert (public.exists(), mode(private / "current")) == (False, 0o700)
    assert answer("GET", "/status/shop/", "localhost", b"", b"") == Onward("/status/shop/")

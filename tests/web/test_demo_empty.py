"""The demo without its company: one press away, and back; only in a demo."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client

from incidents.models import Incident
from teams.models import Team, User
from tests.factories import make_user, signed_in
from tests.incidents.support import declare
from tests.world import make_world
from web.demo import company, empty, live_story, loader
from web.models import EmptyStart

pytestmark = pytest.mark.django_db

ACCOUNT = {"name": "Nell", "email": "nell@example.com", "password": "Correct-horse-7"}


@pytest.fixture
def demo(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    # A test is one transaction, in which foreign keys wait to be checked; a request is none.
    statement = empty._statement
    monkeypatch.setattr(empty, "_statement", lambda: f"SET CONSTRAINTS ALL IMMEDIATE; {statement()}")
    settings.DEMO = settings.DEBUG = True
    settings.ENV = dataclasses.replace(settings.ENV, data_dir=tmp_path)
    return settings


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Stands for the half minute of loading: makes the people alone, and tells how often."""
    calls: list[str] = []

    def load() -> None:
        calls.append("load")
        for person in company.PEOPLE:
            if person.login:
                User.objects.create_user(person.email, company.PASSWORD, name=person.name)

    monkeypatch.setattr(loader, "load", load)
    monkeypatch.setattr(live_story, "refresh", lambda: calls.append("refresh"))
    yield calls


def counts() -> dict[str, int]:
    """Rows of every table but those of the choice itself."""
    models = [model for model in apps.get_models(include_auto_created=True) if model is not EmptyStart]
    return {model._meta.label: model._base_manager.count() for model in models if model._meta.managed}


def start_again() -> dict[str, Any]:
    """What a restart of the demo does."""
    out = io.StringIO()
    call_command("demo", "--ensure", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_starting_empty_leaves_the_state_after_the_migrations_and_a_code(demo: Any) -> None:
    untouched = counts()
    world = make_world()
    declare(world, title="Gone in a moment")
    browser = signed_in(world.bo)

    answer = browser.post("/demo/start-empty/")
    assert (answer.status_code, answer["Location"]) == (302, "/setup/")
    assert counts() == untouched
    page = browser.get("/setup/").content.decode()
    assert empty.code() and empty.code() in page
    assert "/demo/load/" in page
    assert demo.ENV.setup_code_path.stat().st_mode & 0o777 == 0o600
    assert browser.get("/")["Location"].startswith("/accounts/login/")


def test_the_first_account_finds_the_checklist_and_the_way_back(
    demo: Any, loads: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    empty.start_empty()
    browser = Client()
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post("/setup/", {**ACCOUNT, "code": empty.code()})["Location"] == "/"
    now = browser.get("/").content.decode()
    assert "Set up Watchbill" in now
    assert "/demo/load/" in now
    assert "/demo/start-empty/" not in now
    zoe = signed_in(make_user("Zoe"))
    assert "/demo/load/" not in zoe.get("/").content.decode()
    assert zoe.post("/demo/load/").status_code == 403
    assert Client().post("/demo/load/").status_code == 403
    assert loads == []
    answer = browser.post("/demo/load/")
    assert (answer.status_code, answer["Location"], loads) == (302, "/accounts/login/", ["load"])
    assert not User.objects.filter(email=ACCOUNT["email"]).exists()
    assert not EmptyStart.objects.exists()
    assert browser.get("/").status_code == 302
    page = signed_in(User.objects.get(email="admin@example.com")).get("/").content.decode()
    assert "/demo/start-empty/" in page
    assert "Set up Watchbill" not in page


def test_a_visitor_of_the_empty_product_may_go_back(demo: Any, loads: list[str]) -> None:
    empty.start_empty()
    assert Client().post("/demo/load/")["Location"] == "/accounts/login/"
    assert loads == ["load"]
    assert empty.code() == ""


def test_a_restart_keeps_the_choice(demo: Any, loads: list[str]) -> None:
    empty.start_empty()
    demo.ENV.setup_code_path.unlink()
    assert start_again()["logins"] == []
    assert loads == []
    assert empty.code()
    kept = empty.code()
    start_again()
    assert empty.code() == kept
    EmptyStart.objects.all().delete()
    assert len(start_again()["logins"]) == 5
    start_again()
    assert loads == ["load", "refresh"]


@pytest.mark.parametrize(("of_demo", "debug"), [(False, True), (True, False), (False, False)])
def test_only_in_a_demo(settings: Any, of_demo: bool, debug: bool) -> None:
    world = make_world()
    declare(world)
    settings.DEMO, settings.DEBUG = of_demo, debug
    for address in ("/demo/start-empty/", "/demo/load/"):
        assert signed_in(world.root).post(address).status_code == 404
        assert Client().post(address).status_code == 404
    assert "/demo/" not in signed_in(world.root).get("/").content.decode()
    assert (Incident.objects.count(), Team.objects.count()) == (1, 1)


def test_nobody_empties_or_loads_by_a_link_or_from_outside(demo: Any, loads: list[str]) -> None:
    world = make_world()
    assert Client().post("/demo/start-empty/").status_code == 404
    assert signed_in(world.root).get("/demo/start-empty/").status_code == 405
    # A company is there (or people of one's own): nothing to load over them.
    for browser in (signed_in(world.root), Client()):
        assert browser.post("/demo/load/").status_code == 404
    assert (loads, Team.objects.count()) == ([], 1)

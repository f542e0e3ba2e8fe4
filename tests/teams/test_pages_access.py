"""Who may open which settings page."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db

EVERYBODY = [
    "/settings/",
    "/settings/profile/",
    "/settings/security/",
    "/settings/tokens/",
    "/settings/audit/",
]


@pytest.mark.parametrize("who", ["owner", "teammate", "support", "stranger", "admin"])
@pytest.mark.parametrize("path", [*EVERYBODY, "/settings/teams/", "/settings/teams/payments/"])
def test_everybody_signed_in_opens_the_common_pages(people, who, path):
    assert people.browser(who).get(path).status_code == 200


@pytest.mark.parametrize("path", [*EVERYBODY, "/settings/teams/", "/settings/people/"])
def test_a_visitor_is_sent_to_sign_in_and_back(people, client, path):
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={path}")


@pytest.mark.parametrize("who", ["owner", "teammate", "support", "stranger"])
@pytest.mark.parametrize("path", ["", "invite/", "{stranger}/", "{stranger}/deactivate/"])
def test_people_pages_are_for_admins_alone(people, who, path):
    address = "/settings/people/" + path.format(stranger=people.stranger.pk)
    assert people.browser(who).get(address).status_code == 404
    assert people.browser("admin").get(address).status_code == 200


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("teammate", 200), ("support", 404), ("stranger", 404), ("admin", 200)],
)
def test_a_members_only_team_is_not_there_for_others(private_people, who, status):
    browser = private_people.browser(who)
    assert browser.get("/settings/teams/payments/").status_code == status
    listed = b"Payments" in browser.get("/settings/teams/").content
    assert listed == (status == 200)


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 302), ("teammate", 404), ("support", 404), ("stranger", 404), ("admin", 302)],
)
def test_only_managers_and_admins_change_a_team(people, who, status):
    browser = people.browser(who)
    form = {"name": "Money", "description": "", "visibility": "members"}
    assert browser.post("/settings/teams/payments/", form).status_code == status
    people.team.refresh_from_db()
    assert (people.team.name == "Money") == (status == 302)


@pytest.mark.parametrize(
    ("who", "labels"),
    [
        ("admin", ["Profile", "Security", "API tokens", "Teams", "People", "Audit log"]),
        ("stranger", ["Profile", "Security", "API tokens", "Teams", "Audit log"]),
    ],
)
def test_the_index_shows_only_what_one_may_open(people, who, labels):
    from teams.settings_nav import sections_for

    own = [f"/settings/{word}/" for word in ("profile", "security", "tokens", "teams", "people", "audit")]
    found = [
        str(entry["label"])
        for section in sections_for(people.actor(who))
        for entry in section["entries"]
        if entry["url"] in own
    ]
    assert found == labels
    page = people.browser(who).get("/settings/").content.decode()
    assert all(f">{label}</a>" in page for label in labels)

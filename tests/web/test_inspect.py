"""Staff get from a page of the product to its row in Django admin."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import get_resolver, reverse

from tests.factories import make_user, signed_in
from tests.web.test_admin_queries import row
from web.views import inspect

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("view", sorted(inspect._PAGES))
def test_a_page_leads_to_its_row_and_back(view: str) -> None:
    model, column, name = inspect._PAGES[view]
    made = row(model)
    value = getattr(made, column)
    address = reverse(view, kwargs={name: value})
    root = signed_in(make_user("Root", admin=True))
    page = root.get(address)
    assert page.status_code == 200
    link = reverse("web:inspect", query={"page": address})
    assert link in page.content.decode()
    options = model._meta
    target = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[made.pk])
    assert root.get(link)["Location"] == target
    zoe = signed_in(make_user("Zoe"))
    assert zoe.get(link).status_code == 404
    assert "/inspect/" not in zoe.get("/").content.decode()


def test_every_model_with_an_address_of_its_own_is_known() -> None:
    addressed = {model for model in admin.site._registry if hasattr(model, "get_absolute_url")}
    assert addressed <= {model for model, _column, _name in inspect._PAGES.values()}
    known = {
        f"{ns}:{name}" for ns, (_p, r) in get_resolver().namespace_dict.items() for name in r.reverse_dict
    }
    assert set(inspect._PAGES) <= known


@pytest.mark.parametrize(
    "page",
    ["", "/", "/services/none/", "/alerts/99999999999999999999/", "https://x.example/", "/%00/", "a" * 3000],
)
def test_nonsense_is_not_found(page: str) -> None:
    root = signed_in(make_user("Root", admin=True))
    assert root.get("/inspect/", {"page": page}).status_code == 404
    assert signed_in(None).get("/inspect/").status_code == 302

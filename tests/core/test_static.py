"""Static files are sent whole, with validators, and for ever where the name holds a hash."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from core.static import StaticFilesMiddleware

HASHED = "/static/assets/main-AbCd_12-.css"


@pytest.fixture
def served(settings: object, tmp_path: Path) -> StaticFilesMiddleware:
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False  # type: ignore[attr-defined]
    settings.STATIC_ROOT = tmp_path  # type: ignore[attr-defined]
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-AbCd_12-.css").write_text("a { color: red }")
    (tmp_path / "favicon.svg").write_text("<svg/>")

    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("page", status=404)

    return StaticFilesMiddleware(page)


def test_a_file_is_one_body_and_no_stream(served: StaticFilesMiddleware) -> None:
    for request in (RequestFactory().get(HASHED), AsyncRequestFactory().get(HASHED)):
        answer = served(request)
        assert (answer.status_code, answer.streaming, answer.content) == (200, False, b"a { color: red }")
        assert answer["Content-Type"] == 'text/css; charset="utf-8"'
        assert answer["Content-Length"] == "16"


def test_hashed_names_are_kept_for_ever_others_are_asked_for_again(served: StaticFilesMiddleware) -> None:
    assert "immutable" in served(RequestFactory().get(HASHED))["Cache-Control"]
    other = served(RequestFactory().get("/static/favicon.svg"))
    assert "immutable" not in other["Cache-Control"]
    again = served(RequestFactory().get("/static/favicon.svg", headers={"If-None-Match": other["ETag"]}))
    assert (again.status_code, again.content) == (304, b"")


def test_parts_heads_and_strangers(served: StaticFilesMiddleware) -> None:
    part = served(RequestFactory().get(HASHED, headers={"Range": "bytes=0-2"}))
    assert (part.status_code, part.content) == (206, b"a {")
    assert served(RequestFactory().head(HASHED)).content == b""
    assert served(RequestFactory().get("/static/assets/other.css")).status_code == 404

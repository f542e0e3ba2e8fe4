"""`api/v2/subscribers.json`: subscribing as clients of the Statuspage format do, from any site."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.errors import InvalidInput, NotVisible
from core.strict_json import BadJSON, loads
from statuspage.actions import subscribers as actions
from statuspage.building.load import public_base
from statuspage.building.shapes import stamp
from statuspage.choices import SubscriberKind
from statuspage.models import StatusPage
from statuspage.views.subscribe import readable, wait_for

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Max-Age": "86400",
    "Cache-Control": "no-store",
}
_MOST = 64 * 1024


@csrf_exempt
@require_http_methods(["POST", "OPTIONS"])
def subscribers_json(request: HttpRequest, slug: str) -> HttpResponse:
    """`{"subscriber": {"email": …}}`, also as a form; 201 whether or not the address is known."""
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=_CORS)
    try:
        page = readable(request, slug)
    except NotVisible:
        return _answer({"error": "There is no such status page."}, 404)
    wait = wait_for(request)
    if wait:
        answer = _answer({"error": "Too many requests."}, 429)
        answer["Retry-After"] = str(wait)
        return answer
    try:
        given = _given(request)
        _ask(page, given)
    except InvalidInput as error:
        return _answer({"error": error.sentence, "errors": error.fields}, 422)
    except RequestDataTooBig:
        return _answer({"error": "That is too much."}, 413)
    return _answer({"page": _page_body(page), "subscriber": _subscriber_body(given)}, 201)


def _ask(page: StatusPage, given: dict[str, Any]) -> None:
    hook, email = _text(given, "endpoint"), _text(given, "email")
    parts = given.get("component_ids") or given.get("components") or []
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InvalidInput("component_ids must be a list of ids.")
    actions.ask(
        page=page,
        kind=SubscriberKind.WEBHOOK if hook else SubscriberKind.EMAIL,
        address=hook or email,
        contact=email if hook else "",
        component_ids=parts,
        language=_text(given, "language"),
        source="api",
    )


def _given(request: HttpRequest) -> dict[str, Any]:
    """The fields of `subscriber`, from JSON or from a form's `subscriber[email]`."""
    if request.content_type != "application/json":
        names = ("email", "endpoint", "language")
        found: dict[str, Any] = {name: request.POST.get(f"subscriber[{name}]", "") for name in names}
        return {**found, "component_ids": request.POST.getlist("subscriber[component_ids][]")}
    body = request.body
    if len(body) > _MOST:
        raise RequestDataTooBig
    try:
        whole = loads(body)
    except BadJSON as error:
        raise InvalidInput(str(error)) from None
    given = whole.get("subscriber") if isinstance(whole, dict) else None
    if not isinstance(given, dict):
        raise InvalidInput("subscriber is missing.")
    return given


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name) or ""
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be text.")
    return value[:1000]


def _page_body(page: StatusPage) -> dict[str, Any]:
    return {
        "id": page.public_id,
        "name": page.name,
        "url": public_base(page),
        "time_zone": page.time_zone,
        "updated_at": stamp(page.updated_at),
    }


def _subscriber_body(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, and nothing that tells whether it was known."""
    hook = given.get("endpoint") or None
    body = {"mode": "webhook" if hook else "email", "email": given.get("email"), "quarantined_at": None}
    return {**body, "endpoint": hook} if hook else body


def _answer(body: dict[str, Any], status: int) -> JsonResponse:
    return JsonResponse(body, status=status, headers=_CORS)

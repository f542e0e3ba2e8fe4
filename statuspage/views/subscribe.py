"""Subscribing, confirming, choosing and unsubscribing in public: no account, no cookie, no script.

The page may be read below this installation or on a domain of its own, so links and forms are relative.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import ratelimit
from core.errors import InvalidInput, NotVisible
from statuspage.access import may_read
from statuspage.actions import subscribers as actions
from statuspage.building.html import shell
from statuspage.choices import SubscriberKind, SubscriberState
from statuspage.forms.public import client_key, from_own_form
from statuspage.forms.subscribers import ChoicesForm, SubscribeForm
from statuspage.models import StatusPage, Subscriber
from statuspage.subscribers import links
from statuspage.subscribers.addresses import hint
from teams.views.base import attach

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Robots-Tag": "noindex, nofollow",
    # The address of these pages is a secret of the subscriber.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_PER_IP = (6 / 60, 6)
_METHODS = ["GET", "HEAD", "POST"]


@csrf_exempt
@require_http_methods(_METHODS)
def subscribe(request: HttpRequest, slug: str) -> HttpResponse:
    """The form; POST gives the same answer whether the address is known or not."""
    page = readable(request, slug)
    language = actions.language_of(page, request.GET.get("lang", ""))
    with translation.override(language):
        notice_id = request.GET.get("notice", "")
        try:
            notice = actions.notice_of(page, notice_id)
        except InvalidInput:
            raise NotVisible from None
        context: dict[str, Any] = {"notice": notice, "token": links.form_token(page)}
        if request.method != "POST":
            form = SubscribeForm(page=page, initial={"kind": SubscriberKind.EMAIL, "language": language})
            return shown(page, language, "form", form=form, **context)
        refusal = _refused(request, page, language)
        if refusal is not None:
            return refusal
        form = SubscribeForm(request.POST, page=page)
        if request.POST.get("website"):
            # Whoever fills in what no person sees is thanked and forgotten.
            return shown(page, language, "asked")
        if not from_own_form(request, page):
            text = _(
                "The page was open for too long, or came from elsewhere. Look it over and send it again."
            )
            form.add_error(None, text)
        if form.is_valid() and _asked(page, form, notice_id, language):
            return shown(page, language, "asked")
        return shown(page, language, "form", status=422, form=form, **context)


def _asked(page: StatusPage, form: SubscribeForm, notice_id: str, language: str) -> bool:
    data = form.cleaned_data
    hook = data.get("kind") == SubscriberKind.WEBHOOK
    chosen = form.chosen()
    try:
        actions.ask(
            page=page,
            kind=SubscriberKind.WEBHOOK if hook else SubscriberKind.EMAIL,
            address=data["url"] if hook else data["email"],
            contact=data["email"] if hook else "",
            notice_id=notice_id,
            component_ids=chosen["component_ids"],
            language=chosen["language"] or language,
        )
    except InvalidInput as error:
        names = {"address": "url" if hook else "email", "contact": "email"}
        fields = {names.get(name, name): reasons for name, reasons in error.fields.items()}
        attach(form, InvalidInput(error.sentence, fields=fields))
        return False
    return True


@csrf_exempt
@require_http_methods(_METHODS)
def confirm(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """GET asks, because programs that look for harm open links too; POST confirms."""
    page = _page(slug)
    try:
        public_id = links.read_confirm(page, token)
    except links.Expired:
        with translation.override(page.languages[0]):
            return shown(page, page.languages[0], "expired", status=410, depth=2)
    row = _subscriber(page, public_id)
    if public_id is None or row is None:
        raise NotVisible
    language = actions.language_of(page, row.language)
    with translation.override(language):
        if request.method != "POST":
            usable = row.state in (SubscriberState.PENDING, SubscriberState.ACTIVE)
            name = "confirm" if usable else "expired"
            return shown(
                page, language, name, status=200 if usable else 410, depth=2, row=row, hint=hint(row)
            )
        confirmed, secret = actions.confirm(page=page, public_id=public_id)
        if confirmed is None:
            return shown(page, language, "expired", status=410, depth=2)
        manage = links.manage_url(page, confirmed)
        return shown(page, language, "confirmed", depth=2, row=confirmed, secret=secret, manage_url=manage)


@csrf_exempt
@require_http_methods(_METHODS)
def unsubscribe(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """GET asks; POST ends it, be it by the button or by a mail program (RFC 8058). Works again and again."""
    page = _page(slug)
    public_id = links.read_unsubscribe(page, token)
    if public_id is None:
        raise NotVisible
    row = _subscriber(page, public_id)
    language = actions.language_of(page, row.language if row else "")
    with translation.override(language):
        if request.method != "POST":
            ended = row is None or row.state == SubscriberState.ENDED
            name = "ended" if ended else "unsubscribe"
            return shown(page, language, name, depth=2, row=row, hint=hint(row) if row else "")
        actions.end(page=page, public_id=public_id)
        return shown(page, language, "ended", depth=2)


@csrf_exempt
@require_http_methods(_METHODS)
def choices(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Components and language; a paused hook may be tried again (POST `op=resume`)."""
    page = _page(slug)
    public_id = links.read_manage(page, token)
    row = _subscriber(page, public_id)
    if public_id is None or row is None or row.state == SubscriberState.ENDED:
        raise NotVisible
    language = actions.language_of(page, row.language)
    with translation.override(language):
        if request.method != "POST":
            chosen = [part.public_id for part in row.components.all()]
            form = ChoicesForm(page=page, initial={"components": chosen, "language": language})
            return _choices(page, row, language, form)
        if request.POST.get("op") == "resume":
            again = actions.resume(page=page, public_id=public_id)
            return _choices(page, again or row, language, ChoicesForm(page=page), saved=True)
        form = ChoicesForm(request.POST, page=page)
        if not form.is_valid():
            return _choices(page, row, language, form, status=422)
        saved = actions.change(page=page, public_id=public_id, **form.chosen())
    if saved is None:
        raise NotVisible
    language = actions.language_of(page, saved.language)
    with translation.override(language):
        return _choices(page, saved, language, ChoicesForm(form.data, page=page), saved=True)


def _choices(
    page: StatusPage,
    row: Subscriber,
    language: str,
    form: ChoicesForm,
    *,
    status: int = 200,
    saved: bool = False,
) -> HttpResponse:
    stop = links.unsubscribe_url(page, row)
    context = {"row": row, "form": form, "saved": saved, "hint": hint(row), "stop_url": stop}
    return shown(page, language, "choices", status=status, depth=2, **context)


def readable(request: HttpRequest, slug: str) -> StatusPage:
    """A page that takes subscribers and that whoever asks may read."""
    page = _page(slug)
    if not page.takes_subscribers or not may_read(request, page):
        raise NotVisible
    return page


def _page(slug: str) -> StatusPage:
    page: StatusPage | None = StatusPage.objects.filter(slug=slug).first()
    if page is None:
        raise NotVisible
    return page


def _subscriber(page: StatusPage, public_id: str | None) -> Subscriber | None:
    rows = Subscriber.objects.filter(page=page, public_id=public_id or "").select_related("notice")
    row: Subscriber | None = rows.first()
    return row


def _refused(request: HttpRequest, page: StatusPage, language: str) -> HttpResponse | None:
    """Why a POST of the form is not looked at: too large, or too many."""
    try:
        _read = request.POST
    except RequestDataTooBig:
        return shown(page, language, "refused", status=413, text=_("That is too much."))
    wait = wait_for(request)
    if wait:
        text = _("Too many requests from your network. Try again in a minute.")
        answer = shown(page, language, "refused", status=429, text=text)
        answer["Retry-After"] = str(wait)
        return answer
    return None


def wait_for(request: HttpRequest) -> int:
    """Seconds until this network address may ask again; 0: now. Takes one from its bucket."""
    return ratelimit.take(f"subscribe:{client_key(request)}", rate=_PER_IP[0], burst=_PER_IP[1])


def shown(
    page: StatusPage, language: str, name: str, *, status: int = 200, depth: int = 1, **context: Any
) -> HttpResponse:
    """Rendered without the request: nothing of the viewer, and no cookie. `depth`: folders below the page."""
    frame = {**shell(page, language, "../" * depth), "at": None, **context}
    with timezone.override(page.zone):
        body = render_to_string(f"statuspage/subscribe/{name}.html", frame)
    return HttpResponse(body, status=status, headers={**_HEADERS, "Content-Language": language})

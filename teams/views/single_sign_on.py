"""To the identity provider and back. Whatever fails there ends on a page with a sentence, signed in nobody."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.generic import View

from teams.oidc import FAILURES, OpenIDAdapter


class _Callback(OAuth2CallbackView):
    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        if state is not None:
            self.adapter.nonce = state.get("nonce") or ""  # type: ignore[attr-defined]
        return state, response


class SingleSignOnView(View):
    """Begin: leads to the provider with state, nonce and PKCE challenge."""

    def get(self, request: HttpRequest, provider_id: str) -> HttpResponse:
        provider = _provider(request, provider_id)
        provider.oauth2_adapter_class = OpenIDAdapter
        values = provider.get_redirect_from_request_kwargs(request)
        # What the address asks for beyond that is not passed on: anybody can make a link.
        nonce = secrets.token_urlsafe(24)
        values |= {"scope": provider.get_scope(), "auth_params": {"nonce": nonce}, "nonce": nonce}
        try:
            response: HttpResponse = provider.redirect(request, **values)
        except FAILURES as error:
            return _failed(request, provider, error)
        return response


class SingleSignOnCallbackView(View):
    """Back from the provider."""

    def get(self, request: HttpRequest, provider_id: str) -> HttpResponse:
        provider = _provider(request, provider_id)
        try:
            response: HttpResponse = _Callback.adapter_view(OpenIDAdapter(request, provider_id))(request)
        except FAILURES as error:
            return _failed(request, provider, error)
        return response


begin = never_cache(SingleSignOnView.as_view())
callback = never_cache(SingleSignOnCallbackView.as_view())


def _provider(request: HttpRequest, provider_id: str) -> Any:
    try:
        return OpenIDAdapter(request, provider_id).get_provider()
    except SocialApp.DoesNotExist:
        raise Http404 from None


def _failed(request: HttpRequest, provider: Any, error: Exception) -> HttpResponse:
    response: HttpResponse = render_authentication_error(request, provider, exception=error)
    return response

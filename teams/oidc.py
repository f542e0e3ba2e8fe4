"""OpenID Connect as its specification wants it, on top of allauth: everything the provider says is checked.

Allauth leaves the signature of a token it fetched itself unread and compares neither the nonce nor the two
subjects. Here each failure is one of `FAILURES`, so that it ends on a page with a sentence.
"""

from __future__ import annotations

from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from requests import RequestException

from core.text import clean, clean_json

FAILURES = (RequestException, OAuth2Error, ProviderException, PermissionDenied)

_PUBLIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_SHARED = ["HS256", "HS384", "HS512"]
_LEEWAY = 60
_UID_LIMIT = 191
_ENDPOINTS = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class OpenIDAdapter(OpenIDConnectOAuth2Adapter):
    """`nonce` is what this sign-in was begun with; set by the callback's view."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        known: dict[str, Any] | None = getattr(self, "_checked_config", None)
        if known is None:
            try:
                known = _object(super().openid_config, "configuration")
            except AttributeError:
                raise ProviderException("Its configuration is no JSON object.") from None
            if not all(isinstance(known.get(name), str) for name in _ENDPOINTS):
                raise ProviderException("Its configuration lacks an endpoint.")
            self._checked_config = known
        return known

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """At the configured host, whatever the request said: the provider knows only that one."""
        path = reverse("openid_connect_callback", kwargs={"provider_id": self.provider_id})
        return f"{settings.BASE_URL}{path}"

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        try:
            answer = super().get_access_token_data(request, app, client, pkce_code_verifier)
        except (KeyError, TypeError, AttributeError):
            raise ProviderException("Its token answer cannot be read.") from None
        data = _object(answer, "token answer")
        if not all(isinstance(data.get(name), str) for name in ("access_token", "id_token")):
            raise ProviderException("Its token answer lacks a token.")
        # Nothing is asked of the provider later, so how long and for what else its tokens serve is dropped.
        return {name: data[name] for name in ("access_token", "id_token")}

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        claims = self._decode_id_token(app, kwargs["response"]["id_token"])
        told: dict[str, Any] = {}
        if self.openid_config.get("userinfo_endpoint"):
            told = clean_json(_object(self._fetch_user_info(token.token), "user info"))
            if told.get("sub") != claims["sub"]:
                raise ProviderException("User info and ID token speak of different people.")
        data = {"userinfo": _completed(told, claims), "id_token": claims}
        return self.get_provider().sociallogin_from_response(request, data)

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        try:
            claims = self._verified(app, id_token)
        except jwt.PyJWTError as error:
            raise ProviderException(f"Its ID token is not valid: {error}") from None
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != app.client_id:
            raise ProviderException("Its ID token was made for somebody else.")
        if not self.nonce or claims.get("nonce") != self.nonce:
            raise ProviderException("Its ID token belongs to another sign-in.")
        if not 0 < len(claims["sub"]) <= _UID_LIMIT:
            raise ProviderException(f"Its subject must have 1 to {_UID_LIMIT} characters.")
        if clean(claims["sub"]) != claims["sub"]:
            raise ProviderException("Its subject holds control characters.")
        stored: dict[str, Any] = clean_json(claims)
        return stored

    def _verified(self, app: Any, id_token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(id_token)
        # The family decides which key counts: a public key never serves as a shared secret.
        shared = header.get("alg") in _SHARED
        key = app.secret if shared else self._signing_key(header.get("kid"))
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key,
            algorithms=_SHARED if shared else _PUBLIC,
            audience=app.client_id,
            issuer=self.openid_config["issuer"],
            leeway=_LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
        return claims

    def _signing_key(self, kid: str | None) -> Any:
        with get_adapter().get_requests_session() as session:
            response = session.get(self.openid_config["jwks_uri"])
            response.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(_object(response.json(), "key set")).keys
        found = [key for key in keys if key.public_key_use in (None, "sig") and kid in (None, key.key_id)]
        if len(found) != 1:
            raise ProviderException("The key of its ID token is not in its key set.")
        return found[0]


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProviderException(f"Its {what} is no JSON object.")
    return value


def _completed(told: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """User info with what only the ID token says. An address counts as checked by `true` alone, also as text."""
    whole = {**told, "sub": claims["sub"]}
    if not isinstance(whole.get("name"), str):
        whole["name"] = claims.get("name") if isinstance(claims.get("name"), str) else ""
    source = told if told.get("email") else claims
    if source is told and "email_verified" not in told and claims.get("email") == told["email"]:
        source = claims
    email = source.get("email")
    whole["email"] = email if isinstance(email, str) else ""
    checked = source.get("email_verified")
    whole["email_verified"] = checked is True or checked == "true"
    return whole

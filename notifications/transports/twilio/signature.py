"""Whether a request comes from Twilio.

HMAC-SHA1 with the account's auth token over the full address followed by every POST parameter, sorted by
name, name and value run together; base64. https://www.twilio.com/docs/usage/security
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit, urlunsplit


def signature(url: str, params: Mapping[str, Iterable[str]], auth_token: str) -> str:
    """The value of `X-Twilio-Signature`. A name given more than once counts with each distinct value."""
    text = url + "".join(name + value for name in sorted(params) for value in sorted(set(params[name])))
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def valid(given: str, url: str, params: Mapping[str, Iterable[str]], auth_token: str) -> bool:
    """Constant time. Twilio signs some addresses with the standard port and some without."""
    fits = [
        hmac.compare_digest(signature(form, params, auth_token).encode(), given.encode("utf-8", "replace"))
        for form in _forms(url)
    ]
    return bool(auth_token) and any(fits)


def _forms(url: str) -> list[str]:
    parts = urlsplit(url)
    default = 443 if parts.scheme == "https" else 80
    if parts.port is None:
        return [url, urlunsplit(parts._replace(netloc=f"{parts.netloc}:{default}"))]
    if parts.port == default:
        return [url, urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0]))]
    return [url]

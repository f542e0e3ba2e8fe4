"""ASGI entry point: pages, API, intake and sockets on one port."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.core.asgi import get_asgi_application

from config.pool import use_pool

use_pool()
# Whitenoise warns of a folder that collectstatic has not made yet.
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter

from alerts.intake.messages import MAX_WIRE
from alerts.intake.mounts import IntakeASGI
from alerts.intake.receive import PREFIXES
from core.asgi import Guard
from statuspage.serving import StatusASGI
from web.live.routing import application as live

MAX_PAGE_BODY = 12 * 1024 * 1024


def body_limit(path: str) -> int:
    """Bytes a request to this address may carry."""
    return MAX_WIRE if path.startswith(PREFIXES) else MAX_PAGE_BODY


application = ProtocolTypeRouter(
    {
        "http": StatusASGI(Guard(IntakeASGI(django_application), limit_for=body_limit)),
        "websocket": live,
    }
)

"""ASGI entry point: pages, API, intake and sockets on one port."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("WATCHBILL_POOL", "1")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter

from alerts.intake.messages import MAX_WIRE
from alerts.intake.receive import PREFIXES
from alerts.intake.mounts import IntakeASGI
from core.asgi import Guard
from web.live.routing import application as live

MAX_PAGE_BODY = 12 * 1024 * 1024


def body_limit(path: str) -> int:
    """Bytes a request to this address may carry."""
    return MAX_WIRE if path.startswith(PREFIXES) else MAX_PAGE_BODY


application = ProtocolTypeRouter(
    {"http": Guard(IntakeASGI(django_application), limit_for=body_limit), "websocket": live}
)

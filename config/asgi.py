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

from alerts.intake.mounts import IntakeASGI
from config.uploads import body_limit
from core.asgi import Guard
from statuspage.serving import StatusASGI
from web.live.routing import application as live

application = ProtocolTypeRouter(
    {
        "http": StatusASGI(Guard(IntakeASGI(django_application), limit_for=body_limit)),
        "websocket": live,
    }
)

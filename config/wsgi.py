"""WSGI entry point, for dedicated intake servers where volume asks for it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.pool import use_pool

use_pool()
# Whitenoise warns of a folder that collectstatic has not made yet.
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
django_application = get_wsgi_application()

from alerts.intake.mounts import IntakeWSGI
from statuspage.serving import StatusWSGI

application = StatusWSGI(IntakeWSGI(django_application))

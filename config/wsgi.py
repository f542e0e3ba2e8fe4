"""WSGI entry point, for dedicated intake servers where volume asks for it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("WATCHBILL_POOL", "1")

from django.core.wsgi import get_wsgi_application

django_application = get_wsgi_application()

from alerts.intake.mounts import IntakeWSGI

application = IntakeWSGI(django_application)

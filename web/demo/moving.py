"""Moves an unfinished demo incident in time, with everything that belongs to it."""

from __future__ import annotations

import datetime as dt

from django.apps import apps
from django.db import models
from django.db.models import F

from alerts.models import Alert
from incidents.models import Incident
from services.models import ChangeEvent
from web.demo.outage import RELEASE


def move(incident: Incident, delta: dt.timedelta) -> None:
    """Shift every time of the incident and of its rows by `delta`."""
    _shift(Incident.objects.filter(pk=incident.pk), delta)
    for model in apps.get_app_config("incidents").get_models():
        parents = [
            field.name
            for field in model._meta.get_fields()
            if isinstance(field, models.ForeignKey) and field.related_model is Incident
        ]
        if model is not Incident and "incident" in parents:
            _shift(model._default_manager.filter(incident=incident), delta)
    _shift(Alert.objects.filter(incident=incident), delta)
    services = incident.services.values_list("pk", flat=True)
    _shift(ChangeEvent.objects.filter(service_id__in=list(services), summary__startswith=RELEASE), delta)
    incident.refresh_from_db()


def _shift(rows: models.QuerySet[models.Model], delta: dt.timedelta) -> None:
    """In one statement, so that no two times of a row ever stand the wrong way round."""
    names = [
        field.attname for field in rows.model._meta.concrete_fields if isinstance(field, models.DateTimeField)
    ]
    if names:
        rows.update(**{name: F(name) + delta for name in names})

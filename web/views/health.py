from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django_prometheus.exports import ExportToDjangoView

from web import health


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; for load balancers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Database, Redis and engine heartbeat; 503 when one is down. For alarms."""
    found = health.checks()
    well = all(check.ok for check in found)
    body = {
        "status": "ok" if well else "down",
        "checks": {check.name: {"ok": check.ok, "detail": check.detail} for check in found},
    }
    response = JsonResponse(body, status=200 if well else 503)
    response["Cache-Control"] = "no-store"
    return response


def metrics(request: HttpRequest) -> Any:
    """Prometheus metrics, closed to strangers by `METRICS_PUBLIC=0`."""
    if not settings.METRICS_PUBLIC and not request.user.is_authenticated:
        return HttpResponse("Sign in first.", status=401, content_type="text/plain")
    return ExportToDjangoView(request)


@login_required
def health_page(request: HttpRequest) -> HttpResponse:
    """The same for people, with what waits and what failed."""
    found = health.checks()
    context = {"checks": found, "backlog": health.backlog() if found[0].ok else None}
    return render(request, "web/health.html", context)

"""Uptime with its corrections, and the numbers that are pushed."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core import clock
from core.errors import InvalidInput, NotVisible
from core.pages import actor_of
from statuspage import actions
from statuspage.building.bars import DAYS, counted, percent
from statuspage.building.load import component_spans
from statuspage.forms.components import CorrectionForm
from statuspage.forms.pages import MetricForm
from statuspage.models import StatusPage, UptimeCorrection
from statuspage.uptime import days, together
from statuspage.views.common import frame, managed, visible
from teams.views.base import attach


@login_required
def figures(request: HttpRequest, slug: str) -> HttpResponse:
    """Uptime of the last ninety days, corrections, numbers."""
    return _shown(request, visible(request, slug))


@login_required
@require_POST
def correct(request: HttpRequest, slug: str) -> HttpResponse:
    """Count a time as another status."""
    page = managed(request, slug)
    form = CorrectionForm(request.POST, page=page)
    if form.is_valid():
        data = dict(form.cleaned_data)
        try:
            actions.correct_uptime(actor=actor_of(request), component_id=data.pop("component").pk, **data)
        except InvalidInput as error:
            attach(form, error)
        else:
            return redirect(f"{page.get_absolute_url()}figures/")
    return _shown(request, page, correction=form)


@login_required
@require_POST
def withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What was recorded counts again."""
    page = managed(request, slug)
    if not UptimeCorrection.objects.filter(component__page=page, pk=pk).exists():
        raise NotVisible
    actions.withdraw_correction(actor=actor_of(request), correction_id=pk)
    return redirect(f"{page.get_absolute_url()}figures/")


@login_required
@require_POST
def metric_save(request: HttpRequest, slug: str, part: str = "") -> HttpResponse:
    """Add a number, or take one away."""
    page = managed(request, slug)
    if part:
        row = page.metrics.filter(public_id=part).first()
        if row is None:
            raise NotVisible
        actions.remove_metric(actor=actor_of(request), metric_id=row.pk)
        return redirect(f"{page.get_absolute_url()}figures/")
    form = MetricForm(request.POST)
    if form.is_valid():
        try:
            actions.add_metric(actor=actor_of(request), page_id=page.pk, **form.cleaned_data)
        except InvalidInput as error:
            attach(form, error)
        else:
            return redirect(f"{page.get_absolute_url()}figures/")
    return _shown(request, page, metric=form)


def _shown(
    request: HttpRequest,
    page: StatusPage,
    correction: CorrectionForm | None = None,
    metric: MetricForm | None = None,
) -> HttpResponse:
    now, zone = clock.now(), page.zone
    parts = list(page.components.all())
    spans = component_spans([row.pk for row in parts], now)
    today = now.astimezone(zone).date()
    shares = [
        (
            row,
            percent(
                together(
                    day.tally for day in days(counted(spans[row.pk], row, zone), zone, today, DAYS)
                ).uptime
            ),
        )
        for row in parts
    ]
    corrections = UptimeCorrection.objects.filter(component__page=page).select_related("component", "author")
    context = frame(request, page, "figures/") | {
        "shares": shares,
        "corrections": corrections.order_by("-created_at", "-pk")[:100],
        "metrics": page.metrics.all(),
        "correction_form": correction or CorrectionForm(page=page),
        "metric_form": metric or MetricForm(),
        "days": DAYS,
        "app_base": settings.BASE_URL,
        "at": f"{now:%Y-%m-%dT%H:%M:00Z}",
    }
    status = 422 if correction or metric else 200
    return render(request, "statuspage/pages/figures.html", context, status=status)

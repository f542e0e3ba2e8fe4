from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.choices import CheckKind, CheckStatus
from core import clock
from teams.querysets import OwnedQuerySet


class CheckLocation(models.Model):
    """Where checks are made from: this installation itself (no token), or a worker elsewhere with a token.

    The token is kept as a digest. `last_seen_at`: when its worker last asked for work.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    token_digest = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    token_hint = models.CharField(max_length=4, blank=True, default="", editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Check(models.Model):
    """Something asked again and again whether it is well, from several locations.

    `target`: address (http), host:port (tcp, tls) or name (dns). `settings`: what one kind needs (`alerts.checks`);
    `headers_sealed`: the request's headers (http), encrypted. It is down when at least `needed` locations see it
    fail; then an alert opens through `integration`.
    """

    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="checks", db_index=False
    )
    service = models.ForeignKey("services.Service", on_delete=models.CASCADE, related_name="checks")
    integration = models.OneToOneField(
        "alerts.Integration", on_delete=models.CASCADE, related_name="check_made", editable=False
    )
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=CheckKind.choices, default=CheckKind.HTTP)
    target = models.CharField(_("what is checked"), max_length=500)
    settings = models.JSONField(default=dict, blank=True)
    headers_sealed = models.TextField(blank=True, default="", editable=False)
    interval_seconds = models.PositiveIntegerField(_("every"), default=60)
    timeout_seconds = models.PositiveSmallIntegerField(_("gives up after"), default=10)
    needed = models.PositiveSmallIntegerField(_("locations that must agree"), default=2)
    severity = models.CharField(max_length=20, default="critical")
    locations = models.ManyToManyField(CheckLocation, through="CheckRun", related_name="checks")
    status = models.CharField(
        max_length=10, choices=CheckStatus.choices, default=CheckStatus.WAITING, editable=False
    )
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["team", "name"], name="check_by_team")]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="check_name_once"),
            models.CheckConstraint(condition=Q(kind__in=CheckKind.values), name="check_kind_known"),
            models.CheckConstraint(condition=Q(status__in=CheckStatus.values), name="check_status_known"),
            models.CheckConstraint(
                condition=Q(interval_seconds__gte=20, interval_seconds__lte=86_400)
                & Q(timeout_seconds__gte=1, timeout_seconds__lte=60)
                & Q(needed__gte=2, needed__lte=20),
                name="check_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/checks/{self.pk}/"


class CheckRun(models.Model):
    """One check at one location: when it is due there, who has it, and what was seen last."""

    made_for = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="runs", db_index=False)
    location = models.ForeignKey(CheckLocation, on_delete=models.CASCADE, related_name="runs", db_index=False)
    next_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    ok = models.BooleanField(null=True)
    detail = models.CharField(max_length=300, blank=True, default="")
    milliseconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["location", "next_at"], name="check_run_due")]
        constraints = [models.UniqueConstraint(fields=["made_for", "location"], name="check_run_once")]

    def __str__(self) -> str:
        return f"{self.made_for_id} at {self.location_id}"


class CheckResult(models.Model):
    """What one location saw once. Kept for some days, for the page; uptime comes from spans."""

    made_for = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="results", db_index=False)
    location = models.ForeignKey(CheckLocation, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    ok = models.BooleanField()
    detail = models.CharField(max_length=300, blank=True, default="")
    milliseconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["made_for", "-at"], name="check_result_by_check"),
            models.Index(fields=["at"], name="check_result_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.made_for_id} {self.at:%F %T} {'ok' if self.ok else 'failed'}"


class CheckSpan(models.Model):
    """How long a check was in one status: half-open, the last one without an end. Uptime is read from these."""

    made_for = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="spans", db_index=False)
    status = models.CharField(max_length=10, choices=CheckStatus.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-since", "-id"]
        indexes = [models.Index(fields=["made_for", "-since"], name="check_span_by_check")]
        constraints = [
            models.UniqueConstraint(
                fields=["made_for"], condition=Q(until=None), name="check_span_open_once"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=models.F("since")), name="check_span_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.made_for_id} {self.status} from {self.since:%F %T}"

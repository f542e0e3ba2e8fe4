from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from statuspage.choices import Language, PageAccess
from statuspage.ids import new_id
from statuspage.querysets import PageChildQuerySet, PageQuerySet


def only_english() -> list[str]:
    return [Language.ENGLISH.value]


class StatusPage(models.Model):
    """A page for customers, kept by a team. What they see is the newest snapshot, never this row.

    `languages`: codes, the first is the one without a path of its own. `domain`: host name that shows the page
    at its root. `password`: a hash, for access `password`. `version`: the snapshot that is served.
    `settings_at`: when something changed that every file shows. `rebuild_at`: when the files change by time
    alone, `built_with` what of the program made them. `needs_approval`: notices of responders wait for a manager.
    """

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("what it is about"), max_length=300, blank=True, default="")
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="status_pages"
    )
    access = models.CharField(
        _("who may read it"), max_length=10, choices=PageAccess.choices, default=PageAccess.PUBLIC
    )
    password = models.CharField(max_length=200, blank=True, default="", editable=False)
    domain = models.CharField(_("domain"), max_length=253, null=True, blank=True, unique=True)
    languages = ArrayField(models.CharField(max_length=5, choices=Language.choices), default=only_english)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    accent = models.CharField(_("accent colour"), max_length=7, blank=True, default="")
    home_url = models.URLField(_("home page"), max_length=500, blank=True, default="")
    support_url = models.URLField(_("support"), max_length=500, blank=True, default="")
    hidden_from_search = models.BooleanField(_("hidden from search engines"), default=False)
    needs_approval = models.BooleanField(_("notices wait for a manager"), default=False)
    shows_uptime = models.BooleanField(_("shows uptime"), default=True)
    takes_subscribers = models.BooleanField(_("takes subscribers"), default=True)
    digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    built_with = models.CharField(max_length=16, blank=True, default="", editable=False)
    rebuild_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)
    settings_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["rebuild_at"], name="status_page_rebuild")]
        constraints = [
            models.CheckConstraint(
                condition=Q(access__in=PageAccess.values), name="status_page_access_known"
            ),
            models.CheckConstraint(
                condition=~Q(access="password") | ~Q(password=""), name="status_page_has_password"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/statuspages/{self.slug}/"

    @property
    def public_path(self) -> str:
        return f"/status/{self.slug}/"

    @property
    def zone(self) -> ZoneInfo:
        """The page's time zone; UTC when this machine no longer knows it, so that publishing goes on."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")


class PageLogo(models.Model):
    """The page's own picture, rebuilt from its pixels when it was uploaded."""

    page = models.OneToOneField(StatusPage, on_delete=models.CASCADE, related_name="logo")
    content = models.BinaryField()
    content_type = models.CharField(max_length=40)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"logo of {self.page_id}"


class StatusSnapshot(models.Model):
    """One version of everything the page serves; never changed after.

    `files`: path below the page → [digest, key]; `key` says what the file was made from, so that the next version
    keeps what has not changed. Null once the version is so old that its bytes are gone; the row stays as the log
    of what was published, by whom and why.
    """

    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="snapshots", db_index=False)
    version = models.PositiveIntegerField()
    files = models.JSONField(null=True)
    cause = models.CharField(max_length=200, blank=True, default="")
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    built_at = models.DateTimeField()

    class Meta:
        ordering = ["page_id", "-version"]
        constraints = [models.UniqueConstraint(fields=["page", "version"], name="status_snapshot_version")]

    def __str__(self) -> str:
        return f"version {self.version} of {self.page_id}"


class StatusBlob(models.Model):
    """Bytes of a file, ready to send: as they are, by gzip and by Brotli. `digest`: SHA-256 hex of `body`."""

    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="blobs", db_index=False)
    digest = models.CharField(max_length=64)
    body = models.BinaryField()
    gzip = models.BinaryField()
    brotli = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "digest"], name="status_blob_once")]

    def __str__(self) -> str:
        return self.digest


class Metric(models.Model):
    """A number customers may watch, pushed through the API. `suffix` is its unit, as it is shown."""

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="metrics", db_index=False)
    name = models.CharField(_("name"), max_length=120)
    suffix = models.CharField(_("unit"), max_length=12, blank=True, default="")
    decimals = models.PositiveSmallIntegerField(_("decimal places"), default=0)
    shown = models.BooleanField(_("shown"), default=True)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PageChildQuerySet.as_manager()

    class Meta:
        ordering = ["page_id", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["page", "name"], name="metric_name_in_page")]

    def __str__(self) -> str:
        return self.name


class MetricPoint(models.Model):
    """One value; a second one for the same instant replaces the first."""

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="points", db_index=False)
    at = models.DateTimeField()
    value = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["metric", "at"], name="metric_point_once")]

    def __str__(self) -> str:
        return f"{self.value} at {self.at}"

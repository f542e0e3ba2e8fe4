from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from postmortems.choices import PostmortemStatus, SectionKey, SectionState
from postmortems.querysets import PostmortemQuerySet


class Postmortem(models.Model):
    """What was learned from one incident. Blameless: people appear by role in what is exported, but for those
    in `named`, who asked to be named.

    `owner` writes it, `organiser` calls the meeting, `process_owner` sees that the process changes; each has a
    backup. `due_at`: published by then; `review_due_at`: the review held by then. `public_text`: what customers
    may read, approved by somebody before it leaves. `search`: the words of everything in it, kept by
    `postmortems.library`.
    """

    incident = models.OneToOneField("incidents.Incident", on_delete=models.CASCADE, related_name="postmortem")
    status = models.CharField(max_length=12, choices=PostmortemStatus.choices, default=PostmortemStatus.DRAFT)
    template = models.ForeignKey(
        "postmortems.PostmortemTemplate", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    owner = models.ForeignKey(
        "teams.User",
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    owner_backup = models.ForeignKey(
        "teams.User",
        verbose_name=_("owner's backup"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    organiser = models.ForeignKey(
        "teams.User",
        verbose_name=_("retrospective organiser"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    organiser_backup = models.ForeignKey(
        "teams.User",
        verbose_name=_("organiser's backup"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    process_owner = models.ForeignKey(
        "teams.User",
        verbose_name=_("process-change owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    process_owner_backup = models.ForeignKey(
        "teams.User",
        verbose_name=_("process-change owner's backup"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    named = models.ManyToManyField("teams.User", blank=True, related_name="+")
    due_at = models.DateTimeField(null=True, blank=True)
    review_due_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    public_text = models.TextField(blank=True, default="")
    public_approved_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    public_approved_at = models.DateTimeField(null=True, blank=True)
    public_sent_at = models.DateTimeField(null=True, blank=True)
    search = SearchVectorField(null=True, editable=False)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    in_review_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = PostmortemQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "-id"], name="postmortem_by_status"),
            models.Index(
                fields=["due_at"],
                name="postmortem_due",
                condition=Q(status__in=["draft", "in_review", "reviewed"]),
            ),
            GinIndex(fields=["search"], name="postmortem_search"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=PostmortemStatus.values), name="postmortem_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["published", "closed"]) | Q(published_at__isnull=False),
                name="postmortem_published_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Postmortem of #{self.incident.number}"

    def get_absolute_url(self) -> str:
        return f"/postmortems/{self.pk}/"


class PostmortemSection(models.Model):
    """One section as markdown text; `version` counts edits, so that two writers never lose words.

    `entries`: the timeline rows (seq) whose lines are in the text of *what happened*. `author_hidden`: what was
    hard may be said without a name.
    """

    postmortem = models.ForeignKey(
        Postmortem, on_delete=models.CASCADE, related_name="sections", db_index=False
    )
    key = models.CharField(max_length=20, choices=SectionKey.choices)
    state = models.CharField(max_length=10, choices=SectionState.choices, default=SectionState.TODO)
    text = models.TextField(blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_hidden = models.BooleanField(default=False)
    entries = models.JSONField(default=list, blank=True)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["postmortem_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["postmortem", "key"], name="section_once"),
            models.CheckConstraint(condition=Q(key__in=SectionKey.values), name="section_key_known"),
            models.CheckConstraint(condition=Q(state__in=SectionState.values), name="section_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.postmortem_id}"


class SectionRevision(models.Model):
    """What a section said at a version; every version is kept, the present one too."""

    section = models.ForeignKey(
        PostmortemSection, on_delete=models.CASCADE, related_name="revisions", db_index=False
    )
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True, default="")
    author = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_hidden = models.BooleanField(default=False)
    saved_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["section_id", "-version"]
        constraints = [models.UniqueConstraint(fields=["section", "version"], name="revision_once")]

    def __str__(self) -> str:
        return f"{self.section_id} version {self.version}"


class SectionComment(models.Model):
    """What somebody says about a section, until it is resolved. `quote`: the words it is about, as they were."""

    section = models.ForeignKey(
        PostmortemSection, on_delete=models.CASCADE, related_name="comments", db_index=False
    )
    author = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_label = models.CharField(max_length=200)
    quote = models.CharField(max_length=300, blank=True, default="")
    text = models.TextField()
    created_at = models.DateTimeField(default=clock.now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["section_id", "id"]
        indexes = [models.Index(fields=["section", "id"], name="comment_by_section")]

    def __str__(self) -> str:
        return self.text[:60]


class PostmortemImage(models.Model):
    """A picture in a document, rebuilt from the parts that make it. `path` is below the media folder and never an
    address: a view that asks for access serves it."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="images")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200, unique=True)
    uploaded_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    uploaded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["postmortem_id", "id"]

    def __str__(self) -> str:
        return self.name

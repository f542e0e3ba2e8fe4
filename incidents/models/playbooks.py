from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from incidents.choices import OPEN_TASKS, Control, IncidentStatus, Stage, TaskKind, TaskState
from teams.querysets import OwnedQuerySet


class Playbook(models.Model):
    """A plan that is ready before it is needed; its tasks are in its versions.

    Starts by itself on incidents of its type (null: every type), of `from_rank` or less grave down to
    `to_rank` (0 is the gravest; null: `starts_by_itself` does not look at it) and of its team (null:
    organisation-wide).
    """

    team = models.ForeignKey(
        "teams.Team",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="playbooks",
        db_index=False,
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("what it is for"), max_length=2000, blank=True, default="")
    type = models.ForeignKey(
        "incidents.IncidentType", null=True, blank=True, on_delete=models.SET_NULL, related_name="playbooks"
    )
    from_rank = models.PositiveSmallIntegerField(
        _("from rank"), null=True, blank=True, validators=[MaxValueValidator(4)]
    )
    to_rank = models.PositiveSmallIntegerField(
        _("down to rank"), null=True, blank=True, validators=[MaxValueValidator(4)]
    )
    starts_by_itself = models.BooleanField(_("starts by itself"), default=False)
    stage = models.CharField(_("stage"), max_length=15, choices=Stage.choices, blank=True, default="")
    active = models.BooleanField(_("in use"), default=True)
    last_tested_on = models.DateField(_("last tested on"), null=True, blank=True)
    tested_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["team", "name"], name="playbook_by_team")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/playbooks/{self.pk}/"


class PlaybookVersion(models.Model):
    """The tasks of a playbook as they were published; never changed afterwards.

    `tasks`: a list of `{key, title, detail, kind, stage, role, due_minutes, waits_for: [key], shown_when:
    {…}, control, needed_before, critical}`; checked by `incidents.playbooks.parse`.
    """

    playbook = models.ForeignKey(Playbook, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    tasks = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True, default="")
    author = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_label = models.CharField(max_length=200)
    published_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["playbook_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["playbook", "number"], name="playbook_version_once")]

    def __str__(self) -> str:
        return f"{self.playbook_id} version {self.number}"


class PlaybookRun(models.Model):
    """A version that was started on an incident, once each playbook."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="playbook_runs", db_index=False
    )
    playbook = models.ForeignKey(Playbook, null=True, on_delete=models.SET_NULL, related_name="runs")
    version = models.ForeignKey(PlaybookVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=120)
    started_at = models.DateTimeField(default=clock.now)
    started_by_label = models.CharField(max_length=200)

    class Meta:
        ordering = ["incident_id", "id"]
        constraints = [models.UniqueConstraint(fields=["incident", "playbook"], name="playbook_run_once")]

    def __str__(self) -> str:
        return f"{self.name} on {self.incident_id}"


class IncidentTask(models.Model):
    """Something to do in an incident, with an owner.

    `key` and `run`: from which task of which playbook. `role`: whoever holds it owns the task while it
    has no owner of its own. `shown`: false while `shown_when` does not hold. `due_at`: an instant.
    `waits_for`: cannot begin before these are done or skipped. `backup` gets it when the owner is on
    leave or has not begun by the due time of a `critical` one.
    """

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="tasks", db_index=False
    )
    run = models.ForeignKey(
        PlaybookRun, null=True, blank=True, on_delete=models.CASCADE, related_name="tasks"
    )
    key = models.CharField(max_length=40, blank=True, default="")
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=15, choices=TaskKind.choices, default=TaskKind.DIAGNOSE)
    stage = models.CharField(max_length=15, choices=Stage.choices, blank=True, default="")
    role = models.CharField(max_length=20, blank=True, default="")
    owner = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="incident_tasks"
    )
    backup = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    critical = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.OPEN)
    reason = models.CharField(max_length=300, blank=True, default="")
    waits_for = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="blocks")
    shown_when = models.JSONField(default=dict, blank=True)
    shown = models.BooleanField(default=True)
    control = models.CharField(max_length=20, choices=Control.choices, blank=True, default="")
    needed_before = models.CharField(max_length=20, choices=IncidentStatus.choices, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reminded_at = models.DateTimeField(null=True, blank=True)
    passed_on_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["incident_id", "position", "id"]
        indexes = [
            models.Index(fields=["incident", "position"], name="task_by_incident"),
            models.Index(
                fields=["owner", "due_at"], name="task_open_by_owner", condition=Q(state__in=OPEN_TASKS)
            ),
            models.Index(fields=["due_at"], name="task_due", condition=Q(state__in=OPEN_TASKS, shown=True)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=TaskState.values), name="task_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["blocked", "skipped"]) | ~Q(reason=""), name="task_says_why"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "skipped"], ended_at__isnull=False)
                | (~Q(state__in=["done", "skipped"]) & Q(ended_at__isnull=True)),
                name="task_over_has_time",
            ),
            models.CheckConstraint(
                condition=Q(backup__isnull=True) | Q(owner__isnull=True) | ~Q(backup=F("owner")),
                name="task_backup_is_another",
            ),
            models.UniqueConstraint(
                fields=["run", "key"], condition=~Q(key=""), name="task_of_playbook_once"
            ),
        ]

    def __str__(self) -> str:
        return self.title

"""`incidents/<number>/tasks/`, and the verb that starts a playbook."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import NotVisible
from incidents import actions
from incidents.api import task_shapes as shapes
from incidents.api.serializers import EmptyInput
from incidents.models import IncidentTask

_TASK = r"tasks/(?P<task_id>[0-9]{1,18})"


class TaskVerbs(ActorViewSet):
    """Mixed into `IncidentViewSet`."""

    @extend_schema(methods=["GET"], request=None, responses=shapes.TaskSerializer(many=True))
    @extend_schema(methods=["POST"], request=shapes.TaskInput, responses={201: shapes.TaskSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_class=None)
    def tasks(self, request: Request, number: str) -> Response:
        """All tasks in order (`results`), those whose condition does not hold with `shown` false; or write
        one down, only `title` is needed."""
        if request.method == "POST":
            task = actions.add_task(actor=self.actor, number=int(number), **valid(shapes.TaskInput, request))
            return self._task(int(number), task.pk, status.HTTP_201_CREATED)
        incident = self.get_object()
        rows = self._tasks().filter(incident=incident).order_by("position", "pk")
        return Response({"results": shapes.TaskSerializer(rows, many=True).data})

    @extend_schema(request=shapes.TaskChange, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["patch"], url_path=_TASK)
    def task(self, request: Request, number: str, task_id: str) -> Response:
        """Change a task. `base`: the values read before; 409 `changed_meanwhile` with the present values when
        somebody changed one of the same fields since."""
        data = valid(shapes.TaskChange, request)
        base = data.pop("base", None)
        actions.edit_task(actor=self.actor, number=int(number), task_id=int(task_id), changes=data, base=base)
        return self._task(int(number), int(task_id))

    @extend_schema(request=EmptyInput, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_TASK}/start")
    def task_start(self, request: Request, number: str, task_id: str) -> Response:
        """Somebody is at it. 409 while it waits for others."""
        return self._moved(request, number, task_id, actions.start_task)

    @extend_schema(request=EmptyInput, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_TASK}/finish")
    def task_finish(self, request: Request, number: str, task_id: str) -> Response:
        """It is done; again changes nothing. 409 while it waits for others."""
        return self._moved(request, number, task_id, actions.finish_task)

    @extend_schema(request=EmptyInput, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_TASK}/reopen")
    def task_reopen(self, request: Request, number: str, task_id: str) -> Response:
        """It is to be done after all, or can go on."""
        return self._moved(request, number, task_id, actions.reopen_task)

    @extend_schema(request=shapes.ReasonInput, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_TASK}/skip")
    def task_skip(self, request: Request, number: str, task_id: str) -> Response:
        """It will not be done, for a reason."""
        return self._moved(request, number, task_id, actions.skip_task, shapes.ReasonInput)

    @extend_schema(request=shapes.ReasonInput, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_TASK}/block")
    def task_block(self, request: Request, number: str, task_id: str) -> Response:
        """It cannot go on, for a reason that is no other task."""
        return self._moved(request, number, task_id, actions.block_task, shapes.ReasonInput)

    @extend_schema(request=shapes.OrderInput, responses=shapes.TaskSerializer(many=True))
    @action(
        detail=True, methods=["post"], url_path="tasks/order", pagination_class=None, filterset_class=None
    )
    def tasks_order(self, request: Request, number: str) -> Response:
        """Put these tasks first, in this order."""
        data = valid(shapes.OrderInput, request)
        actions.reorder_tasks(actor=self.actor, number=int(number), task_ids=data["tasks"])
        rows = self._tasks().filter(incident__number=int(number)).order_by("position", "pk")
        return Response({"results": shapes.TaskSerializer(rows, many=True).data})

    @extend_schema(request=shapes.StartPlaybookInput, responses={201: shapes.RunSerializer})
    @action(detail=True, methods=["post"], url_path="start-playbook")
    def start_playbook(self, request: Request, number: str) -> Response:
        """Make the tasks of a playbook's newest version; once each incident, again gives the same run."""
        data = valid(shapes.StartPlaybookInput, request)
        run = actions.start_playbook(actor=self.actor, number=int(number), playbook_id=data["playbook"])
        return Response(shapes.RunSerializer(run).data, status=status.HTTP_201_CREATED)

    def _moved(
        self, request: Request, number: str, task_id: str, move: Any, shape: Any = EmptyInput
    ) -> Response:
        data = valid(shape, request)
        move(actor=self.actor, number=int(number), task_id=int(task_id), **data)
        return self._task(int(number), int(task_id))

    def _task(self, number: int, task_id: int, code: int = 200) -> Response:
        row = self._tasks().filter(incident__number=number, pk=task_id).first()
        if row is None:
            raise NotVisible
        return Response(shapes.TaskSerializer(row).data, status=code)

    def _tasks(self) -> Any:
        rows = IncidentTask.objects.select_related("owner", "backup", "ended_by", "run")
        return rows.prefetch_related("waits_for")

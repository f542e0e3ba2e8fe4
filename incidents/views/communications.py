"""The composer, an update with what became of it, and the executive card."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from core import clock
from core.errors import DomainError, NotAllowed, NotVisible
from core.pages import actor_of, done, wants_part
from incidents import actions
from incidents.actions.approvals import must_wait
from incidents.choices import UpdateAudience, UpdateState
from incidents.forms.communications import FACTS, ComposerForm
from incidents.models import Incident, IncidentUpdate
from incidents.selectors import allowed_verbs, for_page
from incidents.views.verbs import attach
from incidents.words import counts_of, deliveries_of, words_of


class IncidentView(LoginRequiredMixin, View):
    """A page about one incident; what the viewer may not see is not there."""

    def incident(self, number: int) -> Incident:
        found = for_page(actor_of(self.request), number)
        if found is None:
            raise NotVisible
        return found

    def permitted(self, number: int, verb: str) -> Incident:
        incident = self.incident(number)
        if verb not in allowed_verbs(actor_of(self.request), incident):
            raise NotAllowed
        return incident


class ComposerView(IncidentView):
    """Write, look, send: with scripts the texts follow the facts by themselves, without in two steps.

    POST `op`: compose (texts anew, nothing is stored), draft, discard, send.
    """

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        incident = self.permitted(number, "post_update")
        initial, stored = self._draft(incident, request.GET)
        if not initial:
            initial = self._fresh(incident, request.GET)
        form = ComposerForm(actor=actor_of(request), incident=incident, initial=initial)
        return self._show(incident, form, stored=stored)

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        incident = self.permitted(number, "post_update")
        form = ComposerForm(request.POST, actor=actor_of(request), incident=incident)
        op = request.POST.get("op", "send")
        if op == "discard":
            batch = form.draft_batch()
            if batch is not None:
                actions.discard_draft(actor=actor_of(request), number=number, batch=batch)
            return done(request, incident.get_absolute_url(), _("Thrown away"))
        if op == "compose":
            return self._show(incident, form, part=request.POST.get("part") == "texts")
        if not form.is_valid():
            return self._show(incident, form, status=422)
        try:
            text = self._store(form, incident, op)
        except DomainError as error:
            attach(form, error)
            return self._show(incident, form, status=422, error=error)
        if not wants_part(request):
            messages.success(request, text)
        return done(request, incident.get_absolute_url(), text)

    def _store(self, form: ComposerForm, incident: Incident, op: str) -> str:
        common: dict[str, Any] = {
            "actor": actor_of(self.request),
            "number": incident.number,
            "texts": form.posted_texts(),
            "facts": form.facts(),
            "next_update_in_minutes": form.cleaned_data["next_update_in_minutes"],
            "batch": form.draft_batch(),
        }
        if op == "draft":
            actions.save_draft(**common)
            return _("Draft saved")
        rows = actions.post_updates(**common, due_at=form.posted_due())
        waiting = sum(row.state == UpdateState.WAITING for row in rows)
        if waiting == len(rows):
            return _("Waits for approval")
        return _("Sent; the public text waits for approval") if waiting else _("Sent")

    def _show(
        self,
        incident: Incident,
        form: ComposerForm,
        *,
        stored: dict[str, str] | None = None,
        status: int = 200,
        part: bool = False,
        error: DomainError | None = None,
    ) -> HttpResponse:
        actor = actor_of(self.request)
        rows = form.texts(clock.now(), stored)
        for row in rows:
            row.waits = row.ticked and must_wait(actor, incident, row.audience)
            row.error = "".join((error.fields if error else {}).get(f"text_{row.audience}", [])[:1])
        htmx = wants_part(self.request)
        name = "partials/composer_update_texts" if part else "partials/composer_update_dialog"
        context = {
            "incident": incident,
            "form": form,
            "rows": rows,
            "ready": any(row.ticked for row in rows),
            "action": f"{incident.get_absolute_url()}update/",
            "made_minutes": form.value_of("next_update_in_minutes"),
            "draft": form.draft_batch(),
        }
        template = name if htmx else "pages/composer_update"
        return render(self.request, f"incidents/{template}.html", context, status=status)

    def _fresh(self, incident: Incident, query: QueryDict) -> dict[str, Any]:
        """From what is known: the impact, and what was said last."""
        asked = [name for name in query.getlist("audience") if name in UpdateAudience.values]
        last = incident.updates.filter(state=UpdateState.SENT, no_change=False).first()
        return {
            "audiences": asked or [incident.next_update_audience or UpdateAudience.INTERNAL],
            "impact": incident.impact,
            "doing": "",
            "needs": "",
            "workaround": (last.workaround if last else "") or incident.workaround,
        }

    def _draft(self, incident: Incident, query: QueryDict) -> tuple[dict[str, Any], dict[str, str]]:
        """Fields and texts of `?draft=<batch>`; empty when there is no such draft."""
        try:
            batch = uuid.UUID(str(query["draft"])) if query.get("draft") else None
        except ValueError:
            raise NotVisible from None
        rows = list(incident.updates.filter(batch=batch, state=UpdateState.DRAFT)) if batch else []
        if batch and not rows:
            raise NotVisible
        if not rows:
            return {}, {}
        initial: dict[str, Any] = {name: getattr(rows[0], name) for name in FACTS}
        initial["audiences"] = [row.audience for row in rows]
        initial["next_update_in_minutes"] = rows[0].next_update_in_minutes
        initial["draft"] = str(batch)
        return initial, {row.audience: row.text for row in rows}


class UpdateView(IncidentView):
    """One update: its words, who wrote and approved them, and what became of each message."""

    def get(self, request: HttpRequest, number: int, update_id: int) -> HttpResponse:
        incident = self.permitted(number, "post_update")
        row = (
            IncidentUpdate.objects.select_related("decided_by")
            .filter(incident=incident, pk=update_id)
            .first()
        )
        if row is None or row.state == UpdateState.DRAFT:
            raise NotVisible
        deliveries = deliveries_of(incident, f"update:{row.pk}")
        context = {
            "incident": incident,
            "update": row,
            "deliveries": deliveries,
            "counts": counts_of(deliveries),
        }
        part = wants_part(request)
        name = "partials/update_results.html" if part else "pages/update.html"
        return render(request, f"incidents/{name}", context)


class ExecutiveView(IncidentView):
    """One screen for those who decide; made to be printed."""

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        incident = self.incident(number)
        words = words_of(incident, actor_of(request))
        said = {row.audience: row for row in words.rows}
        latest = [row.update for row in words.rows if row.update is not None and not row.update.no_change]
        facts = {name: _newest(latest, name) for name in FACTS}
        context = {
            "incident": incident,
            "facts": facts,
            "executive": said[UpdateAudience.EXECUTIVE],
            "public": said[UpdateAudience.PUBLIC],
            "roles": incident.current_roles,  # type: ignore[attr-defined]  # `for_page` sets it
            "now": clock.now(),
        }
        return render(request, "incidents/pages/executive.html", context)


def _newest(rows: list[IncidentUpdate], name: str) -> str:
    """The latest word on this fact, to whomever it was said."""
    known = [row for row in rows if getattr(row, name)]
    oldest = dt.datetime.min.replace(tzinfo=dt.UTC)
    known.sort(key=lambda row: row.sent_at or oldest)
    return str(getattr(known[-1], name)) if known else ""


def stay(request: HttpRequest, fallback: str) -> HttpResponse:
    """Back to where the button was, inside this site alone."""
    back = request.POST.get("back", "")
    inside = back.startswith("/") and not back.startswith(("//", "/\\"))
    return redirect(back if inside else fallback)

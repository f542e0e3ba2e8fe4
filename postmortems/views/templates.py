"""Templates of documents, and who looks after a team's postmortems."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.errors import NotAllowed, NotVisible
from core.pages import actor_of
from incidents.wording import fill
from postmortems import actions
from postmortems.actions.templates import faults_of
from postmortems.choices import Part, SectionKey
from postmortems.forms.review import AttendeeForm, DefaultsForm, TemplateForm
from postmortems.models import DefaultAttendee, PostmortemTemplate, ReviewDefaults
from postmortems.views.tried import applied
from postmortems.writing.markdown import to_html
from postmortems.writing.templating import VARIABLES
from teams.models import Team

EXAMPLE = {
    "title": "Checkout answers slowly",
    "number": "#42",
    "severity": "Sev-1",
    "impact": "One order in three failed for 48 minutes.",
    "services": "Checkout, Payments",
    "workaround": "Pay by invoice",
    "status": "Resolved",
    "started": "09:12 UTC",
    "duration": "48 min",
    "commander": "Ada",
    "record": "What the record of the incident knows about this section stands here.",
}


@login_required
def template_list(request: HttpRequest) -> HttpResponse:
    """All templates one may see, and the teams whose defaults one may set."""
    actor = actor_of(request)
    rows = PostmortemTemplate.objects.visible_to(actor).select_related("team", "type")
    context = {
        "rows": rows.order_by("team__name", "name", "pk")[:200],
        "teams": Team.objects.manageable_by(actor).order_by("name")[:200],
        "may_make": actor.manages_any,
    }
    return render(request, "postmortems/pages/templates.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def template(request: HttpRequest, template_id: int | None = None) -> HttpResponse:
    """Make or change one. POST `op`: save, preview or delete."""
    actor = actor_of(request)
    row = None
    if template_id is not None:
        row = PostmortemTemplate.objects.visible_to(actor).filter(pk=template_id).first()
        if row is None:
            raise NotVisible
    may_change = actor.manages(row.team_id) if row else actor.manages_any
    if row is None and not may_change:
        raise NotAllowed("Managers make templates for their teams.")
    form = TemplateForm(actor=actor, row=row)
    status, shown = 200, dict(row.sections) if row else {}
    if request.method == "POST":
        op = request.POST.get("op", "save")
        if op == "delete" and row is not None:
            actions.delete_template(actor=actor, template_id=row.pk)
            return redirect("/postmortems/templates/")
        form = TemplateForm(request.POST, actor=actor)
        if op == "preview":
            form.is_valid()
            shown = form.sections()
        elif applied(form, lambda _data: _save(form, actor, template_id)):
            return redirect("/postmortems/templates/")
        else:
            _place(form)
            status = 422
    context = {
        "form": form,
        "row": row,
        "may_change": may_change,
        "variables": VARIABLES,
        "preview": _preview(shown),
    }
    return render(request, "postmortems/pages/template.html", context, status=status)


def _save(form: TemplateForm, actor: Any, template_id: int | None) -> PostmortemTemplate:
    return actions.save_template(actor=actor, template_id=template_id, **form.values())


def _place(form: TemplateForm) -> None:
    """Faults are named `sections.<key>` by the action; each stands beside its field as well."""
    for key, text in form.sections().items() if hasattr(form, "cleaned_data") else ():
        for fault in faults_of(text):
            form.add_error(f"text_{key}", fault)


def _preview(sections: dict[str, str]) -> list[tuple[str, Any]]:
    return [
        (str(SectionKey(key).label), to_html(fill(sections[key], EXAMPLE)))
        for key in SectionKey.values
        if sections.get(key, "").strip()
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def defaults(request: HttpRequest, slug: str) -> HttpResponse:
    """Who looks after a team's postmortems. POST `op`: save, add (user, part) or remove (user)."""
    actor = actor_of(request)
    team = Team.objects.visible_to(actor).filter(slug=slug).first()
    if team is None:
        raise NotVisible
    if not actor.manages(team.pk):
        raise NotAllowed("Only a manager of the team or an admin can change that.")
    row = ReviewDefaults.objects.filter(team=team).first()
    usual = list(DefaultAttendee.objects.filter(team=team).select_related("user").order_by("part", "pk"))
    form, adding = DefaultsForm(row=row), AttendeeForm(initial={"part": Part.PRODUCT})
    if request.method == "POST":
        op = request.POST.get("op", "save")
        pairs = [(each.user_id, each.part) for each in usual]
        if op == "remove":
            kept = [pair for pair in pairs if str(pair[0]) != request.POST.get("user", "")]
            actions.save_defaults(actor=actor, team_id=team.pk, attendees=kept)
            return redirect(request.path)
        if op == "add":
            adding = AttendeeForm(request.POST)

            def add(data: dict[str, Any]) -> ReviewDefaults:
                more = [*pairs, (data["user"].pk, data["part"])]
                return actions.save_defaults(actor=actor, team_id=team.pk, attendees=more)

            saved = applied(adding, add)
        else:
            form = DefaultsForm(request.POST)

            def save(_data: dict[str, Any]) -> ReviewDefaults:
                return actions.save_defaults(actor=actor, team_id=team.pk, **form.values())

            saved = applied(form, save)
        if saved is not None:
            return redirect(request.path)
    context = {"team": team, "form": form, "adding": adding, "usual": usual}
    status = 422 if request.method == "POST" else 200
    return render(request, "postmortems/pages/defaults.html", context, status=status)

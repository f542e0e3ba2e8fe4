"""What follows from facts of lower rooms."""

from __future__ import annotations

from core import clock
from core.events import subscribe
from oncall.actions.handover import resume_returner, settle_leaver
from oncall.actions.policies import ensure_default
from oncall.events import LeaveChanged, OnCallChanged, PagesSent, ShiftRequestChanged
from oncall.live import push_change, push_leave, push_request
from oncall.notices import warn_about_leave
from oncall.telling import copy_to_shadows, tell_about_request
from teams.events import PersonDeactivated, PersonReactivated, TeamCreated


@subscribe(TeamCreated, name="oncall.default_policy")
def team_created(event: TeamCreated) -> None:
    """A new team can be paged from the start."""
    ensure_default(team_id=event.team_id, now=clock.now())


@subscribe(ShiftRequestChanged, name="oncall.shift_request_mail")
def shift_request_changed(event: ShiftRequestChanged) -> None:
    """Tell whoever may answer, or whoever waited for the answer."""
    tell_about_request(request_id=event.request_id, what=event.what, actor_id=event.actor_id, now=clock.now())


@subscribe(LeaveChanged, name="oncall.leave_warning")
def leave_changed(event: LeaveChanged) -> None:
    """Whoever looks after a rota learns at once that leave meets a shift."""
    warn_about_leave(clock.now(), event.user_id)


@subscribe(OnCallChanged, name="oncall.live")
def on_call_changed(event: OnCallChanged) -> None:
    """Open pages of the team show what is so now."""
    push_change(event.team_id, event.schedule_id, event.what)


@subscribe(LeaveChanged, name="oncall.live")
def leave_shown(event: LeaveChanged) -> None:
    """Open pages show who is away."""
    push_leave(event.user_id)


@subscribe(ShiftRequestChanged, name="oncall.live")
def request_shown(event: ShiftRequestChanged) -> None:
    """Open pages of the two people show where the request stands."""
    push_request(event.request_id, event.what)


@subscribe(PagesSent, name="oncall.shadow_copies")
def pages_sent(event: PagesSent) -> None:
    """Whoever learns along gets a copy."""
    copy_to_shadows(
        run_id=event.run_id, user_ids=[user for user, _label in event.users], step=event.step, now=clock.now()
    )


@subscribe(PersonDeactivated, name="oncall.leaver")
def person_deactivated(event: PersonDeactivated) -> None:
    """What was handed over is in place; nothing else waits for the person either."""
    settle_leaver(user_id=event.user_id, by=event.by, now=clock.now())


@subscribe(PersonReactivated, name="oncall.returner")
def person_reactivated(event: PersonReactivated) -> None:
    """Their leave counts again as their calendars have it."""
    resume_returner(user_id=event.user_id, now=clock.now())

"""Data for the components page alone: `{% load ui_samples %}{% samples as s %}`."""

from datetime import timedelta
from typing import Any

from django import forms, template

from core.clock import now

register = template.Library()

PEOPLE = [
    {"id": 1, "name": "Ada Moreau"},
    {"id": 2, "name": "Bo Lindqvist"},
    {"id": 3, "name": "Chidi Okafor"},
    {"id": 4, "name": "Dana Reyes"},
    {"id": 5, "name": "Emre Yıldız"},
    {"id": 6, "name": "Farah Haddad"},
    {"id": 7, "name": "Goran Petrović"},
]
TEAMS = [
    {"id": "t1", "name": "Payments"},
    {"id": "t2", "name": "Identity"},
    {"id": "t3", "name": "Data Platform"},
]


class SampleForm(forms.Form):
    """One field of every kind, bound with mistakes."""

    title = forms.CharField(label="Title", help_text="What customers would notice, in a few words.")
    service = forms.ChoiceField(label="Service", choices=[("", "Choose a service"), ("checkout", "Checkout")])
    email = forms.EmailField(label="E-mail")
    started = forms.DateTimeField(label="Impact started", required=False, widget=forms.DateTimeInput())
    summary = forms.CharField(label="Summary", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    visibility = forms.ChoiceField(
        label="Who may see it",
        widget=forms.RadioSelect,
        choices=[("open", "Everybody in the organisation"), ("team", "The team only")],
    )
    channels = forms.MultipleChoiceField(
        label="Tell me by",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("push", "Push"), ("sms", "Text message"), ("call", "Phone call")],
    )
    drill = forms.BooleanField(
        label="This is a drill", required=False, help_text="Pages invited people only."
    )


def _timeline() -> list[dict[str, Any]]:
    start = now()

    def row(seq: int, minutes: int, kind: str, author: int | None, text: str, **more: Any) -> dict[str, Any]:
        at = start - timedelta(minutes=minutes)
        person = None if author is None else PEOPLE[author]
        entry = {
            "seq": seq,
            "kind": kind,
            "author": person,
            "text": text,
            "happened_at": at,
            "written_at": at,
        }
        return {**entry, **more}

    return [
        row(
            9,
            3,
            "update_sent",
            3,
            "Card payments fail for about a third of customers in the EU. We have found the "
            "cause and are rolling back. Next update in 20 minutes.",
            audience="public",
        ),
        row(
            8,
            6,
            "decision",
            0,
            "Roll back checkout 2026.11.20-2 instead of a forward fix.\nThe fix needs a migration; "
            "the roll-back takes four minutes.",
            starred=True,
        ),
        row(
            7,
            9,
            "hypothesis",
            2,
            "The new connection pool closes idle sockets that the card gateway still uses.",
        ),
        row(6, 12, "change_event", None, "checkout 2026.11.20-2 deployed to eu-west", source="rule"),
        row(
            5,
            15,
            "note",
            1,
            "Error rate fell from 34 % to 31 % after draining eu-west-1b. Not enough.",
            written_at=start - timedelta(minutes=1),
            evidence_url="#graph",
        ),
        row(4, 21, "severity", 0, "Sev-2 → Sev-1: payments fail for all of the EU."),
        row(3, 22, "acknowledged", 0, "Acknowledged 4 min after the page; escalation stopped."),
        row(
            2,
            26,
            "escalated",
            None,
            "Step 2: nobody acknowledged within 5 min, paging Ada Moreau.",
            source="rule",
        ),
        row(1, 44, "declared", 1, "Card payments failing in the EU", starred=True),
    ]


@register.simple_tag
def samples() -> dict[str, Any]:
    """Everything the components page shows, relative to the present moment."""
    present = now()
    rows = [
        (418, "Card payments failing in the EU", 1, "identified", "Payments", 44),
        (417, "Sign-in e-mails arrive late", 2, "monitoring", "Identity", 187),
        (416, "Nightly export missed two partners", 3, "investigating", "Data Platform", 611),
        (415, "Elevated latency on search", None, "triage", "Data Platform", 4),
    ]
    return {
        "people": PEOPLE,
        "teams": TEAMS,
        "ranks": [0, 1, 2, 3, 4, None],
        "statuses": [
            "triage",
            "investigating",
            "identified",
            "monitoring",
            "resolved",
            "in_review",
            "closed",
            "declined",
            "merged",
        ],
        "conditions": [
            "operational",
            "degraded",
            "partial_outage",
            "unavailable",
            "bug",
            "maintenance",
            "unknown",
        ],
        "incidents": [
            {
                "number": number,
                "title": title,
                "severity": rank,
                "status": status,
                "team": {"id": team, "name": team},
                "lead": PEOPLE[number % 7] if rank is not None else None,
                "since": present - timedelta(minutes=minutes),
            }
            for number, title, rank, status, team, minutes in rows
        ],
        "timeline": _timeline(),
        "form": SampleForm({"wrong-title": "", "wrong-email": "ada@"}, prefix="wrong"),
        "clean_form": SampleForm(initial={"title": "Card payments failing", "started": present}),
        "soon": present + timedelta(minutes=3, seconds=41),
        "calm": present + timedelta(minutes=18),
        "late": present - timedelta(minutes=2, seconds=9),
        "since": present - timedelta(minutes=47, seconds=12),
        "yesterday": present - timedelta(days=1, hours=4),
        "status_choices": [("open", "Open", 4), ("triage", "Triage", 1), ("resolved", "Resolved", 32)],
        "severity_choices": [(str(rank), f"Sev-{rank}") for rank in range(5)],
        "tabs": [
            {"label": "Overview", "url": "#", "active": True},
            {"label": "Timeline", "url": "#", "count": 42},
            {"label": "Postmortem", "url": "#"},
        ],
    }

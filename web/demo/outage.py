"""The grave outage that runs in the demo: cards fail, five people work on it, customers and support wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from incidents import actions
from incidents.actions.playbooks import start_matching_by_number
from incidents.actions.task_states import tick_controls
from incidents.actions.updates import Facts
from incidents.models import Incident, Playbook, Runbook
from services.actions import record_change
from teams.actor import Actor, actor_for, system_actor

if TYPE_CHECKING:
    from web.demo.loader import Loaded

At = Callable[[float], dt.datetime]
RELEASE = "Release 2026.47"


class Cast:
    """Who does what in the outage, as actors."""

    def __init__(self, made: Loaded) -> None:
        self.people = made.people

    def __getitem__(self, name: str) -> Actor:
        return actor_for(self.people[name])

    def id(self, name: str) -> int:
        return self.people[name].pk


def tell(made: Loaded, incident: Incident, at: At) -> None:
    """From the acknowledge to the roll-back that is under way; `at`: minutes after the start."""
    cast, number = Cast(made), incident.number
    gateway, checkout = made.services["payment-gateway"].pk, made.services["checkout"].pk
    _declare(cast, number, [gateway, checkout], at)
    _people(cast, number, at)
    _first_look(cast, number, gateway, checkout, at)
    _words(cast, number, at)
    _causes(cast, number, at)
    _support(cast, number, at)
    _done(cast, number, at)
    _runbook(cast, number, at)
    _latest(cast, number, at)


def change(made: Loaded, at: At) -> None:
    """The release that went out just before."""
    record_change(
        actor=made.actor,
        service_id=made.services["payment-gateway"].pk,
        summary=f"{RELEASE}: new retry policy towards the card processor",
        source="deploy pipeline",
        happened_at=at(-11),
    )


def _declare(cast: Cast, number: int, services: list[int], at: At) -> None:
    ada = cast["responder"]
    actions.acknowledge(actor=ada, number=number, now=at(2))
    actions.set_status(actor=ada, number=number, status="investigating", now=at(3))
    actions.set_type(actor=ada, number=number, type_key="outage", now=at(3))
    actions.set_severity(
        actor=ada, number=number, severity=0, reason="More than half of all card payments fail", now=at(3.5)
    )
    start_matching_by_number(number, at(4), system_actor("Playbooks", via="rule"))
    actions.set_impact(
        actor=ada,
        number=number,
        impact="About 60 % of card payments fail at the last step; invoices and wallets work.",
        service_ids=services,
        now=at(4),
    )


def _done(cast: Cast, number: int, at: At) -> None:
    """What the record shows as done ends the tasks that ask for it, at that time."""
    lead, words = cast["manager"], cast["omar.haddad"]
    for minute, who, control in (
        (4.1, lead, "severity"),
        (4.2, lead, "command"),
        (5.1, lead, "role"),
        (8.6, words, "update_internal"),
        (8.7, words, "update_public"),
        (9.1, words, "update_executive"),
        (9.2, lead, "impact"),
        (10.1, words, "update_support"),
        (11.1, lead, "cause"),
        (12.1, lead, "criterion"),
        (21.1, lead, "status_identified"),
        (22.1, lead, "decision"),
    ):
        tick_controls(number=number, controls=[control], user_id=who.user_id, actor=who, now=at(minute))
    incident = Incident.objects.get(number=number)
    tasks = incident.tasks.filter(run__name="Microservice outage", shown=True)
    for task, minute in zip(tasks.filter(state="open", waits_for=None)[:4], (12.5, 13, 14, 16), strict=False):
        actions.finish_task(actor=cast["jonas.weber"], number=number, task_id=task.pk, now=at(minute))


def _runbook(cast: Cast, number: int, at: At) -> None:
    """The one for a provider that is down is at work, half done."""
    row = Runbook.objects.get(team=None, name="Third-party provider down")
    run = actions.start_runbook(actor=cast["jonas.weber"], number=number, runbook_id=row.pk, now=at(6.5))
    for key, minute in zip(run.version.step_keys[:4], (7, 7.5, 9.5, 13), strict=False):
        actions.tick_step(
            actor=cast["jonas.weber"], number=number, runbook_id=row.pk, key=key, now=at(minute)
        )


def _people(cast: Cast, number: int, at: At) -> None:
    maya = cast["manager"]
    roles = (
        ("commander", "manager", 4),
        ("communications", "omar.haddad", 5),
        ("scribe", "bo.tran", 6),
        ("expert", "jonas.weber", 7),
    )
    for role, who, minute in roles:
        actions.assign_role(actor=maya, number=number, role=role, user_id=cast.id(who), now=at(minute))
    actions.set_role_backup(
        actor=maya, number=number, role="commander", backup_id=cast.id("priya.nair"), now=at(8)
    )


def _first_look(cast: Cast, number: int, gateway: int, checkout: int, at: At) -> None:
    ada, maya, bo = cast["responder"], cast["manager"], cast["bo.tran"]
    playbook = Playbook.objects.get(name="Microservice outage")
    actions.start_playbook(actor=maya, number=number, playbook_id=playbook.pk, now=at(6))
    actions.add_impact(
        actor=bo,
        number=number,
        service_id=gateway,
        condition="unavailable",
        reach="half",
        regions=["Europe", "North America"],
        customers=4200,
        requests_failed=31_700,
        started_at=at(0),
        now=at(9),
    )
    actions.add_impact(
        actor=bo,
        number=number,
        service_id=checkout,
        condition="degraded",
        reach="half",
        regions=["Europe"],
        started_at=at(1),
        now=at(9.5),
    )
    answers = {
        "who_is_affected": "Everybody who pays by card, in the shop and in the apps. Asia is fine.",
        "information_compromised": ["Nothing"],
        "mitigation_under_way": f"Rolling back {RELEASE}; wallet is shown first.",
    }
    actions.set_fields(actor=bo, number=number, answers=answers, now=at(11))
    for kind, text, minutes in (
        ("alerts_clear", "", 10),
        ("services_healthy", "", 10),
        ("manual", "Card payments above 98 % in every region", 0),
    ):
        actions.add_criterion(actor=maya, number=number, kind=kind, text=text, minutes=minutes, now=at(12))
    actions.add_note(
        actor=ada,
        number=number,
        text="Time-outs only towards the card processor; our own side answers in 40 ms.",
        now=at(8),
    )


def _words(cast: Cast, number: int, at: At) -> None:
    omar = cast["omar.haddad"]
    facts = Facts(
        impact="About 60 % of card payments fail.",
        doing="Finding out why the processor does not answer.",
        needs="Nothing yet.",
        workaround="Paying by invoice or wallet works.",
    )
    texts = {
        "internal": "Card payments fail for more than half of customers. We are looking at the processor link.",
        "public": "Some card payments fail at the moment. Your basket is kept; paying by invoice or wallet works.",
    }
    actions.post_updates(
        actor=omar, number=number, texts=texts, facts=facts, next_update_in_minutes=20, now=at(8.5)
    )
    actions.post_update(
        actor=omar,
        number=number,
        audience="executive",
        text="Conditions: 60 % of card payments fail. Actions: all hands on the processor link. Needs: none yet.",
        next_update_in_minutes=60,
        now=at(9),
    )
    actions.set_support_words(
        actor=omar,
        number=number,
        say="Card payments fail for some customers. Please offer invoice or wallet; nobody is charged twice.",
        do_not_say="Do not name the card processor, and promise no time.",
        workaround="Choose invoice or wallet at the last step. The basket is kept.",
        now=at(10),
    )
    _decide(cast, number, at)
    actions.post_updates(
        actor=omar,
        number=number,
        texts={
            "internal": f"Cause found: the retry policy of {RELEASE} overloads our quota. Rolling back now.",
            "public": "We have found the cause and are putting it right. Some card payments still fail.",
        },
        next_update_in_minutes=45,
        now=at(24),
    )


def _decide(cast: Cast, number: int, at: At) -> None:
    actions.add_decision(
        actor=cast["manager"],
        number=number,
        question="Wait for the processor or roll back?",
        choice=f"Roll back {RELEASE}",
        who="Maya Okafor, with Jonas Weber",
        why="The way back is known and takes ten minutes; the processor's answer may take hours.",
        alternatives=["Wait for the processor's support", "Switch retries off by hand on each machine"],
        now=at(22),
    )


def _causes(cast: Cast, number: int, at: At) -> None:
    bo, jonas = cast["bo.tran"], cast["jonas.weber"]
    processor = actions.add_cause(
        actor=jonas,
        number=number,
        text="The card processor itself is down",
        owner_id=cast.id("jonas.weber"),
        now=at(10),
    )
    release = actions.add_cause(
        actor=bo,
        number=number,
        text=f"{RELEASE} retries without pause and uses up our quota",
        owner_id=cast.id("bo.tran"),
        now=at(14),
    )
    certificate = actions.add_cause(
        actor=jonas, number=number, text="Certificate towards the processor", now=at(11)
    )
    for cause, state, evidence, minute in (
        (certificate, "ruled_out", "Valid until March; checked from two machines.", 13),
        (
            processor,
            "ruled_out",
            "Their status page is green and a test payment from outside goes through.",
            16,
        ),
        (release, "testing", "429 answers rise with the first machine that got the release.", 17),
    ):
        actions.edit_cause(actor=jonas, number=number, cause_id=cause.pk, evidence=evidence, now=at(minute))
        actions.set_cause_state(
            actor=jonas, number=number, cause_id=cause.pk, state=state, now=at(minute + 0.2)
        )
    actions.set_cause_state(actor=bo, number=number, cause_id=release.pk, state="confirmed", now=at(20))
    actions.set_status(actor=cast["manager"], number=number, status="identified", now=at(21))


def _support(cast: Cast, number: int, at: At) -> None:
    sam = cast["support"]
    reports = (
        ("Nordlicht Möbel", "SD-4711", 12),
        ("Café Riva", "SD-4713", 15),
        ("", "", 18),
        ("Harbor Books", "SD-4720", 25),
        ("Atelier Lune", "SD-4722", 31),
    )
    for customer, ticket, minute in reports:
        actions.add_report(actor=sam, number=number, customer=customer, ticket=ticket, now=at(minute))
    question = actions.ask(
        actor=sam, number=number, text="Are customers charged when the payment fails at the end?", now=at(19)
    )
    actions.answer_question(
        actor=cast["omar.haddad"],
        number=number,
        question_id=question.pk,
        answer="No. Failed payments are released by the bank within a day.",
        now=at(23),
    )
    actions.ask(actor=sam, number=number, text="May we offer a voucher to those who ask?", now=at(32))


def _latest(cast: Cast, number: int, at: At) -> None:
    actions.add_note(
        actor=cast["responder"],
        number=number,
        text="Roll-back runs: 4 of 10 machines done, error rate falls to 35 %.",
        now=at(33),
    )

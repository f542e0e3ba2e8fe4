"""Thirty past incidents, told in `stories.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

# Who is paged, who commands and who helps, by team.
CAST = {
    "checkout": ("responder", "manager", "bo.tran"),
    "payments": ("jonas.weber", "priya.nair", "grace.kim"),
    "platform": ("leo.marchetti", "tess.walker", "wei.zhang"),
    "catalogue": ("ines.costa", "manager", "omar.haddad"),
}


@dataclass(frozen=True)
class Story:
    """One past incident. `days_ago` and `hour` (UTC) place it; `ack`, `known`, `mitigated`, `resolved`
    are minutes after its start."""

    days_ago: int
    hour: int
    title: str
    services: list[str]
    severity: int
    impact: str
    seen: str
    cause: str
    fix: str
    ack: int
    known: int
    mitigated: int
    resolved: int


def read() -> list[Story]:
    """All stories, the newest first."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return [Story(**row) for row in yaml.safe_load(text)]

"""The contributing factors every catalog begins with."""

from __future__ import annotations

from typing import Any

FACTORS: dict[str, tuple[str, ...]] = {
    "drift": (
        "Configuration differs between environments",
        "Changed by hand, never written down",
        "Secret or certificate expired",
    ),
    "change": ("Defect in new code", "Schema or data migration", "Change without a way back"),
    "external": ("Vendor outage", "Vendor answers slowly", "Vendor changed its interface"),
    "capacity": ("Limit reached", "Traffic above what was planned", "Scaling too slow"),
    "safeguard": (
        "No test for this case",
        "No canary or staged rollout",
        "No rollback procedure",
        "Backup not usable",
    ),
    "detection": ("No alert for this failure", "Alert reached nobody", "Dashboards depended on what failed"),
    "process": ("Two changes crossed each other", "Runbook missing or out of date", "Customers told late"),
    "human": ("Handover without context", "Long shift or night work", "Misleading tool or display"),
}


def fill(apps: Any) -> None:
    """Make the factors that are missing. `apps`: a registry, also that of a migration."""
    factor = apps.get_model("postmortems", "Factor")
    factor.objects.bulk_create(
        (factor(kind=kind, name=name, shipped=True) for kind, names in FACTORS.items() for name in names),
        ignore_conflicts=True,
    )

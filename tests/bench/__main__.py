"""`python -m tests.bench [a b c d e f g h i j k l]`: measure, print one table, write `bench-results/<time>.json`."""

from __future__ import annotations

import json
import os
import platform
import sys
import time

from tests.bench.ground import Ground

# Shared machines have slow hours: figures of two runs compare only beside this one.
REFERENCE = "two million additions in Python, ms"


def _reference() -> float:
    times = []
    for _again in range(5):
        started, total = time.perf_counter(), 0
        for number in range(2_000_000):
            total += number
        times.append(time.perf_counter() - started)
    return min(times) * 1000


def main(wanted: list[str]) -> None:
    ground = Ground()
    try:
        import django

        django.setup()
        from django.core.management import call_command

        from core import clock
        from tests.bench import catalog, mixed, public, rota, sections

        call_command("migrate", verbosity=0)
        every = (*sections.ALL, *rota.ALL, *mixed.ALL, *public.ALL, *catalog.ALL)
        known = dict(zip("abcdefghijkl", every, strict=True))
        unknown = set(wanted) - set(known)
        if unknown:
            raise SystemExit(f"Sections are {', '.join(known)}; not {', '.join(sorted(unknown))}.")
        rows: list[tuple[str, str, str]] = []
        for name in wanted or known:
            rows.append((f"{name} {REFERENCE}", f"{_reference():.0f}", ""))
            print(f"{name} {REFERENCE:<58} {rows[-1][1]:>14}", flush=True)
            for label, value, aim in known[name](ground):
                rows.append((f"{name} {label}", value, aim))
                print(f"{name} {label:<58} {value:>14}   {aim}", flush=True)
        folder = sections.RESULTS
        folder.mkdir(exist_ok=True)
        now = clock.now()
        path = folder / f"{now:%Y%m%dT%H%M%SZ}.json"
        machine = {
            "cpus": os.cpu_count(),
            "platform": platform.platform(),
            "python": platform.python_version(),
        }
        report = {"at": now.isoformat(), "machine": machine, "rows": rows}
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        print(f"written to {path.relative_to(folder.parent)}")
    finally:
        ground.close()


if __name__ == "__main__":
    main(sys.argv[1:])

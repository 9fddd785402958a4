#!/usr/bin/python3
"""The demo's report against the published figures."""
import datetime
import json
import pathlib
import sys

import report

data = pathlib.Path(__file__).resolve().parent.parent / "data" / "horizon"
passed = failed = 0


def check(name, good):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED {name}")


for want in json.loads((data / "expected_trend.json").read_text())["trend"]:
    rows = report.read(data / want["file"])[1]
    after, before = (datetime.date.fromisoformat(want[k]) for k in ("after", "before"))
    led = report.leaders(rows, after, before)
    name = f"{want['file']} {after}..{before}"
    check(f"{name}: leaders", [[str(r[0]), r[1], r[4]] for r in led] == want["sota"])
    check(f"{name}: doubling", abs(report.doubling_days(led) - want["doubling_days"]) < 1e-6)

made = report.report(data / "benchmark_results_1_1.2026-01.yaml")
check("at most 200 words", len(made["text"].split()) <= 200)
check("title fits", len(made["title"].encode()) <= 120)
check("form is whole", sorted(made["fields"]) == ["benchmark", "metric", "threshold", "value"])
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)

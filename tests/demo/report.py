#!/usr/bin/python3
"""Makes the text of an alert from published time-horizon results.

    report.py RESULTS.yaml            the report as JSON: title, text, fields

The trend is that of expected_trend.json: over the models that led when they
were released, log2 of the 50 % horizon in minutes against the day, by least
squares.
"""
import datetime
import json
import math
import sys

import yaml


def read(path):
    """[(release date, p50 minutes, low, high, model)], in order of release."""
    with open(path, encoding="utf-8") as f:
        doc = yaml.safe_load(f)
    rows = []
    for model, entry in doc["results"].items():
        p50 = entry["metrics"]["p50_horizon_length"]
        day = entry["release_date"]
        if isinstance(day, str):
            day = datetime.date.fromisoformat(day)
        rows.append((day, p50["estimate"], p50.get("ci_low"), p50.get("ci_high"), model))
    rows.sort(key=lambda row: (row[0], row[4]))
    return doc, rows


def leaders(rows, after, before):
    """The rows that are the best so far on their day, within the window."""
    best, out = 0.0, []
    window = [row for row in rows if after <= row[0] < before]
    for day in sorted({row[0] for row in window}):
        today = [row for row in window if row[0] == day]
        best = max([best] + [row[1] for row in today])
        out += [row for row in today if row[1] >= best]
    return out


def doubling_days(rows):
    """Least squares of log2(minutes) over days: days for one doubling."""
    xs = [row[0].toordinal() for row in rows]
    ys = [math.log2(max(row[1], 1e-3)) for row in rows]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    sxx = sum((x - mx) ** 2 for x in xs)
    sxy = sum((x - mx) * (y - my) for x, y in zip(xs, ys))
    return sxx / sxy


def minutes(value):
    hours, rest = divmod(round(value), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{value:.1f} min"


def report(path):
    doc, rows = read(path)
    window = datetime.date(2023, 1, 1), datetime.date(2030, 1, 1)
    led = leaders(rows, *window)
    newest, earlier = led[-1], led[-2]
    with_newest, without = doubling_days(led), doubling_days(led[:-1])
    lines = [
        f"{newest[4]} (released {newest[0]}) reaches a 50 % time horizon of "
        f"{minutes(newest[1])} on {doc['benchmark_name']} "
        f"(95 % interval {minutes(newest[2])} to {minutes(newest[3])}).",
        f"The best before it was {earlier[4]} ({earlier[0]}) with {minutes(earlier[1])}: "
        f"{newest[1] / earlier[1]:.2f} times as long, {(newest[0] - earlier[0]).days} days later.",
        "",
        "Leading models since 2023:",
    ]
    lines += [f"  {row[0]}  {minutes(row[1]):>12}  {row[4]}" for row in led]
    lines += [
        "",
        f"Doubling time since 2023: {with_newest:.1f} days "
        f"({without:.1f} days without the newest model).",
        "The whole results file is attached.",
    ]
    return {
        "title": f"50 % time horizon passed {minutes(earlier[1])}: now {minutes(newest[1])}",
        "text": "\n".join(lines),
        "fields": {
            "benchmark": doc["benchmark_name"],
            "metric": "p50_horizon_minutes",
            "threshold": f"{earlier[1]:.2f}",
            "value": f"{newest[1]:.2f}",
        },
    }


if __name__ == "__main__":
    json.dump(report(sys.argv[1]), sys.stdout, indent=1, ensure_ascii=False)
    print()

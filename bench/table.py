"""The table: a row for each comparison, and whether its bar is met."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.contenders import DOGWRAP
from bench.experiment import Comparison, Experiment, ratio

MIB = 1024 * 1024
MILLISECONDS = dict.fromkeys(("wall", "cpu", "exit", "import", "load"), (0.001, "ms"))
UNITS: dict[str, tuple[float, str]] = {
    **MILLISECONDS,
    "call": (1e-6, "us"),
    "peak": (MIB, "MiB"),
    "memory": (MIB, "MiB"),
    "size": (1000, "KB"),
    "instructions": (1e6, "M"),
    "faults": (1, ""),
    "calls": (1, ""),
    "switches": (1, ""),
}
TIMES = (1.0, "x")

Row = dict[str, Any]


def show(values: list[float], unit: tuple[float, str], sign: str = "") -> str:
    """The median, and the extremes when there is more than one value."""
    scale, name = unit
    inverted = unit is TIMES and 0 < median(values) < 0.1 and min(values) > 0
    digits = ".0f" if not name else ".2f"

    def shown(value: float) -> str:
        return f"1/{1 / value:.1f}" if inverted else f"{value / scale:{sign}{digits}}"

    middle = f"{shown(median(values))} {name}".rstrip()
    return f"{middle} ({shown(min(values))} .. {shown(max(values))})" if len(values) > 1 else middle


def judge(experiment: Experiment, comparison: Comparison) -> Row:
    """One row, with the numbers it is made from."""
    figure, against, how, limit = comparison.figure, comparison.against, comparison.how, comparison.limit
    row: Row = {
        "experiment": experiment.title,
        "figure": figure,
        "against": against,
        "limit": limit,
        "verdict": "NOT MEASURED",
    }
    if figure not in experiment.samples.get(DOGWRAP, {}):
        return {**row, "ours": experiment.problems.get(DOGWRAP, "")}
    compared = ours = experiment.samples[DOGWRAP][figure]
    row["ours"] = show(ours, UNITS[figure])
    unit, sign = (TIMES, "") if how is ratio else (UNITS[figure], "+" if how else "")
    if against:
        if figure not in experiment.samples.get(against, {}):
            return {**row, "theirs": experiment.problems.get(against, "not measured")}
        theirs = experiment.samples[against][figure]
        if how is ratio and min(theirs) <= 0:
            return {**row, "theirs": show(theirs, UNITS[figure]), "verdict": ""}
        compared = list(map(how, ours, theirs)) if how else ours
        row.update(theirs=show(theirs, UNITS[figure]), shown=show(compared, unit, sign))
    row.update(compared=compared, verdict="")
    if limit is not None:
        row.update(bar=f"<= {show([limit], unit, sign)}", verdict="met" if median(compared) <= limit else "missed")
    return row


def print_table(rows: list[Row]) -> None:
    layout = "  {:12} {:31} {:22} {:36} {:30} {:13} {}"
    print(layout.format("", DOGWRAP, "against", "which takes", "so dogwrap is", "bar", "").rstrip())
    for above, row in zip([{}, *rows], rows, strict=False):
        if row["experiment"] != above.get("experiment"):
            print(row["experiment"])
        columns = (row.get(name) or "" for name in ("figure", "ours", "against", "theirs", "shown", "bar", "verdict"))
        print(layout.format(*columns).rstrip())

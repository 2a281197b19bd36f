"""The experiments that are timed run by run: what a run of nothing, one event, and much output costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.contenders import (
    CHRONIC,
    DOGWRAP,
    ORIGINAL,
    ORIGINAL_POLLING_FAST,
    PIPELINE,
    RUNSTAT,
    SENTRY,
    SHELL,
    Contender,
)
from bench.experiment import Comparison, Experiment, difference, ratio

MIB = 1024 * 1024
BLOCK_BYTES = 10_000_000
LINE_BYTES = 80
SECONDS_OF_THE_ORIGINAL = 300.0

Everybody = dict[str, Contender]


def only(everybody: Everybody, *names: str) -> Everybody:
    return {name: everybody[name] for name in names}


def nothing_to_send(everybody: Everybody) -> Experiment:
    originals = (ORIGINAL_POLLING_FAST, ORIGINAL)
    others = (RUNSTAT, CHRONIC, SENTRY)
    comparisons = [
        Comparison("wall", SHELL, difference, limit=0.002),
        *(Comparison("wall", name, ratio) for name in (*others, *originals)),
        Comparison("cpu", SHELL, difference),
        *(Comparison("cpu", name, ratio) for name in others),
        *(Comparison("cpu", name, ratio, limit=1 / 60) for name in originals),
        Comparison("peak", limit=16 * MIB),
        *(Comparison("peak", name, ratio) for name in (*others, ORIGINAL)),
        Comparison("faults", SHELL, difference),
        *(Comparison("faults", name, ratio) for name in (*others, ORIGINAL)),
    ]
    return Experiment(
        "`true`, nothing to send (sentry-cli always sends)",
        only(everybody, SHELL, DOGWRAP, *others, *originals),
        comparisons,
    )


def one_event(everybody: Everybody) -> Experiment:
    comparisons = [
        Comparison("exit", limit=0.005),
        Comparison("exit", SHELL, difference),
        *(Comparison("exit", name, ratio) for name in (SENTRY, ORIGINAL_POLLING_FAST)),
        *(Comparison("wall", name, ratio) for name in (SENTRY, ORIGINAL_POLLING_FAST)),
    ]
    return Experiment(
        "one event sent on loopback (sentry-cli: two check-ins)",
        only(everybody, SHELL, DOGWRAP, SENTRY, ORIGINAL_POLLING_FAST),
        comparisons,
        "date +%s%N",
        report=True,
        printed_bytes=20,
        tells_end=True,
    )


def throughput(everybody: Everybody, megabytes: int) -> Iterator[Experiment]:
    blocks = max(2, megabytes * 1_000_000 // BLOCK_BYTES // 2 * 2)
    size, half = blocks * BLOCK_BYTES, "cat" + " lines" * (blocks // 2)
    shapes = {
        f"{LINE_BYTES}-byte lines": "cat" + " lines" * blocks,
        "one line": "cat" + " one-line" * blocks,
        "lines on both streams": f"{half} >&2 & {half}; wait",
    }
    comparisons = [
        Comparison("wall", PIPELINE, ratio, limit=1.15),
        *(Comparison("wall", name, ratio) for name in (RUNSTAT, CHRONIC, SENTRY)),
        Comparison("cpu", PIPELINE, ratio),
        *(Comparison("cpu", name, ratio) for name in (CHRONIC, SENTRY)),
        Comparison("peak", limit=20 * MIB),
        *(Comparison("peak", name, ratio) for name in (CHRONIC, SENTRY)),
    ]
    compared = only(everybody, PIPELINE, DOGWRAP, RUNSTAT, CHRONIC, SENTRY)
    for shape, command in shapes.items():
        for destination, to_pipe in (("a pipe", True), ("a file", False)):
            title = f"{size // 1_000_000} MB, {shape}, to {destination}"
            yield Experiment(title, compared, comparisons, command, printed_bytes=size, to_pipe=to_pipe)


def lines_under_the_original(everybody: Everybody, megabytes: int) -> Experiment:
    """As much as the original can be asked for: its time grows with the square of the number of lines."""
    size = megabytes * 1_000_000
    return Experiment(
        f"{megabytes} MB, {LINE_BYTES}-byte lines, to a pipe, under the original",
        only(everybody, DOGWRAP, ORIGINAL_POLLING_FAST),
        [Comparison(figure, ORIGINAL_POLLING_FAST, ratio) for figure in ("wall", "cpu", "peak")],
        f"head -c {size} lines",
        printed_bytes=size,
        limit=SECONDS_OF_THE_ORIGINAL,
    )


def prepare(directory: Path) -> None:
    """Makes the files that commands print."""
    (directory / "lines").write_bytes((b"x" * (LINE_BYTES - 1) + b"\n") * (BLOCK_BYTES // LINE_BYTES))
    (directory / "one-line").write_bytes(b"x" * BLOCK_BYTES)

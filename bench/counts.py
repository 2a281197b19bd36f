"""Counts that do not depend on the machine's speed: system calls and instructions of a wrapper without its command."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from bench.contenders import (
    CHRONIC,
    DOGWRAP,
    ORIGINAL_POLLING_FAST,
    RUNSTAT,
    SENTRY,
    SHELL,
    Contender,
    located,
)
from bench.experiment import Comparison, Experiment, difference, ratio
from bench.experiments import BLOCK_BYTES, Everybody, only
from bench.process import RunError, end_children

LIMIT = 300.0
COUNTED_BLOCKS = 10
MEGABYTES = COUNTED_BLOCKS * BLOCK_BYTES / 1e6

Count = Callable[[list[str], dict[str, str]], float]


def counts(everybody: Everybody, simulate_all: bool, environment: dict[str, str]) -> list[Experiment]:
    """Runs with nothing to send and with an event. Interpreters are simulated only if that is asked for: it is slow."""
    others = (SHELL, RUNSTAT, CHRONIC, SENTRY, ORIGINAL_POLLING_FAST)
    quick = (DOGWRAP, SHELL, RUNSTAT, SENTRY)
    found = []
    for report, title in ((False, "counts of `true`, nothing to send"), (True, "counts of `true`, one event")):
        compared = only(everybody, DOGWRAP, *(others if not report else (SENTRY, ORIGINAL_POLLING_FAST)))
        simulated = compared if simulate_all else only(compared, *(name for name in quick if name in compared))
        experiment = Experiment(title, compared, rows(compared, simulated), report=report)
        for name, contender in compared.items():
            add(experiment, name, "calls", system_calls, contender, environment)
            if name in simulated:
                add(experiment, name, "instructions", instructions, contender, environment)
        found.append(experiment)
    return [*found, of_a_megabyte(everybody, environment)]


def rows(compared: Everybody, simulated: Everybody) -> list[Comparison]:
    return [
        Comparison(figure, name, difference if name == SHELL else ratio)
        for figure, counted in (("calls", compared), ("instructions", simulated))
        for name in counted
        if name != DOGWRAP
    ]


def add(
    experiment: Experiment, name: str, figure: str, count: Count, contender: Contender, environment: dict[str, str]
) -> None:
    """Adds a count to an experiment, or why there is none."""
    if not contender.is_there:
        experiment.problems[name] = f"there is no {Path(contender.program).name}"
        return
    try:
        experiment.add(name, {figure: count(contender.argv(experiment.command, experiment.report), environment)})
    except RunError as failure:
        experiment.problems[name] = str(failure)


def of_a_megabyte(everybody: Everybody, environment: dict[str, str]) -> Experiment:
    """What each megabyte of lines adds to a run."""
    comparisons = [Comparison("calls"), Comparison("instructions")]
    title = f"counts of a megabyte of lines, of {MEGABYTES:.0f}"
    experiment = Experiment(title, only(everybody, DOGWRAP), comparisons)
    dogwrap = everybody[DOGWRAP]
    for figure, count in (("calls", system_calls), ("instructions", instructions)):
        try:
            lines = count(dogwrap.argv("cat" + " lines" * COUNTED_BLOCKS), environment)
            nothing = count(dogwrap.argv("true"), environment)
            experiment.add(DOGWRAP, {figure: (lines - nothing) / MEGABYTES})
        except RunError as failure:
            experiment.problems[DOGWRAP] = str(failure)
    return experiment


def traced(argv: list[str], environment: dict[str, str]) -> None:
    """Runs a program under a tool, without its output."""
    if not os.path.isabs(argv[0]):
        raise RunError(f"there is no {argv[0]}")
    try:
        nowhere = subprocess.DEVNULL
        subprocess.run(argv, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere, timeout=LIMIT, check=True)
    except (OSError, subprocess.SubprocessError) as failure:
        raise RunError(f"{Path(argv[0]).name}: {failure}") from None
    finally:
        end_children()


def system_calls(argv: list[str], environment: dict[str, str]) -> float:
    """Of every process until it becomes another program; the first is the wrapper from its own `execve` on."""
    traced([located("strace"), "-f", "-qq", "-o", "calls", *argv], environment)
    total, wrapper, commands = 0, "", set[str]()
    for line in Path("calls").read_text(errors="replace").splitlines():
        process, call = line.split(maxsplit=1)
        wrapper = wrapper or process
        if process in commands or call.startswith(("+++", "---")):
            continue
        # A call during which another thread's is shown has two lines.
        total += not call.startswith("<...")
        if "execve" in call and call.endswith("= 0") and (process != wrapper or total > 1):
            commands.add(process)
    return total


def instructions(argv: list[str], environment: dict[str, str]) -> float:
    """Of the wrapper's process with all its threads, without what it starts."""
    simulator = [located("valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-file=instructions"]
    traced([*simulator, *argv], environment)
    found = re.findall(r"Collected : (\d+)", Path("instructions").read_text())
    if not found:
        raise RunError("valgrind has counted nothing")
    return float(found[-1])

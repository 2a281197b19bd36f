"""An experiment: commands that do the same work, run in turn, and what is to be learned from them."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.contenders import DOGWRAP, Contender
from bench.loopback import ReportHandler, Sink
from bench.process import RunError, Sample, end_children, time_run

difference, ratio = operator.sub, operator.truediv

SECONDS_PER_RUN = 60.0
SLOW_SECONDS = 2.0
"""Who takes longer takes part in a few rounds only."""
SLOW_ROUNDS = 3


@dataclass(frozen=True)
class Comparison:
    """A row: one figure of dogwrap, itself or against another contender's, and the most it may be."""

    figure: str
    against: str | None = None
    how: Callable[[float, float], float] | None = None
    limit: float | None = None


@dataclass
class Experiment:
    """What is done by whom, and the figures."""

    title: str
    contenders: dict[str, Contender]
    comparisons: Sequence[Comparison]
    command: str = "true"
    report: bool = False
    printed_bytes: int = 0
    to_pipe: bool = True
    tells_end: bool = False
    """Whether what the command prints is the moment of its end."""
    limit: float = SECONDS_PER_RUN
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    """Why there are no figures of a contender."""

    def add(self, contender: str, sample: Sample) -> None:
        for figure, value in sample.items():
            self.samples.setdefault(contender, {}).setdefault(figure, []).append(value)

    @property
    def failed(self) -> bool:
        """Whether what we are to show is not there. That another contender fails is said in its row."""
        return DOGWRAP in self.problems


def perform(experiment: Experiment, rounds: int, environment: dict[str, str], memory: Path) -> None:
    """Fills in the samples of the contenders that exist. The first round warms the caches and is not kept."""
    left: dict[str, int] = {}
    for name, contender in experiment.contenders.items():
        if not contender.is_there:
            experiment.problems[name] = f"there is no {Path(contender.program).name}"
        elif first := attempt(experiment, name, environment, memory):
            slow = first["wall"] > SLOW_SECONDS
            left[name] = min(rounds, SLOW_ROUNDS) if slow else rounds
            if rounds == 1:
                experiment.add(name, first)
                left[name] = 0
    for round_number in range(rounds):
        for name in left:
            if round_number < left[name] and (sample := attempt(experiment, name, environment, memory)):
                experiment.add(name, sample)


def attempt(experiment: Experiment, name: str, environment: dict[str, str], memory: Path) -> Sample | None:
    """One run, unless one of this contender has failed before."""
    if name in experiment.problems:
        return None
    try:
        return run_once(experiment, experiment.contenders[name], environment, memory)
    except RunError as failure:
        experiment.problems[name] = str(failure)
        experiment.samples.pop(name, None)
        return None


def run_once(experiment: Experiment, contender: Contender, environment: dict[str, str], memory: Path) -> Sample:
    """Runs a contender, and checks that it did its work."""
    sink = Sink() if experiment.to_pipe else None
    file = memory / "output"
    output = sink.entrance if sink else os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    reports_before = ReportHandler.received[contender.reports_to]
    with ExitStack() as after:
        if sink:
            after.callback(sink.join)
        after.callback(os.close, output)
        after.callback(end_children)
        argv = contender.argv(experiment.command, experiment.report)
        sample, ended = time_run(argv, environment, output, experiment.limit)
    printed = sink.count if sink else file.stat().st_size
    if printed != (expected := experiment.printed_bytes if contender.shows_success else 0):
        raise RunError(f"{printed} bytes came out, not {expected}")
    if experiment.tells_end and sink:
        sample["exit"] = (ended - int(sink.last)) / 1e9
    reports = ReportHandler.received[contender.reports_to] - reports_before
    if reports != (contender.reports if experiment.report or contender.always_reports else 0):
        raise RunError(f"{reports} reports came")
    return sample

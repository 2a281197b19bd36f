"""What is no run of a command: the rules as a component in other programs, and sizes of files."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from bench.contenders import DOGWRAP
from bench.experiment import Comparison, Experiment

CHECKOUT = Path(__file__).resolve().parent.parent
RULES_LIMIT = 300.0


def rules_inside(title: str, program: list[str], limits: dict[str, float | None]) -> Experiment:
    """A program that loads the rules measures itself: it prints a JSON object of lists of seconds."""
    experiment = Experiment(title, {}, [Comparison(figure, limit=limit) for figure, limit in limits.items()])
    try:
        run = subprocess.run(program, cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=RULES_LIMIT)
        measured = json.loads(run.stdout)
        experiment.samples[DOGWRAP] = {figure: measured[figure] for figure in limits}
    except subprocess.CalledProcessError as failure:
        experiment.problems[DOGWRAP] = f"{Path(program[0]).name} gives no figures, but exit status {failure.returncode}"
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError, KeyError) as failure:
        experiment.problems[DOGWRAP] = f"{Path(program[0]).name} gives no figures: {failure}"
    return experiment


def file_size(title: str, file: str | Path, limit: int | None = None) -> Experiment:
    experiment = Experiment(title, {}, [Comparison("size", limit=limit)])
    try:
        experiment.add(DOGWRAP, {"size": Path(file).stat().st_size})
    except OSError:
        experiment.problems[DOGWRAP] = f"there is no {file}"
    return experiment


def compiled_size(title: str, compiler: str, component: str) -> Experiment:
    """What is in the program cannot be told from the rest of it, so it is compiled once more, in the same way."""
    copy = Path("compiled.wasm")
    try:
        shutil.copy(component, copy)
        subprocess.run([compiler, str(copy)], check=True, capture_output=True, timeout=RULES_LIMIT)
    except (OSError, subprocess.SubprocessError) as failure:
        return Experiment(title, {}, [Comparison("size")], problems={DOGWRAP: f"not compiled: {failure}"})
    return file_size(title, copy.with_suffix(".cwasm"))

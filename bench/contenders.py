"""Who is compared: how each of them wraps a command of a shell, as near as it comes to what dogwrap does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SHELL = "sh"
PIPELINE = "sh -c 'CMD | cat'"
DOGWRAP = "dogwrap"
ORIGINAL = "original"
ORIGINAL_POLLING_FAST = "original, poll 0.01 s"
CHRONIC = "chronic"
RUNSTAT = "runstat"
SENTRY = "sentry-cli"


@dataclass(frozen=True)
class Contender:
    """A program that runs a command, and reports it or not."""

    program: str
    wrap: Callable[[str, bool], list[str]]
    """The words after the program for a command, and for whether its success is reported."""
    reports_to: bytes = b""
    """The path that a report is sent to; empty if it has none to send."""
    reports: int = 0
    """How many requests a report is."""
    always_reports: bool = False
    shows_success: bool = True
    """Whether the output of a command that succeeds comes out."""

    @property
    def is_there(self) -> bool:
        return os.access(self.program, os.X_OK)

    def argv(self, command: str, report: bool = False) -> list[str]:
        return [self.program, *self.wrap(command, report)]


def dogwrap(program: str, api: str, *options: str) -> Contender:
    """Ours or the original: they have the same command line, and submit one event."""

    def words(command: str, report: bool) -> list[str]:
        mode = ["-m", "all"] if report else []
        return ["-n", "bench", "-k", "key", "-s", f"http://{api}", *mode, *options, command]

    return Contender(program, words, reports_to=b"/api/v1/events", reports=1)


def contenders(program: str, original: str, sentry: str, api: str) -> dict[str, Contender]:
    """All of them, whether they are there or not. `chronic` and `runstat` report to mail or a file, never to an API."""

    def shell(command: str, _: bool) -> list[str]:
        return ["-c", command]

    def through_shell(*words: str) -> Callable[[str, bool], list[str]]:
        return lambda command, _: [*words, "/bin/sh", "-c", command]

    def pipeline(command: str, _: bool) -> list[str]:
        return ["-c", f"{{ {command}; }} 2>&1 | cat"]

    return {
        SHELL: Contender("/bin/sh", shell),
        PIPELINE: Contender("/bin/sh", pipeline),
        DOGWRAP: dogwrap(program, api),
        RUNSTAT: Contender(located("runstat"), through_shell("-f", "statistics")),
        CHRONIC: Contender(located("chronic"), through_shell(), shows_success=False),
        SENTRY: Contender(
            sentry,
            through_shell("monitors", "run", "bench", "--"),
            reports_to=b"/api/1/envelope/",
            reports=2,
            always_reports=True,
        ),
        ORIGINAL_POLLING_FAST: dogwrap(original, api, "--proc_poll_interval", "0.01"),
        ORIGINAL: dogwrap(original, api),
    }


def environment(directory: str, api: str) -> dict[str, str]:
    """The variables of every run: nothing in it is the user's."""
    return {
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C",
        "HOME": directory,
        "XDG_STATE_HOME": str(Path(directory) / "state"),
        "DD_HOSTNAME": "bench",
        "SENTRY_DSN": f"http://key@{api}/1",
    }


def located(name: str) -> str:
    """Where a program of the system is, or its name if it is not there."""
    return shutil.which(name) or name

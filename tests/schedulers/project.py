"""Where the project's files and built programs are, and the programs of others that a test needs."""

import os
import re
import shutil
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOGWRAP = Path(os.environ.get("DOGWRAP") or ROOT / "target/bin/dogwrap")
REPORT = Path(os.environ.get("DOGWRAP_REPORT") or ROOT / "target/components/dogwrap-report.wasm")


def program(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, and says which package has it."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise unittest.SkipTest(f"SKIPPED: there is no {name}; Debian's package {package} has it")
    return path


def needs_root(what: str) -> None:
    if os.geteuid() != 0:
        raise unittest.SkipTest(f"SKIPPED: only root can {what}")


def snippet(heading: str) -> str:
    """The first fenced block below a heading of the README."""
    text = (ROOT / "README.md").read_text()
    found = re.search(rf"^#+ {re.escape(heading)}\n[^#]*?^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"the README has no section '{heading}' with a fenced block")
    return found[1]


def executable(path: Path, script: str) -> Path:
    """Makes a shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path

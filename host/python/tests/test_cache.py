"""Native code that was compiled once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE

LOAD = """
import time, dogwrap, dogwrap._component
start = time.perf_counter()
dogwrap._component.load()
print(time.perf_counter() - start)
assert dogwrap.Reporter(site="us1").judge(job="job", outcome=dogwrap.Exited(1), duration=0).alert_type == "error"
"""


def load(cache: Path) -> float:
    """Loads the component in a fresh process, and returns how long that took, in seconds."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-c", LOAD]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE)
    return float(done.stdout)


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    compiling = load(tmp_path)
    [code] = (tmp_path / "dogwrap").iterdir()
    written = code.stat()
    assert sorted(load(tmp_path) for _ in range(3))[1] < compiling / 4
    assert code.stat().st_mtime_ns == written.st_mtime_ns and code.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "dogwrap").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("trouble", ["garbage", "empty", "cut"])
def test_a_cache_that_cannot_be_loaded_is_replaced(tmp_path: Path, trouble: str) -> None:
    load(tmp_path)
    [code] = (tmp_path / "dogwrap").iterdir()
    good = code.read_bytes()
    code.write_bytes({"garbage": b"\x7fELF" + os.urandom(1000), "empty": b"", "cut": good[: len(good) // 2]}[trouble])
    load(tmp_path)
    assert [path.name for path in (tmp_path / "dogwrap").iterdir()] == [code.name]
    assert len(code.read_bytes()) == len(good)


@pytest.mark.parametrize("trouble", ["writable directory", "symbolic link", "writable file"])
def test_what_others_can_write_is_not_run(tmp_path: Path, trouble: str) -> None:
    directory = tmp_path / "dogwrap"
    if trouble == "writable directory":
        directory.mkdir()
        directory.chmod(0o777)
    elif trouble == "symbolic link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        directory.symlink_to(tmp_path / "elsewhere")
    else:
        load(tmp_path)
        [code] = directory.iterdir()
        code.chmod(0o666)
        inode = code.stat().st_ino
    load(tmp_path)
    if trouble == "writable file":
        assert code.stat().st_ino != inode and code.stat().st_mode & 0o777 == 0o600
    else:
        assert list(directory.iterdir()) == []

"""Directories that are this user's alone, so that nobody else can put something in our way."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


class Unusable(OSError):
    """A directory that is not to be used. The text says why, for people."""


def words(error: OSError) -> str:
    """What has failed, in the words of the system."""
    return (error.strerror or str(error) or type(error).__name__).lower()


def base(variable: str, fallback: str) -> Path | None:
    """A base directory by the XDG Base Directory Specification; none where neither it nor HOME is an absolute path."""
    for path in (os.environ.get(variable, ""), os.path.join(os.environ.get("HOME", ""), fallback)):
        if os.path.isabs(path):
            return Path(path)
    return None


def open_private(path: Path) -> int:
    """Opens the directory at `path`, which is made for its owner alone if it is not there. Returns its descriptor."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            _make(path)
            descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            raise Unusable("is no directory, or a symbolic link") from None
        raise Unusable(f"cannot be opened: {words(error)}") from None
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid():
            raise Unusable("belongs to another user")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise Unusable("can be written by others: chmod go-w is missing")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _make(path: Path) -> None:
    for directory in (*reversed(path.parents), path):
        try:
            os.mkdir(directory, 0o700)
        except OSError:
            if not directory.is_dir():
                raise

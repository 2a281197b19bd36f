"""The state directory: files that are whole or not there, the same for every program that these rules are in."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from ._directories import Unusable, base, open_private

# Where requests wait, and where those are that the API will never take.
SPOOL = "spool"
SET_ASIDE = "set_aside"

_LOCK = "delivery.lock"

# What the name of a file ends with until it is whole, and after how many seconds nobody will finish it any more.
_UNFINISHED = ".unfinished"
_ABANDONED = 60 * 60


def location(spool_dir: str | os.PathLike[str] | None) -> Path:
    """Where the state directory is, or is to be. Raises `Unusable` where no place for it is known."""
    if spool_dir is not None:
        return Path(spool_dir).absolute()
    if os.path.isabs(os.environ.get("XDG_STATE_HOME", "")):
        return Path(os.environ["XDG_STATE_HOME"]) / "dogwrap"
    if os.geteuid() == 0:
        return Path("/var/lib/dogwrap")
    home = base("XDG_STATE_HOME", ".local/state")
    if home is None:
        raise Unusable("there is no state directory: neither XDG_STATE_HOME nor HOME is an absolute path")
    return home / "dogwrap"


class State:
    """The state directory, while it is open. Paths are those in it: a directory, a slash, and a name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._descriptor = open_private(path)
        except Unusable as error:
            raise Unusable(f"the state directory '{path}' {error}") from None

    def __enter__(self) -> State:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._descriptor)

    def shown(self, path: str) -> str:
        """Where a file is, for people."""
        return f"{self._path}/{path}"

    def names(self, directory: str) -> list[str]:
        """The names of whole files in a directory, sorted; none when it is not there."""
        return [name for name in self._all_names(directory) if not name.endswith(_UNFINISHED)]

    def sizes(self, directory: str) -> list[tuple[str, int]]:
        """The names of whole files in a directory, and their sizes in bytes."""
        sizes = []
        for name in self.names(directory):
            with suppress(FileNotFoundError):
                found = os.stat(f"{directory}/{name}", dir_fd=self._descriptor, follow_symlinks=False)
                sizes.append((name, found.st_size))
        return sizes

    def read(self, path: str) -> str | None:
        """The content of a file; none of what cannot be read. What is no file, such as a pipe, is not waited for."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with open(os.open(path, flags, dir_fd=self._descriptor), "rb") as file:
                is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
                return file.read().decode(errors="replace") if is_file else None
        except OSError:
            return None

    def write(self, path: str, content: str) -> None:
        """Writes a file that is whole and on the disk under its name, or else not there, or what it was before."""
        directory = os.path.dirname(path)
        unfinished = f"{path}.{os.urandom(8).hex()}{_UNFINISHED}"
        try:
            with open(self._create(unfinished, directory), "wb") as file:
                file.write(content.encode())
                file.flush()
                os.fsync(file.fileno())
            os.rename(unfinished, path, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except OSError:
            # Whatever is left of it is no use to anybody. A full disk is glad of it.
            with suppress(OSError):
                os.unlink(unfinished, dir_fd=self._descriptor)
            raise
        with self._opened(directory) as descriptor:
            os.fsync(descriptor)

    def rename(self, old: str, new: str) -> bool:
        """Renames a file. Returns whether it was there."""
        try:
            os.rename(old, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except FileNotFoundError:
            return False
        return True

    def remove(self, path: str) -> bool:
        """Removes a file. Returns whether it was there."""
        try:
            os.unlink(path, dir_fd=self._descriptor)
        except FileNotFoundError:
            return False
        return True

    def remove_abandoned(self, directory: str) -> None:
        """Removes files that somebody began and did not live to finish."""
        for name in self._all_names(directory):
            if name.endswith(_UNFINISHED):
                with suppress(OSError):
                    found = os.stat(f"{directory}/{name}", dir_fd=self._descriptor, follow_symlinks=False)
                    if time.time() - found.st_mtime > _ABANDONED:
                        self.remove(f"{directory}/{name}")

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Tries to hold the lock that deliverers hold, and says whether it does. Nobody is waited for."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(_LOCK, flags, 0o600, dir_fd=self._descriptor)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
            else:
                try:
                    yield True
                finally:
                    # Closing it is not enough: a child that was forked meanwhile has it open as well.
                    fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)

    def _create(self, path: str, directory: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o600, dir_fd=self._descriptor)
        except FileNotFoundError:
            with suppress(FileExistsError):
                os.mkdir(directory, 0o700, dir_fd=self._descriptor)
            return os.open(path, flags, 0o600, dir_fd=self._descriptor)

    @contextmanager
    def _opened(self, directory: str) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(directory, flags, dir_fd=self._descriptor)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _all_names(self, directory: str) -> list[str]:
        try:
            with self._opened(directory) as descriptor:
                return sorted(os.listdir(descriptor))
        except FileNotFoundError:
            return []

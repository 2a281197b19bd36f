"""What the tests share: an API on loopback, and an environment without anything of this machine's."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

KEY = "0123456789abcdef0123456789abcdef"

# Longer than anything takes on a machine that is busy. Nothing waits as long unless it has failed.
PATIENCE = 30.0


class Received(NamedTuple):
    """A request that the API has got."""

    path: str
    headers: dict[str, str]
    body: Any


class Api:
    """Datadog's API, as far as it matters: it accepts everything, unless it is told what to answer next."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[int] = []
        self.words = b'{"status":"ok"}'
        self.headers: dict[str, str] = {}
        self._arrived = threading.Condition()
        self._released = threading.Event()
        self._released.set()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = api._receive(Received(self.path, headers, body))
                self.send_response(status)
                for name, value in api.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(api.words)))
                self.end_headers()
                self.wfile.write(api.words)

            def log_message(self, *_: Any) -> None:
                """Nothing: a test that fails shows what was received."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """Nothing: clients that were killed are part of the tests."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def events(self) -> list[Any]:
        return [request.body for request in self.received if request.path == "/api/v1/events"]

    @property
    def titles(self) -> list[str]:
        return [event["title"] for event in self.events]

    def hang(self) -> None:
        """From now on, requests are read and never answered."""
        self._released.clear()

    def release(self) -> None:
        """Answers what was held back, and everything after."""
        self._released.set()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Waits until requests have arrived that make the condition hold."""
        with self._arrived:
            assert self._arrived.wait_for(condition, PATIENCE), f"received: {self.received}"

    def close(self) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _receive(self, request: Received) -> int:
        with self._arrived:
            self.received.append(request)
            status = self.answers.pop(0) if self.answers else 202
            self._arrived.notify_all()
        self._released.wait(PATIENCE)
        return status


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    api.close()


@pytest.fixture
def unreachable() -> str:
    """The URL of a port where nobody listens."""
    api = Api()
    api.close()
    return api.url


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for all, so that the component is compiled once."""
    path = tmp_path_factory.mktemp("cache")
    old = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(path)
    yield path
    if old is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = old


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The state directory; and nothing in the environment that matters, but for a name of this machine."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("DD_", "DATADOG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DD_HOSTNAME", "machine")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "dogwrap"


@pytest.fixture(scope="session")
def native() -> str:
    """The program `dogwrap`."""
    path = os.environ.get("DOGWRAP", "")
    if not os.access(path, os.X_OK):
        pytest.skip("SKIPPED: there is no program in DOGWRAP, so nothing is exchanged with it")
    return path


def waiting(state: Path) -> list[str]:
    """What waits, or is being sent."""
    directory = state / "spool"
    return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []


def content_below(directory: Path) -> bytes:
    """Everything in the files below a directory."""
    return b"\n".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())

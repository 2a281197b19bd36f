"""One exchange with the API: what goes on the wire, and what is made of its failures."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import KEY, PATIENCE, Api

from dogwrap import _exchange
from dogwrap._steps import Answered, Attempt, Impossible, Unanswered
from dogwrap._values import Request

REQUEST = Request("POST", "/api/v1/events", (("content-type", "application/json"),), "{}")


def post(url: str, seconds: float = PATIENCE, session: Any = None) -> Attempt:
    return _exchange.post(url, REQUEST, KEY, seconds, session)


def session() -> Any:
    requests = pytest.importorskip("requests", reason="SKIPPED: there is no requests, so no session of it is tried")
    return requests.Session()


@pytest.fixture(params=["standard library", "requests"])
def by(request: pytest.FixtureRequest) -> Any:
    """Who sends."""
    return session() if request.param == "requests" else None


def test_an_answer_is_read_as_far_as_it_matters(api: Api, by: Any) -> None:
    api.answers = [400, 202, 307]
    api.words = b"x" * 100_000
    api.headers = {"X-RateLimit-Reset": "7", "Location": "/elsewhere"}
    refused, accepted, redirected = post(api.url, session=by), post(api.url, session=by), post(api.url, session=by)
    assert isinstance(refused, Answered) and isinstance(accepted, Answered) and isinstance(redirected, Answered)
    assert (refused.status, accepted.status, redirected.status) == (400, 202, 307)
    assert refused.body == b"x" * 16 * 1024 and accepted.body == b""
    assert ("x-ratelimit-reset", "7") in refused.headers
    assert {request.headers["dd-api-key"] for request in api.received} == {KEY}
    assert {request.headers["content-length"] for request in api.received} == {"2"}


def test_nobody_listens(unreachable: str, by: Any) -> None:
    assert post(unreachable, session=by) == Unanswered("connection refused")


def test_an_answer_that_does_not_come_is_not_waited_for(api: Api, by: Any) -> None:
    api.hang()
    assert post(api.url, 0.3, session=by) == Unanswered("no answer in time")


def test_an_answer_that_comes_byte_by_byte_is_not_waited_for() -> None:
    is_over = threading.Event()

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            while not is_over.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        attempt = post(f"http://127.0.0.1:{server.getsockname()[1]}", 0.5)
        is_over.set()
        thread.join()
    assert attempt == Unanswered("no answer in time") and time.monotonic() - began < PATIENCE


def test_what_answers_need_not_be_an_api() -> None:
    def answer() -> None:
        for words in (b"220 mail.example ESMTP\r\n", b""):
            connection, _ = server.accept()
            with connection:
                connection.recv(100_000)
                connection.sendall(words)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert post(url) == Unanswered("the answer is not HTTP")
        assert post(url) == Unanswered("the connection was closed before an answer")
        thread.join()


def test_a_name_that_is_not_known(by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert post("http://name.invalid", session=by) == Unanswered("the host name is not known")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "DD_PROXY_HTTP"])
def test_the_proxy_of_the_environment_is_used(
    api: Api, unreachable: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, api.url)
    assert isinstance(post(unreachable), Answered)
    assert [request.path for request in api.received] == [f"{unreachable}/api/v1/events"]
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert post(unreachable) == Unanswered("connection refused")


@pytest.fixture
def secure(api: Api, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of an API that has made its certificate itself, and the file of that."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("SKIPPED: there is no openssl, so no certificate is tried")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject, *files]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    api._server.socket = context.wrap_socket(api._server.socket, server_side=True)
    _exchange._trust.cache_clear()
    yield f"https://localhost:{api._server.server_address[1]}", certificate
    _exchange._trust.cache_clear()


def test_a_certificate_that_is_not_trusted_gets_no_key(secure: tuple[str, Path], api: Api, by: Any) -> None:
    attempt = post(secure[0], session=by)
    assert isinstance(attempt, Impossible), attempt
    assert attempt.reason.startswith("no secure connection: the server's certificate is refused: ")
    assert api.received == []


def test_a_certificate_that_the_environment_names_is_trusted(
    secure: tuple[str, Path], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secure[1]))
    assert isinstance(post(secure[0]), Answered)
    assert len(api.received) == 1

"""One exchange with the API: a request, and what came of it."""

from __future__ import annotations

# The resolver takes this for names, and would import it when it is first asked: in a thread, during which a process may
# fork, whose child would then have half of it.
import encodings.idna  # noqa: F401
import errno
import functools
import http.client
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol

from ._patience import within
from ._steps import Answered, Attempt, Impossible, Unanswered
from ._values import Request

# How much of an answer is read, in bytes.
_MAXIMUM_ANSWER = 16 * 1024

_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)


class Response(Protocol):
    """What a `Session` returns."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...


class Session(Protocol):
    """Whatever sends requests as a session of `requests` does."""

    def post(
        self, url: str, *, data: bytes, headers: dict[str, str], timeout: float, allow_redirects: bool
    ) -> Response:
        """Sends a request, and returns the answer whatever its status is."""
        ...


def post(api: str, request: Request, api_key: str, seconds: float, session: Session | None) -> Attempt:
    """Sends `request`, and waits for the answer, both within `seconds`."""
    body = request.body.encode()
    headers = {**dict(request.headers), "dd-api-key": api_key, "content-length": str(len(body))}
    send = functools.partial(_with_urllib if session is None else functools.partial(_with_session, session))
    try:
        return within(seconds, lambda: send(api + request.path, body, headers, seconds))
    except Exception as error:
        return _failure(error, api_key)


def _with_session(session: Session, url: str, body: bytes, headers: dict[str, str], seconds: float) -> Attempt:
    answer = session.post(url, data=body, headers=headers, timeout=seconds, allow_redirects=False)
    fields = tuple((name.lower(), value) for name, value in answer.headers.items())
    is_accepted = 200 <= answer.status_code < 300
    return Answered(answer.status_code, fields, b"" if is_accepted else answer.content[:_MAXIMUM_ANSWER])


def _with_urllib(url: str, body: bytes, headers: dict[str, str], seconds: float) -> Attempt:
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - the rules make http and https only
    try:
        with _opener().open(request, timeout=seconds) as answer:
            return Answered(answer.status, _fields(answer.headers), b"")
    except urllib.error.HTTPError as refusal:
        with refusal:
            words = b""
            with suppress(OSError, http.client.HTTPException):
                words = refusal.read(_MAXIMUM_ANSWER)
            return Answered(refusal.code, _fields(refusal.headers), words)


def _fields(headers: Any) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in headers.items())


class _Timely(http.client.HTTPConnection):
    """A connection that sends nothing once its time is over: by then nobody waits, and somebody else may send it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline = time.monotonic() + (self.timeout or 0.0)

    def connect(self) -> None:
        super().connect()
        if time.monotonic() >= self._deadline:
            self.close()
            raise TimeoutError


class _TimelySecure(http.client.HTTPSConnection, _Timely):
    """The same, where nobody else can read along."""


class _HTTP(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Timely, request)


class _HTTPS(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_TimelySecure, request, context=_trust())


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: following it would take the key elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler(_proxies()), _HTTP, _HTTPS, _NoRedirects)


def _proxies() -> dict[str, str]:
    """The proxy for each scheme, by the environment."""
    found = urllib.request.getproxies_environment()
    named = {scheme: (f"dd_proxy_{scheme}", scheme, "all") for scheme in ("http", "https")}
    spelled = {name.lower(): value for name, value in os.environ.items() if name.lower().startswith("dd_proxy_")}
    known = {**found, **spelled}
    first = {scheme: next((known[name] for name in names if known.get(name)), None) for scheme, names in named.items()}
    return {scheme: proxy for scheme, proxy in first.items() if proxy}


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificates of the system, or those that the environment names."""
    return ssl.create_default_context(
        cafile=os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or None
    )


def _failure(error: BaseException, api_key: str) -> Attempt:
    """What a failed exchange means. Trouble on the way passes; trouble with who is at the other end does not."""
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return Impossible(f"no secure connection: the server's certificate is refused: {cause.verify_message}")
            case ssl.SSLError():
                return Unanswered(f"no secure connection: {(cause.reason or 'it fails').lower()}")
            case TimeoutError():
                return Unanswered("no answer in time")
            case ConnectionRefusedError():
                return Unanswered("connection refused")
            case socket.gaierror():
                return Unanswered("the host name is not known")
            case http.client.RemoteDisconnected() | ConnectionError():
                return Unanswered("the connection was closed before an answer")
            case OSError() if cause.errno in _UNREACHABLE:
                return Unanswered("it cannot be reached from this network")
            case http.client.HTTPException():
                return Unanswered("the answer is not HTTP")
            case ValueError():
                return Impossible(f"it cannot be sent: {_words(cause, api_key)}")
    return Unanswered(_words(error, api_key))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what has led to it: the innermost first, which says most."""
    if error is not None:
        reason = getattr(error, "reason", None)
        inner = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
        yield from _causes(inner)
        yield error


def _words(error: BaseException, api_key: str) -> str:
    """An error in one line for people, without the key."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return words.replace(api_key, "***")[:200]

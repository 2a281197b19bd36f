"""Datadog's API on the loopback interface: it accepts everything, and remembers it."""

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator


class LoopbackApi:
    """What was sent, and a way to wait for it."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []
        self.keys: list[str | None] = []
        self.arrived = threading.Condition()
        self.url = ""

    def wait_for_event(self, seconds: float) -> dict[str, object]:
        """The first event that nobody has waited for yet."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: self.events, seconds):
                raise TimeoutError(f"no event arrived within {seconds} s")
            return self.events.pop(0)


@contextlib.contextmanager
def loopback_api() -> Iterator[LoopbackApi]:
    """Serves the API as long as the block runs."""
    api = LoopbackApi()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with api.arrived:
                api.events.append(body)
                api.keys.append(self.headers["DD-API-KEY"])
                api.arrived.notify_all()
            self.send_response(202)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """The test says what matters."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        api.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()

"""What runs send to, and what they print into: an API on the loopback interface, and the reader of a pipe."""

from __future__ import annotations

import os
import socketserver
import threading
from collections import Counter
from typing import ClassVar

BUFFER_BYTES = 1024 * 1024
LAST_BYTES = 80


class ReportHandler(socketserver.StreamRequestHandler):
    """A connection to an API that accepts every request. What `http.server` takes would be charged to dogwrap."""

    received: ClassVar[Counter[bytes]] = Counter()
    """How many requests came for each path."""
    lock = threading.Lock()

    def handle(self) -> None:
        while request := self.rfile.readline():
            headers = dict(line.lower().split(b":", 1) for line in iter(self.rfile.readline, b"\r\n"))
            self.rfile.read(int(headers[b"content-length"]))
            with self.lock:
                self.received[request.split()[1]] += 1
            self.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")


class Api(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 512


def serve() -> str:
    """Starts the API, and returns its authority."""
    server = Api(("127.0.0.1", 0), ReportHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{server.server_address[1]}"


class Sink(threading.Thread):
    """The reader of a pipe: counts what arrives, and remembers the last of it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.source, self.entrance = os.pipe()
        self.count, self.last = 0, b""
        self.start()

    def run(self) -> None:
        buffer = bytearray(BUFFER_BYTES)
        while size := os.readv(self.source, [buffer]):
            self.count += size
            self.last = bytes(buffer[max(0, size - LAST_BYTES) : size])
        os.close(self.source)

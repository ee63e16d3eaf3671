"""Stands in for nginx where it is told to forget answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers as nginx does (nginx/templates/settings.conf.template), and remembers."""

    protocol_version = "HTTP/1.1"
    server: "Nginx"

    def do_GET(self) -> None:
        """Forget an answer, or say that all are forgotten."""
        status = 204 if self.path == "/" else self.server.status
        if self.path == "/forget" and status == 200:
            self.server.forgotten.append(self.headers["X-Shared-Cache-Key"])
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Nginx(ThreadingHTTPServer):
    """`status` is what it answers to who would have it forget."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.forgotten: list[str] = []
        self.status = 200

    @property
    def address(self) -> str:
        """Where it is."""
        return f"127.0.0.1:{self.server_port}"


@contextmanager
def nginx() -> Iterator[Nginx]:
    """Serve, in a thread."""
    with Nginx() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

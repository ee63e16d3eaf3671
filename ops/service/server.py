"""Answers /health, /sets and /metrics over HTTP, from a thread of its own; who asks must be on the network of the data."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ops.service.probe import PORT

Answer = tuple[int, str, str]  # status, type, text


class Server(ThreadingHTTPServer):
    """Serves what `answer` returns for a path."""

    daemon_threads = True

    def __init__(self, answer: Callable[[str], Answer], *, port: int = PORT) -> None:
        super().__init__(("0.0.0.0", port), Handler)  # noqa: S104 - the container's networks decide who reaches it
        self.answer = answer

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve_forever, name="http", daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    timeout = 10
    server_version = "slipway-backup"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer."""
        status, kind, text = self.server.answer(self.path.partition("?")[0])
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the signature is Python's
        """Log nothing: the health check asks every few seconds."""


def as_json(status: int, found: object) -> Answer:
    """Return an answer of JSON."""
    return status, "application/json", json.dumps(found, indent=1) + "\n"


NOT_FOUND: Answer = (404, "text/plain", "There is /health, /sets, and /metrics.\n")

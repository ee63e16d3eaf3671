"""Starts `python -m config.serve` on the test's application, and puts it under load."""

import json
import os
import select
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from embedded.processes import Child
from embedded.stack import ROOT
from embedded.state import free_port

APPLICATION = "tests.config.servers.application:application"
STREAMED = b"part " * 10 + b"end"


class Serving:
    """A server in a process of its own."""

    def __init__(self, server: str, *, folder: Path, timeout_seconds: int) -> None:
        self.port = free_port()
        self.child = Child(
            server,
            [sys.executable, "-m", "config.serve", "-p", str(self.port), "--application", APPLICATION],
            log_path=folder / f"{server}.log",
            env={
                **os.environ,
                "ASGI_SERVER": server,
                "SHUTDOWN_TIMEOUT_SECONDS": str(timeout_seconds),
                "LOG_FORMAT": "json",
            },
            cwd=ROOT,
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while self.child.is_running and time.monotonic() < deadline:
            try:
                self.get("/")
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.child.log_end())

    def connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path: str) -> HTTPResponse:
        """Return a response whose body is read."""
        connection = self.connection()
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response

    def signal(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal; return when."""
        self.child.process.send_signal(number)
        return time.monotonic()

    def status(self) -> int:
        """Return the exit status, once there is one."""
        return self.child.process.wait(60)

    def lines(self) -> list[dict[str, Any]]:
        """Return what was logged."""
        return [json.loads(line) for line in self.child.log_path.read_text().splitlines()]

    def line(self, message: str) -> dict[str, Any]:
        """Return the one line with a message."""
        (found,) = [line for line in self.lines() if line["message"] == message]
        return found


@contextmanager
def serving(server: str, *, folder: Path, timeout_seconds: int = 20) -> Iterator[Serving]:
    """Serve, and leave nothing behind."""
    started = Serving(server, folder=folder, timeout_seconds=timeout_seconds)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.child.kill()


class Client(threading.Thread):
    """Asks one thing after the other until it is refused; counts what became of each."""

    def __init__(self, serving: Serving, *, path: str, body: bytes, expected: bytes, keeps_alive: bool) -> None:
        super().__init__(daemon=True)
        self.serving, self.path, self.body, self.expected, self.keeps_alive = serving, path, body, expected, keeps_alive
        self.outcomes: Counter[str] = Counter()
        self.start()

    def run(self) -> None:
        connection = self.serving.connection()
        while True:
            if connection.sock and (not self.keeps_alive or is_closed(connection)):
                connection.close()
            try:
                if not connection.sock:
                    connection.connect()
            except ConnectionRefusedError:
                self.outcomes["refused"] += 1
                return
            try:
                self.outcomes[self.ask(connection)] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, a request was lost
                self.outcomes[f"lost: {error!r}"] += 1
                return

    def ask(self, connection: HTTPConnection) -> str:
        connection.request("POST", self.path, body=self.body)
        return "answered" if connection.getresponse().read() == self.expected else "wrong"


def is_closed(connection: HTTPConnection) -> bool:
    """Tell whether the server has closed a connection that is kept alive, as HTTP clients look before they use one again."""
    return bool(select.select([connection.sock], [], [], 0)[0])


def clients(serving: Serving) -> list[Client]:
    """Start clients of every kind."""
    kinds = {
        "/slow?seconds=0.3": (b"", b"done"),
        "/thread?seconds=0.3": (b"", b"done"),
        "/stream?seconds=0.5": (b"", STREAMED),
        "/echo": (b"x" * 100_000, b"x" * 100_000),
    }
    return [
        Client(serving, path=path, body=body, expected=expected, keeps_alive=keeps_alive)
        for path, (body, expected) in kinds.items()
        for keeps_alive in (True, True, False)
    ]

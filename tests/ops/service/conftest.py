"""A service over a database of the test's own, and hosts that are told: an HTTP server and a mail server on 127.0.0.1."""

import os
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ops.service.service import Service
from ops.service.settings import read
from tests.ops.backup.conftest import Environment, environment, initdb, postgresql_s_programs, server, url

__all__ = ["environment", "initdb", "postgresql_s_programs", "server", "url"]


@dataclass(kw_only=True)
class Told:
    """A host that is told things: its address, and what came, in order."""

    url: str
    came: list[tuple[str, str]] = field(default_factory=list)
    status: int = 200
    hang: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def take(self, what: str, text: str) -> None:
        with self.arrived:
            self.came.append((what, text))
            self.arrived.notify_all()

    def wait_for(self, number: int) -> list[tuple[str, str]]:
        """Return what came, once so much has."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.came) >= number, timeout=30), self.came
            return list(self.came)


@pytest.fixture
def host() -> Iterator[Told]:
    """An HTTP server that keeps what is posted to it."""
    told = Told(url="")
    told.hang.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told.take(self.path, body)
            told.hang.wait(60)
            self.send_response(told.status)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        told.url = f"http://127.0.0.1:{listening.server_port}"
        yield told
        told.hang.set()
        listening.shutdown()


ANSWERS = {"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "535 your password was hunter22", "QUIT": "221 bye"}


@pytest.fixture
def mail_host() -> Iterator[Told]:
    """A mail server that keeps what it is sent: the envelope, and the text."""
    told = Told(url="")

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            envelope: list[str] = []
            self.say("220 here")
            for raw in self.rfile:
                line = raw.decode().strip()
                word = line.split()[0].upper()
                if word == "DATA":
                    self.say("354 go on")
                    text = b"".join(iter(self.rfile.readline, b".\r\n"))
                    told.take(" ".join(envelope), text.decode())
                elif word in ("MAIL", "RCPT"):
                    envelope.append(line)
                self.say(ANSWERS.get(word, "250 well"))

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        told.url = f"smtp://127.0.0.1:{listening.server_address[1]}"
        yield told
        listening.shutdown()


MakeService = Callable[..., Service]


@pytest.fixture
def make_service(environment: Environment) -> Iterator[MakeService]:
    """Return what makes a service of the test's database, with variables on top, at a port that is free."""
    made: list[Service] = []

    def make(**variables: str) -> Service:
        found = {
            **os.environ,
            **environment,
            "SITE_URL": "https://api.example.com",
            "DJANGO_DEBUG": "true",
            "TLS_MODE": "acme",  # nobody is asked for the certificate
            **variables,
        }
        service = Service(read(found), port=0)
        made.append(service)
        service.begin()
        return service

    yield make
    for service in made:
        service.server.server_close()


def python(program: str) -> tuple[str, ...]:
    """Return a command that is a program of Python's."""
    return (sys.executable, "-u", "-c", program)

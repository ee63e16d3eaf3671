"""`docker compose stop` under load: what is in flight is answered, sockets are told to go, the container exits with 0."""

import json
import ssl
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.pictures import picture
from tests.running.client import UPLOAD, Person, subscribe
from tests.running.websocket import WebSocket
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack

GOING_AWAY = 1001
SLOW_SECONDS = 4.0


@pytest.mark.parametrize("server", ["daphne", "uvicorn", "granian"])
def test_a_stop_under_load(production: Compose, trust: ssl.SSLContext, server: str) -> None:
    production.environment["ASGI_SERVER"] = server
    try:
        production.run("up", "-d", "--wait", "--no-deps", "web")
        with Person(production, trust=trust) as person:
            person.sign_up(f"{server}@example.com")
            check_stop(production, person)
    finally:
        production.environment["ASGI_SERVER"] = "daphne"
        production.run("up", "-d", "--wait", "--no-deps", "web")


def check_stop(production: Compose, person: Person) -> None:
    """Stop the web container while uploads are on their way and a socket is open."""
    album = person.create_album()
    uploads = [SlowUpload(person, album) for _ in range(4)]
    with person.socket() as socket:
        subscribe(socket, album)
        for upload in uploads:
            upload.start()
        for upload in uploads:
            assert upload.is_halfway.wait(10)
        time.sleep(0.5)  # until nginx has passed on what it got
        production.run("stop", "web")
        for upload in uploads:
            upload.join(30)
        assert closing_code(socket) == GOING_AWAY
    assert production.inspect("web")["State"]["ExitCode"] == 0
    assert [upload.errors for upload in uploads] == [[]] * 4


def closing_code(socket: WebSocket) -> int | None:
    """Return the code with which the server closed a socket, which may have told of changes before."""
    try:
        while True:
            socket.recv(10)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


class SlowUpload(threading.Thread):
    """An upload over a slow line: half of it, then a few seconds, then the rest."""

    def __init__(self, person: Person, album: str) -> None:
        super().__init__()
        operations = {"query": UPLOAD, "variables": {"album": album, "files": [None]}}
        request = person.http.build_request(
            "POST",
            "/graphql",
            data={"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.files.0"]})},
            files={"0": ("0.jpg", picture(size=(1200, 900)))},
            headers=person.headers(),
        )
        self.person, self.body, self.headers = person, request.read(), dict(request.headers)
        self.is_halfway = threading.Event()
        self.errors: object = "no answer"

    def run(self) -> None:
        """Send it; note the payload's errors, or what else came."""
        with httpx.Client(base_url=self.person.stack.url, verify=self.person.trust or True, timeout=30) as client:
            answer = client.post("/graphql", content=self.slowly(), headers=self.headers)
        try:
            self.errors = answer.json()["data"]["uploadPhotos"]["errors"]
        except (KeyError, ValueError, TypeError):
            self.errors = answer.text

    def slowly(self) -> Iterator[bytes]:
        """Yield the body in two halves."""
        middle = len(self.body) // 2
        yield self.body[:middle]
        self.is_halfway.set()
        time.sleep(SLOW_SECONDS)
        yield self.body[middle:]

"""Speaks to a running system as a browser would: cookies, CSRF token, multipart, WebSocket."""

import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import UUID

import httpx
import redis
from strawberry.relay import from_base64
from websockets.typing import Subprotocol

from apps.gallery.events import group_of
from embedded.stack import Stack
from tests.running.websocket import WebSocket

PROTOCOL = Subprotocol("graphql-transport-ws")
PASSWORD = "correct horse battery staple"
UPLOAD = """
mutation($album: ID!, $files: [Upload!]!) {
  uploadPhotos(input: {albumId: $album, files: $files}) { photos { id state } errors { field code } }
}
"""


class Served(Protocol):
    """Something that is served somewhere."""

    @property
    def url(self) -> str:
        """Where it is."""


class Person:
    """Somebody with a session. `trust` is for a certificate that the system does not know."""

    def __init__(self, stack: Served, *, trust: ssl.SSLContext | None = None) -> None:
        self.stack, self.trust = stack, trust
        self.http = httpx.Client(base_url=stack.url, timeout=20, verify=trust or True)

    def __enter__(self) -> "Person":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def cookies(self) -> str:
        """The session, as a header has it."""
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def again(self) -> "Person":
        """Return the same person with a connection of their own."""
        found = Person(self.stack, trust=self.trust)
        found.http.cookies = self.http.cookies
        return found

    def post(self, query: str, **variables: Any) -> httpx.Response:
        """Send one operation."""
        return self.http.post("/graphql", json={"query": query, "variables": variables}, headers=self.headers())

    def headers(self) -> dict[str, str]:
        """Return what a page of ours adds to a request."""
        return {
            "X-CSRFToken": self.http.cookies.get("csrftoken") or "",
            "GraphQL-Require-Preflight": "1",
            "Referer": f"{self.stack.url}/",
        }

    def ask(self, query: str, **variables: Any) -> Any:
        """Send one operation; insist on an answer without errors."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def code(self, query: str, **variables: Any) -> str | None:
        """Send one operation; return the first error's code, None where there is none."""
        errors = self.post(query, **variables).json().get("errors")
        return errors[0]["extensions"]["code"] if errors else None

    def sign_up(self, email: str) -> None:
        """Register and sign in."""
        self.ask(
            "mutation($i: RegisterInput!) { register(input: $i) { errors { code } } }",
            i={"email": email, "name": "Somebody", "password": PASSWORD},
        )
        login = "mutation($i: LoginInput!) { login(input: $i) { viewer { id } errors { code } } }"
        assert self.ask(login, i={"email": email, "password": PASSWORD})["login"]["viewer"]

    def create_album(self, visibility: str = "PUBLIC") -> str:
        """Create an album; return its id."""
        query = 'mutation($v: Visibility!) { createAlbum(input: {title: "Hills", visibility: $v}) { album { id } } }'
        return str(self.ask(query, v=visibility)["createAlbum"]["album"]["id"])

    def upload(self, album: str, *contents: bytes) -> Any:
        """Upload pictures in one request; return the payload."""
        return self.try_to_upload(album, *contents)["data"]["uploadPhotos"]

    def try_to_upload(self, album: str, *contents: bytes) -> Any:
        """Upload pictures in one request; return the whole answer."""
        operations = {"query": UPLOAD, "variables": {"album": album, "files": [None] * len(contents)}}
        places = {str(index): [f"variables.files.{index}"] for index in range(len(contents))}
        response = self.http.post(
            "/graphql",
            data={"operations": json.dumps(operations), "map": json.dumps(places)},
            files={str(index): (f"{index}.jpg", content) for index, content in enumerate(contents)},
            headers=self.headers(),
        )
        return response.json()

    @contextmanager
    def socket(self) -> Iterator[WebSocket]:
        """Open a WebSocket with the session's cookie, and greet."""
        address = self.stack.url.replace("http", "ws") + "/graphql"
        with WebSocket(
            address,
            subprotocols=[PROTOCOL],
            additional_headers={"Cookie": self.cookies},
            open_timeout=20,
            ssl=self.trust,
        ) as socket:
            socket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(socket.recv(20))["type"] == "connection_ack"
            yield socket


def subscribe(socket: WebSocket, album: str) -> None:
    """Ask to watch an album."""
    query = (
        "subscription($a: ID!) { photoChanged(albumId: $a) { kind photoId photo { state renditions { size url } } } }"
    )
    message = {"type": "subscribe", "id": "1", "payload": {"query": query, "variables": {"a": album}}}
    socket.send(json.dumps(message))


def watch(stack: Stack, socket: WebSocket, album: str) -> None:
    """Watch an album that nobody else watches. Returns when the watching has begun, which the protocol does not say: Redis does."""
    subscribe(socket, album)
    with redis.Redis.from_url(stack.servers["valkey"].url) as client:
        wait_for(lambda: any(number for _, number in client.pubsub_numsub(channel_of(album))))


def channel_of(album: str) -> str:
    """Return the Redis channel of an album's changes, as channels_redis names it."""
    _, row_id = from_base64(album)
    return f"slipway__group__{group_of(UUID(row_id))}"


def next_change(socket: WebSocket, timeout: float = 20) -> Any:
    """Return the next change that is told."""
    message = json.loads(socket.recv(timeout))
    assert message["type"] == "next", message
    return message["payload"]["data"]["photoChanged"]


def wait_for(what: Callable[[], Any], seconds: float = 30) -> Any:
    """Return what a question's answer is once it is true; fail where it never is."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"still {answer!r} after {seconds} s"
        time.sleep(0.2)
    return answer

"""What has to arrive as it is sent: events, WebSockets, uploads; and what must not: a slow client's JSON."""

import os
import time

import pytest

from tests.nginx.containers import Stack

pytestmark = pytest.mark.stack

UPGRADE = (
    b"GET /graphql?do=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def seen(stack: Stack, mark: str) -> int:
    """Return how much of a request's body the application has got, or -1 where it knows of none."""
    found: int = stack.get(f"/?do=seen&mark={mark}").json["bytes"]
    return found


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/graphql?do=sse", "text/event-stream"),
        ("/graphql?do=sse&type=multipart/mixed", "multipart/mixed;deferSpec=20220824, application/json"),
        ("/events?do=sse", "text/event-stream"),
    ],
)
def test_an_event_arrives_when_it_is_sent(plain: Stack, path: str, accept: str) -> None:
    with plain.socket() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n".encode())
        received, first = b"", 0.0
        while b"data: 2" not in received:
            received += connection.recv(65_536)
            first = first or (time.monotonic() if b"data: 0" in received else 0.0)
        assert time.monotonic() - first > 0.7  # sent one second apart


def test_a_websocket_is_passed_on_both_ways(plain: Stack) -> None:
    with plain.socket() as connection:
        connection.sendall(UPGRADE)
        head = connection.recv(65_536)
        assert head.startswith(b"HTTP/1.1 101")
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        for message in (b"\x81\x85\x01\x02\x03\x04abcde", b"more"):
            connection.sendall(message)
            assert connection.recv(100) == message


def test_an_upload_reaches_the_application_while_it_is_sent(plain: Stack) -> None:
    mark = os.urandom(4).hex()
    with plain.socket() as connection:
        connection.sendall(
            f"POST /graphql?mark={mark} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode()
        )
        connection.sendall(b"x" * 200_000)
        until = time.monotonic() + 5
        while seen(plain, mark) < 200_000 and time.monotonic() < until:
            time.sleep(0.05)
        assert seen(plain, mark) == 200_000
        connection.sendall(b"x" * 100_000)
        assert b'"body_bytes": 300000' in connection.recv(65_536)


def test_json_reaches_the_application_once_it_is_whole(plain: Stack) -> None:
    mark = os.urandom(4).hex()
    with plain.socket() as connection:
        connection.sendall(
            f"POST /graphql?mark={mark} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
            "Content-Type: application/json\r\n\r\n12345".encode()
        )
        time.sleep(0.5)
        assert seen(plain, mark) == -1
        connection.sendall(b"67890")
        assert b'"body_bytes": 10' in connection.recv(65_536)
        assert seen(plain, mark) == 10

"""What one address may do at once, and how fast."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nginx.conftest import readable
from tests.nginx.containers import Stack, stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def tight(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """nginx that allows five requests a second, five in advance."""
    folder: Path = readable(tmp_path_factory.mktemp("tight"))
    with stack(image, folder, NGINX_RATE_PER_SECOND="5", NGINX_RATE_BURST="5") as started:
        yield started


def test_too_many_requests(tight: Stack) -> None:
    answers = [tight.get("/graphql") for _ in range(15)]
    assert {answer.status for answer in answers} == {200, 429}
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.json["errors"][0]["extensions"] == {"code": "RATE_LIMITED"}
    assert refused.header("Content-Type") == "application/json"
    assert refused.header("Retry-After") == "1"
    assert refused.header("X-Content-Type-Options") == "nosniff"


def test_files_from_nginx_are_not_counted(tight: Stack) -> None:
    assert {tight.get("/static/icon.svg").status for _ in range(30)} == {200}
    assert {tight.get("/media/public/t0/small.webp").status for _ in range(30)} == {200}


def test_passwords_in_the_admin_are_guessed_more_slowly(plain: Stack) -> None:
    answers = [plain.get("/office/login") for _ in range(60)]
    assert {answer.status for answer in answers} == {200, 429}
    assert b"<h1>Too many requests</h1>" in answers[-1].body
    assert plain.get("/%6fffice/login").status == 429


UPGRADE = (
    b"GET /socket?do=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture(scope="module")
def narrow(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """nginx that allows three connections, and any number of requests."""
    with stack(image, readable(tmp_path_factory.mktemp("narrow")), NGINX_MAX_CONNECTIONS="3") as started:
        yield started


def test_too_many_connections(narrow: Stack) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(3):
            connection = held.enter_context(narrow.socket())
            connection.sendall(UPGRADE)
            assert connection.recv(12) == b"HTTP/1.1 101"  # only now it counts, and for as long as it is open
        answer = narrow.get("/static/icon.svg")
        assert (answer.status, answer.header("Retry-After")) == (429, "1")

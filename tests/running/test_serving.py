"""The application under each server that ASGI_SERVER may name: it answers alike, and SIGTERM closes its subscriptions."""

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from embedded.processes import Child
from embedded.stack import ROOT, Stack, web_command
from embedded.state import free_port
from tests.pictures import picture
from tests.running.client import Person, next_change, subscribe, wait_for

Served = tuple[Stack, Child]


@pytest.fixture(params=["daphne", "uvicorn", "granian"])
def served(stack: Stack, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A web server more in the stack, and its process."""
    other = copy.copy(stack)
    other.port = free_port()
    environment = {**stack.environment, "ASGI_SERVER": request.param}
    child = Child("web", web_command(other.port), log_path=tmp_path / "web.log", env=environment, cwd=ROOT)
    try:
        wait_for(other.is_ready, seconds=60)
        yield other, child
    finally:
        child.kill()


def test_an_upload_is_told_and_sigterm_closes_the_subscription(served: Served) -> None:
    stack, child = served
    with Person(stack) as person:
        person.sign_up(f"{child.process.pid}@example.com")
        album = person.create_album()
        with person.socket() as socket:
            subscribe(socket, album)
            assert person.upload(album, picture())["errors"] == []
            assert next_change(socket)["photo"]["state"] == "PENDING"
            assert next_change(socket)["photo"]["state"] == "READY"
            child.ask_to_stop()
            with pytest.raises(ConnectionClosed):
                socket.recv(10)
            assert socket.close_code == 1001
    assert child.process.wait(20) == 0
    assert '"path": "/graphql", "operation": null, "status": 101' in child.log_path.read_text()

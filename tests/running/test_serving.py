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
from tests.running.client import Person, next_change, wait_for, watch

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
            watch(stack, socket, album)
            assert person.upload(album, picture())["errors"] == []
            changes = [next_change(socket) for _ in range(2)]
            assert [change["kind"] for change in changes] == ["CREATED", "UPDATED"]
            assert changes[-1]["photo"]["state"] == "READY"  # the first may be told when the worker is done already
            child.ask_to_stop()
            with pytest.raises(ConnectionClosed):
                socket.recv(10)
            assert socket.close_code == 1001
    assert child.process.wait(20) == 0
    assert '"path": "/graphql", "operation": null, "status": 101' in child.log_path.read_text()

"""Kills what the system stands on while it serves, and starts it again: what a client sees, and that it heals by itself."""

import time
from collections.abc import Iterator

import httpx
import pytest

from embedded.stack import WORKER, Stack
from tests.pictures import picture
from tests.running.client import Person, next_change, wait_for, watch


@pytest.fixture(scope="module")
def person(stack: Stack) -> Iterator[Person]:
    with Person(stack) as found:
        found.sign_up("survivor@example.com")
        yield found


def readiness(stack: Stack) -> tuple[int, list[str]]:
    response = httpx.get(f"{stack.url}/health/ready", timeout=20)
    return response.status_code, response.json()["down"]


def wait_until_healed(stack: Stack, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while (found := readiness(stack)) != (200, []):
        assert time.monotonic() < deadline, found
        time.sleep(0.3)


TITLES = "{ albums { edges { node { title owner { name } } } } viewer { name } }"


def test_postgresql_killed_and_back(stack: Stack, person: Person) -> None:
    person.ask(TITLES)
    stack.kill("postgres")
    status, down = readiness(stack)
    assert (status, "database" in down) == (503, True)
    assert person.code(TITLES) == "SERVICE_UNAVAILABLE"
    assert httpx.get(f"{stack.url}/health/live", timeout=20).status_code == 200
    stack.start("postgres")
    wait_until_healed(stack)
    person.ask(TITLES)


def test_a_subscription_outlives_postgresql(stack: Stack, person: Person) -> None:
    album = person.create_album()
    with person.socket() as socket:
        watch(stack, socket, album)
        stack.kill("postgres")
        stack.start("postgres")
        wait_for(lambda: person.code(TITLES) is None)
        person.upload(album, picture())
        assert next_change(socket)["kind"] == "CREATED"


def test_valkey_killed_and_back(stack: Stack, person: Person) -> None:
    album = person.create_album()
    stack.kill("valkey")
    status, down = readiness(stack)
    assert (status, {"cache", "worker queue"} <= set(down)) == (503, True)
    login = "mutation($i: LoginInput!) { login(input: $i) { errors { code } } }"
    assert person.code(login, i={"email": "x@example.com", "password": "y"}) == "SERVICE_UNAVAILABLE"
    person.ask(TITLES)  # who is signed in, and what the database knows, does not depend on it
    assert person.upload(album, picture())["errors"] == []  # kept, and its renditions made later
    stack.start("valkey")
    wait_until_healed(stack)
    with person.socket() as socket:
        watch(stack, socket, album)
        person.upload(album, picture())
        changes = [next_change(socket) for _ in range(2)]
    assert [change["kind"] for change in changes] == ["CREATED", "UPDATED"]
    assert changes[1]["photo"]["state"] == "READY"


def test_the_worker_killed_and_back(stack: Stack, person: Person) -> None:
    album = person.create_album()
    stack.kill(WORKER)
    wait_for(lambda: readiness(stack) == (503, ["worker queue"]))
    photo = person.upload(album, picture())["photos"][0]["id"]
    stack.start(WORKER)
    wait_until_healed(stack)
    query = "query($id: ID!) { photo(id: $id) { state } }"
    wait_for(lambda: person.ask(query, id=photo)["photo"]["state"] == "READY")

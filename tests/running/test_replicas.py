"""A web server with a read replica, which is a real standby: who reads where, and what is seen while it is behind, dead, and back."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest
import pytest_django
from django.db import connections
from psycopg import sql
from pytest_django import Settings

from config.databases import database, replica
from config.postgresql import replicas
from embedded.postgres import Postgres
from embedded.stack import Stack
from tests.running.client import PASSWORD, Person, Served, wait_for
from tests.running.web_server import web_server
from tests.standby import Standby

TITLES = "{ albums(first: 100) { edges { node { title } } } }"
IN_A_THREAD = "{ viewer { name } albums(first: 1) { edges { node { id } } } __schema { description } }"
WHO = "{ viewer { name email } }"
RENAME = """mutation($id: ID!, $t: String!) {
  updateAlbum(input: {id: $id, title: $t}) { album { id } errors { code } }
}"""


@pytest.fixture(scope="module")
def standby(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standby]:
    primary = stack.servers["postgres"]
    assert isinstance(primary, Postgres)
    folder = tmp_path_factory.mktemp("standby")
    for each in (folder, folder.parent):
        each.chmod(0o711)
    found = Standby(folder, primary)
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def web(stack: Stack, standby: Standby, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The web server, whose replica may be behind for long."""
    environment = {
        **stack.environment,
        "DATABASE_REPLICA_URLS": f"postgres://127.0.0.1:{standby.state.port}/slipway",
        "DATABASE_REPLICA_LAG_SECONDS": "300",
        "GRAPHQL_RATE_PER_MINUTE": "0",
    }
    with web_server(stack, environment, log=tmp_path_factory.mktemp("replicas") / "web.log") as other:
        yield other


@pytest.fixture(scope="module")
def person(web: Served) -> Iterator[Person]:
    with Person(web) as found:
        found.sign_up("reader@example.com")
        yield found


@pytest.fixture(scope="module")
def anybody(web: Served) -> Iterator[Person]:
    with Person(web) as found:
        yield found


def reads(web: Served) -> dict[str, float]:
    text = httpx.get(f"{web.url}/metrics").text
    return {
        name: float(number) for name, number in re.findall(r'slipway_graphql_reads_total\{server="(\w+)"\} (\S+)', text)
    }


def server_of(person: Person, query: str) -> str:
    """Return which server answers a query."""
    before = reads(person.stack)
    person.ask(query)
    (found,) = [name for name, number in reads(person.stack).items() if number != before.get(name, 0)]
    return found


def titles(person: Person) -> list[str]:
    return [edge["node"]["title"] for edge in person.ask(TITLES)["albums"]["edges"]]


def wait_until_read(person: Person, query: str = TITLES) -> None:
    """Wait until the replica answers."""
    wait_for(lambda: server_of(person, query) == "replica")


def create(person: Person, title: str) -> str:
    album = person.create_album()
    assert person.ask(RENAME, id=album, t=title)["updateAlbum"]["album"]
    return album


@pytest.mark.parametrize("query", [TITLES, IN_A_THREAD])
def test_queries_are_answered_by_the_replica(person: Person, anybody: Person, query: str) -> None:
    for reader in (person, anybody):
        for _ in range(3):
            reader.ask(query)
        wait_until_read(reader, query)


def test_who_wrote_reads_it_at_once_and_others_read_on_at_the_replica(
    standby: Standby, person: Person, anybody: Person
) -> None:
    wait_until_read(anybody)
    with standby.paused():
        for number in range(2):
            create(person, f"mine {number}")
            with person.again() as elsewhere:
                assert f"mine {number}" in titles(person) == titles(elsewhere)
            assert server_of(person, TITLES) == server_of(person, IN_A_THREAD) == "primary"
        wait_for(lambda: "mine 0" not in titles(anybody))
    wait_until_read(person)
    assert "mine 1" in titles(person)


def test_who_wrote_without_a_name_reads_at_the_primary(standby: Standby, anybody: Person) -> None:
    wait_until_read(anybody)
    register = "mutation($i: RegisterInput!) { register(input: $i) { errors { code } } }"
    with standby.paused():
        anybody.ask(register, i={"email": "new@example.com", "name": "New", "password": PASSWORD})
        assert server_of(anybody, TITLES) == "primary"
    wait_until_read(anybody)


TOKEN = """mutation($i: CreateAccessTokenInput!) { createAccessToken(input: $i) { token accessToken { id } errors { code } } }"""


def test_a_token_that_was_revoked_is_refused_at_the_very_next_request(standby: Standby, person: Person) -> None:
    made = person.ask(TOKEN, i={"name": "program"})["createAccessToken"]
    with Person(person.stack) as program, standby.paused():
        program.http.headers["authorization"] = f"Bearer {made['token']}"
        for query in (WHO, TITLES, TITLES, TITLES):
            assert program.code(query) is None
        revoke = "mutation($i: RevokeAccessTokenInput!) { revokeAccessToken(input: $i) { errors { code } } }"
        person.ask(revoke, i={"id": made["accessToken"]["id"]})
        assert program.code(WHO) == "UNAUTHENTICATED"


def test_who_signed_out_is_nobody_at_the_very_next_request(standby: Standby, web: Served) -> None:
    with Person(web) as here:
        here.sign_up("leaver@example.com")
        with here.again() as there, standby.paused():
            for _ in range(3):
                assert there.ask(WHO)["viewer"]["name"] == "Somebody"
            here.ask("mutation { logout { ok } }")
            for query in (WHO, IN_A_THREAD, WHO):
                assert there.ask(query)["viewer"] is None


class Asking(threading.Thread):
    """Somebody who asks all the time, and notes how long each answer took."""

    def __init__(self, web: Served) -> None:
        super().__init__()
        self.web, self.is_over = web, threading.Event()
        self.seconds: list[float] = []
        self.errors: list[Any] = []

    def run(self) -> None:
        with Person(self.web) as person:
            while not self.is_over.is_set():
                began = time.monotonic()
                answer = person.post((TITLES, IN_A_THREAD)[len(self.seconds) % 2]).json()
                self.seconds.append(time.monotonic() - began)
                if "errors" in answer:
                    self.errors.append(answer)

    def __enter__(self) -> "Asking":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.join()


def test_answers_go_on_while_the_replica_is_killed_and_it_is_used_again_once_it_is_back(
    standby: Standby, web: Served, person: Person, anybody: Person
) -> None:
    wait_until_read(anybody)
    with Asking(web) as asking:
        standby.kill()
        wait_for(lambda: servers_of_the_next(20, web) == {"primary"})
        assert "slipway_replicas_there 0.0" in httpx.get(f"{web.url}/metrics").text
        create(person, "while it is dead")
        standby.start()
        wait_for(lambda: "replica" in servers_of_the_next(5, web))
    assert asking.errors == []
    assert max(asking.seconds) < 3  # a tenth of that, where nobody else works here
    wait_for(lambda: "while it is dead" in titles(anybody))


def servers_of_the_next(count: int, web: Served) -> set[str]:
    before = reads(web)
    wait_for(lambda: sum(reads(web).values()) > sum(before.values()) + count)
    return {name for name, number in reads(web).items() if number != before[name]}


@pytest.fixture
def watch(
    standby: Standby, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], replicas.Replicas]]:
    """What has a database's replica watched in this process."""
    made: list[replicas.Replicas] = []

    def begin(name: str) -> replicas.Replicas:
        settings.DATABASE_REPLICA_LAG_SECONDS = 1
        default = database(standby.primary.url_of(name), pool_size=1)
        monkeypatch.setitem(connections.settings, "default", {**connections.settings["default"], **default})
        settings.DATABASE_REPLICAS = [replica(standby.url_of(name), default)]
        made.append(replicas.Replicas())
        return made[0]

    yield begin
    for each in made:
        each.stop()


def test_where_a_restore_has_given_the_name_to_another_database_that_one_is_read(
    standby: Standby, watch: Callable[[str], replicas.Replicas], django_db_blocker: pytest_django.DjangoDbBlocker
) -> None:
    def number_in(one: replicas.Replica) -> int | None:
        with contextlib.suppress(replicas.ReplicaLostError), django_db_blocker.unblock(), replicas.reading(one):
            cursor = connections["default"].cursor()
            cursor.execute("SELECT number FROM told")
            return int(cursor.fetchone()[0])
        return None

    with psycopg.connect(standby.primary.url_of("postgres"), autocommit=True) as server:
        for name, number in (("shop", 1), ("shop_new", 2)):
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            with psycopg.connect(standby.primary.url_of(name), autocommit=True) as inside:
                inside.execute("CREATE TABLE told AS SELECT %s::int AS number", [number])
        watched = watch("shop")
        wait_for(lambda: number_in(watched.all[0]) == 1)
        watched.primary.is_over.set()
        watched.primary.join()
        server.execute("ALTER DATABASE shop RENAME TO shop_before")
        server.execute("ALTER DATABASE shop_new RENAME TO shop")
        wait_for(lambda: number_in(watched.all[0]) == 2)
        for name in ("shop", "shop_before"):
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_one_that_lags_is_left_out_within_a_second_and_comes_back(
    standby: Standby, watch: Callable[[str], replicas.Replicas], person: Person
) -> None:
    watched = watch("slipway")
    wait_for(lambda: watched.fresh(0))
    with standby.paused():
        person.create_album()
        wrote_at = time.monotonic()
        while watched.fresh(0):
            assert time.monotonic() - wrote_at < 1 + 3
        assert time.monotonic() - wrote_at > 0.5
    wait_for(lambda: watched.fresh(0))
    assert watched.fresh(2**53) is None


def test_without_redis_all_is_read_at_the_primary(stack: Stack, anybody: Person) -> None:
    wait_until_read(anybody)
    stack.kill("valkey")
    try:
        assert server_of(anybody, TITLES) == "primary"
    finally:
        stack.start("valkey")
    wait_until_read(anybody)


def test_who_has_no_name_reads_on_while_the_primary_is_away(stack: Stack, anybody: Person, person: Person) -> None:
    wait_until_read(anybody)
    expected = titles(anybody)
    stack.kill("postgres")
    try:
        answers = [anybody.post(TITLES).json() for _ in range(20)]
        found = [each["data"]["albums"]["edges"] for each in answers if "errors" not in each]
        assert len(found) > 5  # a busy machine may not look at the replica for a second
        assert found[-1] == [{"node": {"title": title}} for title in expected]
    finally:
        stack.start("postgres")
    wait_for(lambda: person.code(TITLES) is None)

"""A web server whose database is behind PgBouncer in transaction mode, which has fewer sessions than the server has connections."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from embedded.stack import ROOT, Stack
from tests.pgbouncer import pgbouncer
from tests.pictures import picture
from tests.running.client import Person, Served, next_change, watch
from tests.running.web_server import web_server

pytestmark = pytest.mark.pgbouncer

ALBUMS = """query($n: Int!) {
  albums(first: $n) { edges { node { title isMine owner { name } photos(first: 2) { edges { node { id tags { name } } } } } } }
  viewer { name }
}"""
TITLES = "query($n: Int!) { albums(first: $n) { edges { node { title isMine owner { name } } } } }"
FAR_AWAY = "Pacific/Chatham"  # no zone that anybody reads times in


@pytest.fixture(scope="module")
def environment(stack: Stack) -> Iterator[dict[str, str]]:
    """The environment of who is behind it."""
    direct = stack.servers["postgres"].url
    with psycopg.connect(direct, autocommit=True) as superuser:
        superuser.execute(f"ALTER DATABASE slipway SET timezone = '{FAR_AWAY}'")
        with pgbouncer(direct) as url:
            yield {
                **stack.environment,
                "DATABASE_URL": url,
                "DATABASE_DIRECT_URL": direct,
                "GRAPHQL_RATE_PER_MINUTE": "0",
                "DB_POOL_SIZE": "12",
            }
        superuser.execute("ALTER DATABASE slipway RESET timezone")


@pytest.fixture(scope="module")
def behind(stack: Stack, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The web server."""
    with web_server(stack, environment, log=tmp_path_factory.mktemp("behind") / "web.log") as other:
        yield other


@pytest.fixture(scope="module")
def person(behind: Served) -> Iterator[Person]:
    with Person(behind) as found:
        found.sign_up("pooled@example.com")
        yield found


def test_it_answers_as_it_does_without(stack: Stack, person: Person) -> None:
    album = person.create_album()
    person.upload(album, picture())
    with Person(stack) as direct:
        direct.http.cookies = person.http.cookies
        for _ in range(4):
            assert person.ask(ALBUMS, n=5) == direct.ask(ALBUMS, n=5)


def test_queries_are_answered_in_the_loop_as_without(person: Person) -> None:
    for _ in range(5):
        person.create_album()
    asked = {"query": TITLES, "variables": {"n": 5}, "extensions": {"plan": True}}
    for _ in range(4):
        answer = person.http.post("/graphql", json=asked, headers=person.headers()).json()
    assert len(answer["data"]["albums"]["edges"]) == 5
    assert answer["extensions"]["plan"] == {"answeredBy": "PLAN", "result": "planned", "inThread": False}


def test_more_clients_than_sessions_read_and_write_at_once(person: Person) -> None:
    expected = {n: person.ask(ALBUMS, n=n)["viewer"] for n in (1, 3)}

    def talk(number: int) -> set[str]:
        made = set()
        with person.again() as own:
            for turn in range(6):
                n = (1, 3)[turn % 2]
                found = own.ask(ALBUMS, n=n)
                assert (found["viewer"], len(found["albums"]["edges"]) <= n) == (expected[n], True)
                made.add(own.create_album("PRIVATE" if number % 2 else "PUBLIC"))
        return made

    with ThreadPoolExecutor(16) as people:
        made = list(people.map(talk, range(16)))
    assert len(set().union(*made)) == 16 * 6


def test_times_are_told_in_utc_whatever_the_session_s_zone(person: Person) -> None:
    query = "{ albums(first: 1) { edges { node { createdAt } } } }"
    for _ in range(5):
        (edge,) = person.ask(query)["albums"]["edges"]
        assert edge["node"]["createdAt"].endswith("+00:00")


def test_a_subscription_goes_on(behind: Stack, person: Person) -> None:
    album = person.create_album()
    with person.socket() as socket:
        watch(behind, socket, album)
        person.upload(album, picture())
        assert next_change(socket)["kind"] == "CREATED"


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_migrations_come_to_postgresql_itself(environment: dict[str, str]) -> None:
    away = {**environment, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    found = manage(away, "migrate_once")
    assert found.returncode == 0, found.stderr
    with psycopg.connect(environment["DATABASE_DIRECT_URL"]) as connection:
        locks = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    assert locks == (0,)


def test_nothing_is_left_behind_in_a_session(environment: dict[str, str]) -> None:
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True, prepare_threshold=None) as one:
        for _ in range(6):
            assert one.execute("SELECT name FROM pg_prepared_statements").fetchall() == []
            assert one.execute("SHOW plan_cache_mode").fetchone() == ("auto",)

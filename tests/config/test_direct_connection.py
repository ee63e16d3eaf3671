"""A connection that the event loop listens to: rows, errors, endings, and the texts that come in place of times and UUIDs."""

import asyncio
import copy
import pickle
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from apps.gallery.models import Album, Photo
from config.postgresql import beside, direct, texts
from config.postgresql.direct import DirectConnection, numbered

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[[Callable[[DirectConnection], Awaitable[Any]]], Any]
MINE = "SELECT pg_backend_pid()"


@pytest.fixture
def run() -> Iterator[Run]:
    """What runs a function of a connection in a loop."""

    async def with_connection(function: Callable[[DirectConnection], Awaitable[Any]]) -> Any:
        made = await beside.connected()
        try:
            return await function(made)
        finally:
            await made.close()

    with asyncio.Runner() as runner:
        yield lambda function: runner.run(with_connection(function))


def test_values_stand_in_their_places(run: Run) -> None:
    key = UUID(int=7)

    async def asked(made: DirectConnection) -> Any:
        sql = "SELECT %s::int + 1, %s::text || '100%%', %s::uuid, %s::int[], null, true"
        return [await made.rows(sql, [number, "é'", key, [1, 2]]) for number in (1, 2**20)]

    assert run(asked) == [[(n + 1, "é'100%", str(key), [1, 2], None, True)] for n in (1, 2**20)]


def test_an_error_is_told_and_the_connection_goes_on(run: Run) -> None:
    async def asked(made: DirectConnection) -> Any:
        for _ in range(2):
            with pytest.raises(psycopg.errors.DivisionByZero):
                await made.rows("SELECT 1 / %s", [0])
            assert made.is_idle
        with pytest.raises(psycopg.errors.SyntaxError):
            await made.rows("SELEC")
        return await made.rows("SELECT 1 / %s", [1])

    assert run(asked) == [(1,)]


def test_what_is_cancelled_ends_on_the_server(run: Run) -> None:
    async def asked(made: DirectConnection) -> Any:
        (before,) = await made.rows(MINE)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await made.rows("SELECT pg_sleep(60)")
        assert not made.is_idle
        await made.stop()
        assert made.is_idle
        return before, *await made.rows(MINE)

    before, after = run(asked)
    assert before == after


def test_one_that_is_cancelled_is_lent_again(run: Run) -> None:
    async def asked(_: DirectConnection) -> None:
        connections = beside.Connections(1)
        seen: set[Any] = set()
        for _attempt in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(slow(connections, seen), 0.2)
        await connections.close()
        assert len(seen) == 1

    run(asked)


async def slow(connections: beside.Connections, seen: set[Any]) -> None:
    async with connections.one() as lent:
        seen.add((await lent.rows(MINE))[0])
        await lent.rows("SELECT pg_sleep(60)")


@pytest.mark.parametrize("is_running", [True, False])
def test_one_that_is_lost_says_so(is_running: bool, run: Run) -> None:
    async def asked(made: DirectConnection) -> None:
        ((pid,),) = await made.rows(MINE)
        waiting = asyncio.ensure_future(made.rows("SELECT pg_sleep(60)")) if is_running else None
        await asyncio.sleep(0)
        other = await beside.connected()
        await other.rows("SELECT pg_terminate_backend(%s, 5000)", [pid])
        await other.close()
        with pytest.raises(psycopg.OperationalError):
            await (waiting or made.rows(MINE))
        assert made.is_lost
        assert not made.is_idle

    run(asked)


def test_more_statements_than_are_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "PREPARED_MAX", 3)

    async def asked(made: DirectConnection) -> Any:
        rows = [await made.rows(f"SELECT {number} + %s", [1]) for number in (1, 2, 3, 4, 1, 2, 3, 4)]
        return rows, await made.rows("SELECT count(*) FROM pg_prepared_statements")

    rows, ((count,),) = run(asked)
    assert [row for ((row,),) in rows] == [2, 3, 4, 5] * 2
    assert count <= 3


def test_a_value_that_the_socket_does_not_take_at_once(run: Run) -> None:
    text = "x" * 20_000_000
    assert run(lambda made: made.rows("SELECT length(%s)", [text])) == [(len(text),)]


def test_a_statement_whose_table_is_another_now(run: Run) -> None:
    async def asked(made: DirectConnection) -> Any:
        await made.rows("CREATE TEMPORARY TABLE changing AS SELECT 1 AS number")
        sql = "SELECT * FROM changing"
        before = await made.rows(sql)
        await made.rows("ALTER TABLE changing ALTER number TYPE text")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            await made.rows(sql)
        return before, await made.rows(sql)

    assert run(asked) == ([(1,)], [("1",)])


def test_statements_that_the_server_forgot(run: Run) -> None:
    async def asked(made: DirectConnection) -> Any:
        await made.rows(MINE)
        await made.rows("DISCARD ALL")
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            await made.rows(MINE)
        return await made.rows(MINE)

    assert run(asked)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [("SELECT %s, 'a%%'", "SELECT $1, 'a%'"), ("%s%s%%s", "$1$2%s"), ("SELECT 1", "SELECT 1")],
)
def test_places_are_numbered(sql: str, expected: str) -> None:
    assert numbered(sql) == expected


TIMES = [
    "2026-12-01 10:11:12.123456+00",
    "2026-12-01 10:11:12.1+00",
    "2026-12-01 10:11:12+00",
    "0001-01-01 00:00:00+00",
]


@pytest.mark.parametrize("text", TIMES)
def test_times_are_written_as_python_writes_them(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        (by_django,) = cursor.fetchone()
        cursor.execute("SELECT %s::timestamptz, %s::uuid", [text, UUID(int=1)])
        assert texts.rows_in_texts(cursor) == [(text, str(UUID(int=1)))]
    assert (texts.time_of(text), texts.iso_of(text)) == (by_django, by_django.isoformat())
    assert texts.iso_of(texts.text_of(by_django)) == by_django.isoformat()


@pytest.mark.parametrize("text", ["infinity", "10000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC"])
def test_times_that_python_has_not_are_errors(text: str) -> None:
    with pytest.raises((ValueError, psycopg.DataError)):
        texts.iso_of(text)


def test_uuids_are_pythons_own() -> None:
    key = UUID("01a22f49-a7f2-7eb0-8d2e-e65dde412093")
    found = texts.uuid_of(str(key))
    assert (found, hash(found), repr(found), found.version, found.is_safe) == (
        key,
        hash(key),
        repr(key),
        7,
        key.is_safe,
    )
    assert copy.deepcopy(found) == pickle.loads(pickle.dumps(found)) == key


def column(name: str) -> Any:
    return Photo._meta.get_field(name)


def test_columns_know_what_their_texts_are() -> None:
    of = {name: texts.object_of(column(name)) for name in ("id", "album", "created_at", "caption", "width")}
    assert of == {
        "id": texts.uuid_of,
        "album": texts.uuid_of,
        "created_at": texts.time_of,
        "caption": None,
        "width": None,
    }
    assert texts.text_of(datetime(2026, 1, 1, tzinfo=UTC)).startswith("2026-01-01 00:00:00")
    assert texts.text_of(Album) is Album


def test_keys_are_one_text_where_they_need_no_quotes() -> None:
    keys = [str(UUID(int=number)) for number in (1, 2)]
    assert texts.array_of(keys) == f"{{{keys[0]},{keys[1]}}}"
    for others in ([1, 2], ["a b"], [], ["x", 1], ['"'], ["NULL"], ["a,b"]):
        assert texts.array_of(others) is others

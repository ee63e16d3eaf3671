"""Queries that the event loop answers by itself, on connections of its own: the same bytes, and a thread where that can't be."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, assume, given, settings
from pytest_django import Settings
from strawberry.relay import to_base64

from api import introspection, threads
from api.context import Context
from api.credentials import Credentials
from api.documents import Operation, make
from api.errors import TimedOutError
from api.execution import answer_of, executed
from api.keyset import encode_cursor
from api.plans import in_loop, running, statements
from api.rate_limits import purse
from api.requests import GraphQLRequest
from apps.accounts.models import User
from apps.gallery.models import Album, Photo
from apps.gallery.orderings import PHOTO_ORDERINGS, PhotoOrder
from config.postgresql import beside
from config.postgresql.direct import DirectConnection
from tests.api.plans.gallery import fill, known
from tests.api.plans.operations import operations
from tests.gallery.conftest import add_rows
from tests.graphql_client import GraphQLClient

PHOTOS = (
    "{ photos { edges { node { id caption createdAt owner { name } tags { name } isMine } } pageInfo { endCursor } } }"
)
ERROR_ID = re.compile(rb"[0-9a-f]{32}")


class Loop:
    """An event loop with two connections of its own."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.run = runner.run

    def tried(self, operation: Operation, **options: Any) -> in_loop.Tried:
        """Return what comes of an operation."""
        return self.run(tried(operation, **options))


async def tried(operation: Operation, *, cookie: bytes = b"", variables: Any = None) -> in_loop.Tried:
    headers = [(b"cookie", cookie)] if cookie else []
    context = Context(credentials=Credentials({"headers": headers}), address="127.0.0.1", can_set_cookies=True)
    return await in_loop.answer(operation, GraphQLRequest(query="", variables=variables), context, cost=1)


@pytest.fixture
def loop(transactional_db: None, settings: Settings) -> Iterator[Loop]:
    """A loop that has connections, where nothing is refused."""
    settings.DATABASE_LOOP_CONNECTIONS, settings.GRAPHQL_RATE_PER_MINUTE = 2, 0
    with asyncio.Runner() as runner:
        yield Loop(runner)
        runner.run(ended())


async def ended() -> None:
    await beside.of_this_loop().close()


@pytest.fixture
def photos(loop: Loop, ada: User) -> list[Photo]:
    """Three photos of Ada's in a public album."""
    return add_rows(Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC"), 3, tags=("hill",))


def operation_of(text: str) -> Operation:
    """Return an operation that was asked for before."""
    operation = make(text).operation(None)
    operation.planned.is_new = False
    return operation


def expected(operation: Operation, variables: Any = None) -> bytes:
    """Return the executor's answer for somebody who is not signed in."""
    context = nobody()
    request = GraphQLRequest(query="", variables=variables)
    return ERROR_ID.sub(b"(id)", answer_of(executed(operation, request, context, root=None)).body)


def nobody() -> Context:
    """Return the context of somebody who is not signed in."""
    return Context(credentials=Credentials({"headers": []}), address="127.0.0.1", can_set_cookies=True)


def answered(found: in_loop.Tried) -> bytes:
    assert found.answer
    return found.answer.body


def test_what_is_asked_about_the_schema_again_needs_no_thread_though_its_document_is_new(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(introspection, "answers", introspection.Answers())
    operation = make("{ __typename }").operation(None)
    assert loop.tried(operation).answer is None
    introspection.answers.put(introspection.key_of(operation, GraphQLRequest(query="")), {"__typename": "Query"})
    assert answered(loop.tried(operation)) == expected(operation)
    assert operation.planned.is_new


def test_operations_made_by_chance_have_the_executors_answer(loop: Loop, ada: User, grace: User, limits: None) -> None:
    fill(ada, grace)
    gallery, count = known(), 0

    @settings(max_examples=150, suppress_health_check=list(HealthCheck), database=None)
    @given(made=operations(gallery))
    def check(made: tuple[str, dict[str, Any]]) -> None:
        nonlocal count
        text, variables = made
        document = make(text)
        assume(document.refusal is None)
        operation = document.operation("Made")
        operation.planned.is_new = False
        for _ in range(2):
            found = loop.tried(operation, variables=variables)
            if found.answer:
                count += 1
                assert found.answer.body == expected(operation, variables)

    check()
    assert count > 20


@pytest.mark.parametrize(
    "text",
    [
        PHOTOS,
        "{ __typename }",
        "query($id: ID!) { photo(id: $id) { id caption album { title } renditions { url } } }",
        "query($id: ID!) { a: photo(id: $id) { id } b: photos(filter: {search: \"100%s 'x' \\\\\"}) { edges { cursor } } }",
        'query($id: ID!) { photos(filter: {search: "photo", album: null}) { edges { cursor } } photo(id: $id) { __typename } }',
        'query($id: ID!) { tags(search: "HI") { edges { node { name } } } photo(id: $id) { id } }',
    ],
)
def test_it_answers_as_the_executor_does(text: str, photos: list[Photo], loop: Loop) -> None:
    operation = operation_of(text)
    for key in (photos[1].pk, photos[2].pk, "00000000-0000-0000-0000-000000000000"):
        variables = {"id": to_base64("Photo", str(key))} if "$id" in text else {}
        assert answered(loop.tried(operation, variables=variables)) == expected(operation, variables)


NESTED = """query($n: Int, $search: String, $after: String) { albums { edges { node { title
  photos(first: $n, after: $after, filter: {search: $search}) { pageInfo { endCursor hasNextPage hasPreviousPage }
    edges { cursor node { id caption isMine tags { name } owner { id } } } } } } } }"""


def test_connections_behind_rows(photos: list[Photo], loop: Loop, ada: User, grace: User) -> None:
    for number in range(3):
        add_rows(
            Album.objects.create(owner=grace, title=f"more {number}", visibility="PUBLIC"),
            number,
            tags=("river", "sky"),
        )
    Album.objects.create(owner=ada, title="private", visibility="PRIVATE")
    operation = operation_of(NESTED)
    cursor = None
    for variables in ({}, {"n": 1}, {"n": 2}, {"n": 0}, {"search": "photo"}, {"search": "none"}, {"n": 1, "after": ""}):
        body = answered(loop.tried(operation, variables=variables))
        assert body == expected(operation, variables)
        found = re.search(rb'"endCursor":"([^"]+)"', body)
        cursor = found[1].decode() if found else cursor
    assert answered(loop.tried(operation, variables={"after": cursor})) == expected(operation, {"after": cursor})


def test_connections_behind_rows_are_one_statement_each(photos: list[Photo], django_assert_num_queries: Any) -> None:
    operation = operation_of(NESTED)
    request = GraphQLRequest(query="", variables={})
    context = nobody()
    with django_assert_num_queries(3):  # albums, photos, tags
        assert running.attempted(operation.planned, request, context).result == "planned"


def test_a_connection_whose_arguments_have_no_form_is_one_of_objects(photos: list[Photo]) -> None:
    operation = operation_of(
        "query($t: [String!]) { albums { edges { node { photos(filter: {tags: $t}) { edges { cursor } } } } } }"
    )
    context = nobody()
    for variables in ({}, {"t": ["hill"]}, {"t": ["sky"]}, {}):
        made = running.attempted(operation.planned, GraphQLRequest(query="", variables=variables), context)
        assert made.result == "planned"
        assert made.data == executed(operation, GraphQLRequest(query="", variables=variables), context, root=None).data


@pytest.mark.parametrize("text", ["{ __typename }", "{ edges { cursor } }"])
def test_a_cursor_of_another_list_is_told_whether_rows_are_asked_for_or_not(text: str, photos: list[Photo]) -> None:
    operation = operation_of("query($after: String) { albums(after: $after) " + text + " }")
    cursor = encode_cursor(photos[0], PHOTO_ORDERINGS[PhotoOrder.NEWEST])
    request = GraphQLRequest(query="", variables={"after": cursor})
    context = nobody()
    assert running.attempted(operation.planned, request, context).result == "failed"


@pytest.mark.parametrize(("fields", "statements_made"), [
    ("totalCount", 1), ("totalCount edges { node { caption } }", 2), ("pageInfo { hasNextPage }", 1), ("edges { cursor }", 1),
])  # fmt: skip
def test_all_rows_are_counted_here_and_a_page_is_read_where_it_is_asked_for(
    fields: str, statements_made: int, photos: list[Photo], loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    rows = DirectConnection.rows

    async def noted(direct: DirectConnection, sql: str, values: Any = ()) -> Any:
        made.append(sql)
        return await rows(direct, sql, values)

    monkeypatch.setattr(DirectConnection, "rows", noted)
    operation = operation_of(
        "query($search: String) { photos(first: 2, filter: {search: $search}) { " + fields + " } }"
    )
    for variables in ({}, {"search": "photo"}, {"search": "none of them"}):
        made.clear()
        assert answered(loop.tried(operation, variables=variables)) == expected(operation, variables)
        assert len(made) == statements_made


def test_pages_go_on(photos: list[Photo], loop: Loop) -> None:
    text = """query($after: String) { photos(first: 1, after: $after) { edges { cursor node { caption } }
      pageInfo { endCursor hasNextPage } } }"""
    operation = operation_of(text)
    cursor, seen = None, []
    for _ in photos:
        body = answered(loop.tried(operation, variables={"after": cursor}))
        assert body == expected(operation, {"after": cursor})
        cursor = re.search(rb'"endCursor":"([^"]+)"', body)[1].decode()  # type: ignore[index]  # there is one
        seen += re.findall(rb'"caption":"([^"]+)"', body)
    assert seen == [b"photo 2", b"photo 1", b"photo 0"]


def test_sql_is_made_once_for_each_form_of_the_arguments(
    photos: list[Photo], loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def noted(*given: Any) -> statements.Statement:
        made.append(given)
        return statements.statement_of(*given)

    monkeypatch.setattr("api.plans.places.statement_of", noted)
    operation = operation_of(
        "query($search: String, $n: Int) { photos(first: $n, filter: {search: $search}) { edges { cursor } } }"
    )
    for variables in ({}, {"search": "hill"}, {"search": "heron"}, {"search": ""}, {"n": 1}, {"search": "hill"}):
        assert answered(loop.tried(operation, variables=variables)) == expected(operation, variables)
    assert len(made) == 4


@pytest.mark.parametrize(
    "text",
    [
        "{ viewer { id } }",
        "{ albums { edges { node { cover { id } } } } }",
        "{ photos(first: 100000) { edges { node { id } } } }",
        '{ photo(id: "garbage") { id } }',
        '{ photos(filter: {takenAfter: "2026-01-01T00:00:00"}) { edges { node { id } } } }',
        "mutation { logout { viewer { id } } }",
    ],
)
def test_everything_else_is_for_a_thread(text: str, loop: Loop) -> None:
    document = make(text)
    if document.refusal is None:
        operation = document.operation(None)
        operation.planned.is_new = False
        assert loop.tried(operation).answer is None


def test_somebody_with_a_session_is_for_a_thread(photos: list[Photo], loop: Loop) -> None:
    assert loop.tried(operation_of(PHOTOS), cookie=b"slipway_session=x; sessionid=x; __Host-sessionid=x").answer is None


def test_where_redis_has_to_be_asked_it_is_for_a_thread(photos: list[Photo], loop: Loop, settings: Settings) -> None:
    settings.GRAPHQL_RATE_PER_MINUTE = 1000
    purse.take_out("127.0.0.1")
    assert loop.tried(operation_of(PHOTOS)) == in_loop.Tried()


def test_no_thread_is_asked(photos: list[Photo], settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    client = GraphQLClient()
    settings.DATABASE_LOOP_CONNECTIONS = 0
    answers = [client.execute(PHOTOS) for _ in range(2)]

    async def refused(*_: Any, **__: Any) -> None:
        raise AssertionError

    settings.DATABASE_LOOP_CONNECTIONS = 1
    monkeypatch.setattr(threads, "run", refused)
    ends = beside.Connections.one

    @asynccontextmanager
    async def one(connections: beside.Connections) -> AsyncIterator[Any]:
        async with ends(connections) as found:
            yield found
        await connections.close()  # the client's loop ends with its request

    monkeypatch.setattr(beside.Connections, "one", one)
    answers.append(client.execute(PHOTOS))
    assert answers == [answers[0]] * 3


class TestTrouble:
    def test_a_connection_that_was_lost_goes_with_all_others(self, photos: list[Photo], loop: Loop) -> None:
        operation = operation_of(PHOTOS)
        loop.run(several(operation, 2))
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                           "AND datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
            assert cursor.fetchone()[0] >= 2
        assert loop.tried(operation).answer is None
        assert answered(loop.tried(operation)) == expected(operation)

    def test_more_at_a_time_than_there_are_connections_wait(self, photos: list[Photo], loop: Loop) -> None:
        operation = operation_of(PHOTOS)
        assert {each.answer.body for each in loop.run(several(operation, 9)) if each.answer} == {expected(operation)}

    def test_its_time_ends_and_the_server_hears_of_it(
        self, photos: list[Photo], loop: Loop, settings: Settings, locked: Callable[[], int]
    ) -> None:
        operation = operation_of(PHOTOS)
        assert loop.tried(operation).answer
        settings.GRAPHQL_TIMEOUT_SECONDS = 0.3
        with pytest.raises(TimedOutError):
            loop.run(behind_a_lock(operation, locked))
        assert locked() == 0, "a statement still waits"

    def test_a_database_that_is_away_is_for_a_thread_to_tell(
        self, photos: list[Photo], loop: Loop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
        operation = operation_of(PHOTOS)
        assert loop.tried(operation).answer is None
        assert beside.breaker.is_open
        monkeypatch.undo()
        monkeypatch.setattr(beside.breaker, "_closed_at", 0.0)
        assert loop.tried(operation).answer


async def several(operation: Operation, count: int) -> list[in_loop.Tried]:
    return await asyncio.gather(*(tried(operation) for _ in range(count)))


async def behind_a_lock(operation: Operation, waiting: Callable[[], int]) -> None:
    """Ask for what somebody else has locked."""
    options = connection.get_connection_params()
    holder = await psycopg.AsyncConnection.connect(
        **{name: value for name, value in options.items() if name not in beside.LEFT_OUT}
    )
    try:
        await holder.execute("LOCK TABLE gallery_photo IN ACCESS EXCLUSIVE MODE")
        await tried(operation)
    finally:
        await holder.close()


@pytest.fixture
def locked(transactional_db: None) -> Callable[[], int]:
    """Return what tells how many statements wait for a lock."""

    def waiting() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return int(cursor.fetchone()[0])

    return waiting

"""Statements that are prepared on a thread's connection: once, again where they have to be, and in Django's transactions."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from config.postgresql import prepared

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "SELECT %s::int + 1, '100%%', %s::uuid"
KNOWN = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'slipway%'"


def asked(sql: str, *values: Any) -> Any:
    with prepared.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


def plainly(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() if cursor.description else None


@pytest.fixture
def table() -> Any:
    plainly("CREATE TABLE numbers (n int PRIMARY KEY)")
    plainly("INSERT INTO numbers VALUES (1)")
    yield
    plainly("DROP TABLE numbers")


def test_one_is_prepared_once_and_gives_what_an_ordinary_cursor_does() -> None:
    plainly("DEALLOCATE ALL")
    connection.connection.prepared = None
    assert [asked(NUMBER, number, UUID(int=7)) for number in (1, 2)] == [(n, "100%", UUID(int=7)) for n in (2, 3)]
    assert plainly(KNOWN) == (1,)


def test_there_is_no_row_more_than_there_is(table: None) -> None:
    with prepared.cursor() as cursor:
        cursor.execute("SELECT n FROM numbers WHERE n = %s", [1])
        assert [cursor.fetchone(), cursor.fetchone(), cursor.rowcount] == [(1,), None, 1]


def test_the_log_of_statements_has_it_with_its_values() -> None:
    with CaptureQueriesContext(connection) as seen:
        asked("SELECT %s::text", "it's")
    assert [each["sql"] for each in seen] == ["SELECT 'it''s'::text"]


def test_it_is_in_the_transaction_that_django_began(table: None) -> None:
    with transaction.atomic():
        asked("UPDATE numbers SET n = %s WHERE n = %s RETURNING n", 5, 1)
        transaction.set_rollback(True)
    assert plainly("SELECT n FROM numbers") == (1,)
    with transaction.atomic():
        asked("UPDATE numbers SET n = %s WHERE n = %s RETURNING n", 5, 1)
    assert plainly("SELECT n FROM numbers") == (5,)


@pytest.mark.parametrize("is_in_transaction", [True, False])
def test_one_whose_columns_have_other_types_by_now_is_prepared_again(table: None, is_in_transaction: bool) -> None:
    sql = "SELECT n FROM numbers"
    assert asked(sql) == (1,)
    plainly("ALTER TABLE numbers ALTER n TYPE text")
    if is_in_transaction:
        with transaction.atomic():
            assert asked(sql) == ("1",)
    assert asked(sql) == ("1",)


def test_one_that_the_session_has_forgotten_is_prepared_again() -> None:
    asked(NUMBER, 1, UUID(int=7))
    plainly("DISCARD ALL")
    assert asked(NUMBER, 1, UUID(int=7))[0] == 2


def test_what_the_server_refuses_is_django_s_error_and_the_connection_goes_on() -> None:
    with pytest.raises(ProgrammingError):
        asked("SELEC 1")
    with pytest.raises(ProgrammingError), transaction.atomic():
        asked("SELECT 1 FROM nowhere")
    assert asked("SELECT 1") == (1,)


def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "PREPARED_MAX", 3)
    assert [asked(f"SELECT {number}") for number in range(8)] == [(number,) for number in range(8)]
    assert plainly(KNOWN)[0] <= 3


def test_a_connection_that_is_lost_is_an_error_of_operation_and_the_next_piece_of_work_has_another() -> None:
    asked("SELECT 1")
    options = {name: value for name, value in connection.get_connection_params().items() if name != "cursor_factory"}
    with psycopg.connect(**options, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
    with pytest.raises(OperationalError), transaction.atomic():
        asked("SELECT 1")
    connection.close()
    assert asked("SELECT 1") == (1,)

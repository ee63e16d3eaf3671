import os
import select
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import DataError, connection, connections
from django.db.backends.postgresql import base
from django.db.backends.postgresql.base import TIMESTAMPTZ_OID
from django.db.backends.postgresql.psycopg_any import get_adapters_template, register_tzloader
from psycopg.pq import Format
from psycopg_pool import ConnectionPool
from pytest_django import Settings

from config.postgresql import base as base_of_ours
from config.postgresql import waiting
from config.postgresql.base import DatabaseWrapper, breaker, has_news, is_alive
from config.postgresql.times import UTCLoader, reading_times


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made: list[int] = []

    def away(*_: object) -> None:
        made.append(1)
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(base.DatabaseWrapper, "get_new_connection", away)
    monkeypatch.setattr(breaker, "_closed_at", 0.0)
    return made


def test_after_one_caller_failed_the_next_fail_at_once(tries: list[int]) -> None:
    for _ in range(5):
        with pytest.raises(psycopg.OperationalError):
            DatabaseWrapper({**connections["default"].settings_dict}).get_new_connection({})
    assert len(tries) == 1


def test_a_while_later_one_tries_again(tries: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        monkeypatch.setattr(breaker, "_closed_at", 0.0)
        with pytest.raises(psycopg.OperationalError):
            DatabaseWrapper({**connections["default"].settings_dict}).get_new_connection({})
    assert len(tries) == 2


@pytest.mark.django_db(transaction=True)
def test_a_new_password_is_read_where_the_server_refuses_the_one_that_is_known(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting.Passwords, "newest", None)
    server = {**connections["default"].get_connection_params()}
    server.pop("pool", None)
    file = tmp_path / "database_url"
    settings.DATABASE_URL_FILE = str(file)
    options = {"host": server.get("host", ""), "port": server.get("port", ""), "user": "rotated", "dbname": "postgres"}
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as superuser:
        superuser.execute("CREATE ROLE rotated LOGIN PASSWORD 'one'")
        try:
            file.write_text("postgres://rotated:two@db:5432/slipway\n")
            waiting.WaitingConnection.connect(**options, password="one").close()
            superuser.execute("ALTER ROLE rotated PASSWORD 'two'")
            waiting.WaitingConnection.connect(**options, password="one").close()
            assert waiting.Passwords.newest == "two"
            superuser.execute("ALTER ROLE rotated PASSWORD 'three'")
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                waiting.WaitingConnection.connect(**options, password="one")
        finally:
            superuser.execute("DROP ROLE rotated")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25 18:05:01.123456+00", "2026-11-25 18:05:01.1+00", "2026-11-25 18:05:01+00", "0001-01-01 00:00:00+00",
        "9999-12-31 23:59:59.999999+00", "2026-06-30 12:00:00+02", "1800-01-01 00:00:00-00:19:32",
    ],
)  # fmt: skip
def test_times_are_read_as_django_reads_them(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        quick = cursor.fetchone()[0]
        assert cursor.connection.adapters.get_loader(TIMESTAMPTZ_OID, Format.TEXT) is UTCLoader
        register_tzloader(UTC, cursor.cursor)
        cursor.execute("SELECT %s::timestamptz", [text])
        assert (quick, quick.isoformat(), quick.tzinfo) == (
            (slow := cursor.fetchone()[0]),
            slow.isoformat(),
            slow.tzinfo,
        )


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["infinity", "0044-03-15 00:00:00+00 BC", "10000-01-01 00:00:00+00"])
def test_times_that_python_has_none_for_are_the_errors_that_they_were(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        with pytest.raises(DataError):
            cursor.fetchone()


@pytest.mark.django_db
def test_times_in_another_zone_are_read_by_django(settings: Settings) -> None:
    template = get_adapters_template(True, ZoneInfo("Europe/Berlin"))
    assert reading_times(template) is template


class TestAConnectionThatIsTakenFromThePool:
    @pytest.fixture
    def pooled(self) -> Iterator[waiting.WaitingConnection]:
        with waiting.WaitingConnection.connect(os.environ["DATABASE_URL"], autocommit=True) as made:
            yield made

    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[object]:
        seen: list[object] = []
        check = ConnectionPool.check_connection

        def counted(each: Any) -> None:
            seen.append(each)
            check(each)

        monkeypatch.setattr(ConnectionPool, "check_connection", counted)
        return seen

    def test_it_is_asked_whether_it_lives_unless_it_answered_a_moment_ago(
        self, pooled: waiting.WaitingConnection, asked: list[object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert [is_alive(pooled) for _ in range(3)] == [True] * 3
        assert len(asked) == 1
        pooled.answered_at -= base_of_ours.UNUSED_SECONDS
        assert is_alive(pooled)
        assert len(asked) == 2

    def test_it_is_found_dead_however_short_ago_it_answered(
        self, pooled: waiting.WaitingConnection, asked: list[object]
    ) -> None:
        assert is_alive(pooled)
        with psycopg.connect(os.environ["DATABASE_URL"]) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 30000)", [pooled.info.backend_pid])
        assert not is_alive(pooled)
        assert not is_alive(pooled)

    def test_it_lives_where_the_server_only_had_something_to_say(
        self, pooled: waiting.WaitingConnection, asked: list[object]
    ) -> None:
        assert is_alive(pooled)
        pooled.execute("LISTEN said")
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
            other.execute("NOTIFY said")
            other.execute("SELECT 1")
        select.select([pooled], [], [], 30)
        assert has_news(pooled)
        assert is_alive(pooled)
        assert len(asked) == 2

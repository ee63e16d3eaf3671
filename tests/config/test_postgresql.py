import psycopg
import pytest
from django.db import connections
from django.db.backends.postgresql import base

from config.postgresql.base import DatabaseWrapper, breaker


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

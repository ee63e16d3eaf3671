"""From a commit to an nginx that has forgotten: in whatever order writes come, and whoever is away."""

import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from api import tasks
from api.shared_cache import index, purging
from api.shared_cache import nginx as door
from config.celery import app
from tests.api.shared_cache.nginx_stub import Nginx
from tests.api.shared_cache.nginx_stub import nginx as serving

Sent = list[tuple[list[str], float]]


@pytest.fixture
def nginx(shared_cache: None, settings: Settings) -> Iterator[Nginx]:
    """An nginx that can be told."""
    with serving() as server:
        settings.SHARED_CACHE_ADDRESS = server.address
        yield server


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The tasks that were sent: keys, and in how many seconds."""
    found: Sent = []

    def send(name: str, *, args: list[list[str]], countdown: float) -> None:
        assert name == tasks.forget_answers.name
        found.append((args[0], countdown))

    monkeypatch.setattr(app, "send_task", send)
    return found


def keep(key: str, *made_of: str, is_sent: bool = True) -> None:
    assert index.keep(key, made_of=made_of, began=index.now(), seconds=100, sending="it") == "stored"
    if is_sent:
        index.sent("it", key)


class TestNow:
    def test_nginx_forgets_what_was_made_of_it_and_nothing_else(self, nginx: Nginx, sent: Sent) -> None:
        for key in ("one", "two"):
            keep(key, "Album:1")
        keep("other", "Album:2")
        purging.purge(["Album:1"])
        assert sorted(nginx.forgotten) == ["one", "two"]
        assert sent == []

    def test_nobody_is_asked_where_nothing_is_kept(self, nginx: Nginx, sent: Sent) -> None:
        nginx.status = 500
        purging.purge(["Album:1"])
        assert sent == []

    def test_an_nginx_that_is_away_is_told_by_a_task(
        self, shared_cache: None, sent: Sent, caplog: pytest.LogCaptureFixture
    ) -> None:
        keep("one", "Album:1")
        purging.purge(["Album:1"])
        assert sent == [(["one"], 0)]
        assert "cannot have nginx forget" in caplog.text

    def test_so_is_one_that_refuses(self, nginx: Nginx, sent: Sent) -> None:
        nginx.status = 500
        keep("one", "Album:1")
        purging.purge(["Album:1"])
        assert sent == [(["one"], 0)]

    def test_what_takes_too_long_is_left_to_tasks_of_a_bounded_length(
        self, nginx: Nginx, sent: Sent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(purging, "AT_ONCE_SECONDS", -1)
        monkeypatch.setattr(purging, "TASK_KEYS", 2)
        for key in ("a", "b", "c"):
            keep(key, "Album:1")
        purging.purge(["Album:1"])
        assert (nginx.forgotten, [len(keys) for keys, _ in sent]) == ([], [2, 1])

    def test_a_broker_that_is_away_is_no_error(
        self, shared_cache: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def away(*_: Any, **__: Any) -> None:
            raise BrokerError

        monkeypatch.setattr(app, "send_task", away)
        keep("one", "Album:1")
        purging.purge(["Album:1"])
        assert "cannot enqueue" in caplog.text

    @pytest.mark.usefixtures("shared_cache", "no_redis")
    def test_a_redis_that_is_away_is_no_error(self, sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
        purging.purge(["Album:1"])
        assert sent == []
        assert "cannot look up" in caplog.text

    def test_every_nginx_is_told(self, nginx: Nginx, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
        with serving() as second:
            places = [("127.0.0.1", each.server_port) for each in (nginx, second)]
            monkeypatch.setattr(door, "addresses", lambda: places)
            keep("one", "Album:1")
            purging.purge(["Album:1"])
            assert (nginx.forgotten, second.forgotten, sent) == (["one"], ["one"], [])
            second.status = 500
            keep("two", "Album:1")
            purging.purge(["Album:1"])
        assert sent == [(["two"], 0)]

    def test_a_name_that_is_not_known_is_told_by_a_task(
        self, shared_cache: None, sent: Sent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unknown() -> None:
            raise socket.gaierror

        monkeypatch.setattr(door, "addresses", unknown)
        keep("one", "Album:1")
        purging.purge(["Album:1"])
        assert sent == [(["one"], 0)]


class TestOnItsWay:
    """An answer that was noted before a write, and that nginx may not have yet."""

    def test_it_is_forgotten_once_it_is_sent_and_once_more(
        self, nginx: Nginx, sent: Sent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waited: list[list[str]] = []

        def wait(taken: index.Taken, *, seconds: float) -> None:
            waited.append(list(nginx.forgotten))
            index.sent("it", "one")

        monkeypatch.setattr(index, "wait_until_sent", wait)
        keep("one", "Album:1", is_sent=False)
        keep("two", "Album:1")
        purging.purge(["Album:1"])
        assert [sorted(each) for each in waited] == [["one", "two"]]
        assert nginx.forgotten[2:] == ["one"]
        assert sent == [(["one"], purging.ONCE_MORE_SECONDS)]

    def test_one_that_is_never_sent_holds_up_nobody(
        self, nginx: Nginx, sent: Sent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(purging, "SENT_SECONDS", 0)
        keep("one", "Album:1", is_sent=False)
        purging.purge(["Album:1"])
        assert nginx.forgotten == ["one", "one"]


class TestTask:
    def test_it_has_nginx_forget(self, nginx: Nginx) -> None:
        tasks.forget_answers(["one", "two"])
        assert nginx.forgotten == ["one", "two"]

    def test_it_tries_again_what_is_left_and_not_for_ever(self, nginx: Nginx, caplog: pytest.LogCaptureFixture) -> None:
        nginx.status = 500
        result = tasks.forget_answers.apply(args=(["one"],), throw=False)  # in place, retries too
        assert result.state == "SUCCESS"
        assert "has not forgotten" in caplog.text


Captured = Callable[[Callable[[], Any]], list[set[str]]]


@pytest.fixture
def purges(
    shared_cache: None, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Captured:  # fmt: skip
    """Return what is forgotten after a transaction, a set for each time."""

    def captured(write: Callable[[], Any]) -> list[set[str]]:
        found: list[set[str]] = []
        monkeypatch.setattr(purging, "purge", lambda surrogates: found.append(set(surrogates)))
        with django_capture_on_commit_callbacks(execute=True):
            write()
        return found

    return captured


@pytest.mark.django_db
class TestTransactions:
    def test_many_writes_are_one_purge(self, purges: Captured) -> None:
        def write() -> None:
            for key in ("Album:1", "Album", "Album:1"):
                purging.purge_on_commit(key)
                with transaction.atomic():
                    purging.purge_on_commit("Photo")

        assert purges(write) == [{"Album:1", "Album", "Photo"}]

    def test_what_is_kept_is_forgotten_though_what_was_beside_it_is_taken_back(self, purges: Captured) -> None:
        def write() -> None:
            with transaction.atomic():
                purging.purge_on_commit("Album:1")
                transaction.set_rollback(True)
            with transaction.atomic():
                purging.purge_on_commit("Album:2")
            purging.purge_on_commit("Album:3")

        assert set().union(*purges(write)) == {"Album:2", "Album:3"}

    def test_what_is_taken_back_is_not(self, purges: Captured) -> None:
        def write() -> None:
            with transaction.atomic():
                purging.purge_on_commit("Album:1")
                transaction.set_rollback(True)

        assert purges(write) == []

    def test_without_a_shared_cache_nothing_is_done(self, purges: Captured, settings: Settings) -> None:
        settings.SHARED_CACHE_ADDRESS = ""
        assert purges(lambda: purging.purge_on_commit("Album")) == []


@pytest.mark.django_db(transaction=True)
def test_it_is_forgotten_once_it_is_committed_and_not_before(
    shared_cache: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(purging, "purge", lambda _: seen.append(connection.in_atomic_block))
    with transaction.atomic():
        purging.purge_on_commit("Album")
        assert seen == []
    assert seen == [False]
    purging.purge_on_commit("Album")  # outside of a transaction: at once
    assert seen == [False, False]


def test_a_failure_of_ours_does_not_reach_who_wrote(
    shared_cache: None, transactional_db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(purging, "purge", broken)
    with caplog.at_level(logging.ERROR), transaction.atomic():
        purging.purge_on_commit("Album")
    assert "on_commit" in caplog.text

"""Watchers who are each somebody else are answered several at a time, and one's trouble is nobody else's."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from api import threads, together
from api.context import Context
from api.credentials import Credentials
from api.errors import TimedOutError


class Watcher:
    """Somebody who watches, and what he is told."""

    known = None

    def __init__(self, outcome: Any) -> None:
        self.context = Context(credentials=Credentials({"headers": []}), address="127.0.0.1")
        self._outcome = outcome

    def outcome(self, event: Any) -> Any:
        return self._outcome


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were answered in each thread's turn; threads.run is as ever, without the database."""
    found: list[int] = []

    async def run(work: Callable[[], list[Any]]) -> list[Any]:
        outcomes = work()
        found.append(len(outcomes))
        return outcomes

    monkeypatch.setattr(threads, "run", run)
    return found


def answered(*watchers: Watcher) -> list[Any]:
    async def main() -> list[Any]:
        turns = together.of_this_loop()
        coming: list[Any] = [turns.take(each, None) for each in watchers]  # type: ignore[arg-type]  # as far as it is asked
        return await asyncio.gather(*coming, return_exceptions=True)

    return asyncio.run(main())


def test_so_many_are_answered_at_a_time_in_the_order_in_which_they_came(runs: list[int]) -> None:
    assert answered(*(Watcher(number) for number in range(45))) == list(range(45))
    assert runs == [20, 20, 5]


def test_what_one_runs_into_is_his_own(runs: list[int]) -> None:
    error = ValueError("his own")
    assert answered(Watcher(1), Watcher(error), Watcher(None)) == [1, error, None]


def test_where_it_takes_too_long_for_all_each_has_time_of_his_own(
    runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = threads.run

    async def impatient(work: Callable[[], Any]) -> Any:
        found: Any = await run(work)
        if len(found) > 1 or found == ["slow"]:
            raise TimedOutError
        return found

    monkeypatch.setattr(threads, "run", impatient)
    first, slow, last = answered(Watcher(1), Watcher("slow"), Watcher(3))
    assert (first, type(slow), last) == (1, TimedOutError, 3)
    assert runs == [3, 1, 1, 1]


def test_what_befalls_the_thread_is_told_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: Any) -> Any:
        raise RuntimeError("no thread")

    monkeypatch.setattr(threads, "run", broken)
    assert [type(each) for each in answered(Watcher(1), Watcher(2))] == [RuntimeError] * 2

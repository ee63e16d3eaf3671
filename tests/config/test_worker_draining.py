"""SIGTERM, on a real worker, with tasks at work."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import redis

from config.celery import app
from embedded.processes import Child
from embedded.stack import ROOT

TIMEOUT_SECONDS = 12
REDIS_URL = os.environ["REDIS_URL"].removesuffix("/0") + "/5"  # where no other test's tasks are


@contextmanager
def worker(folder: Path, name: str) -> Iterator[Child]:
    """Start a worker for the slow tasks, and leave nothing behind."""
    options = ["-I", "tests.config.slow_tasks", "-c", "2", "-l", "info", "-n", name]
    started = Child(
        name,
        [sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "worker", *options, "--without-gossip"],
        log_path=folder / f"{name}.log",
        env={**os.environ, "REDIS_URL": REDIS_URL, "SHUTDOWN_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS)},
        cwd=ROOT,
    )
    try:
        yield started
    finally:
        started.kill()


def send(seconds: float, path: Path) -> None:
    """Ask for a nap."""
    path.touch()
    with app.connection_for_write(REDIS_URL) as connection:
        app.send_task("tests.nap", (seconds, str(path)), connection=connection)


def words(path: Path) -> list[str]:
    return path.read_text().split()


def wait_until(what: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def test_it_finishes_a_task_and_hands_back_what_it_cannot_finish(tmp_path: Path) -> None:
    short, long = tmp_path / "short", tmp_path / "long"
    with worker(tmp_path, "first") as first:
        send(2, short)
        send(60, long)
        wait_until(lambda: words(short) == words(long) == ["begun"], seconds=60)
        first.ask_to_stop()
        asked = time.monotonic()
        with worker(tmp_path, "second") as second:
            assert first.process.wait(30) == 0, first.log_end()
            assert time.monotonic() - asked < TIMEOUT_SECONDS
            assert words(short) == ["begun", "done"]
            wait_until(lambda: words(long) == ["begun", "begun"], seconds=20)
            assert second.is_running
    with closing(redis.Redis.from_url(REDIS_URL)) as client:
        client.flushdb()

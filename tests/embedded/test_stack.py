import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded.errors import OperatorError
from embedded.stack import WEB, WORKER, Stack
from tests.embedded.clone import wait_until
from tests.embedded.conftest import is_gone

SLEEPS = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
FAILS = [sys.executable, "-c", "print('first'); raise SystemExit('the last word')"]


def test_a_process_that_ends_by_itself_is_named_with_its_last_lines(
    folder: Path, make_stack: Callable[..., Stack]
) -> None:
    stack = make_stack(folder, commands={WEB: SLEEPS, WORKER: FAILS})
    stack.start(WEB)
    stack.start(WORKER)
    wait_until(lambda: not stack.children[WORKER].is_running)
    with pytest.raises(OperatorError, match="The worker process ended with status 1") as failure:
        stack.wait_until_ready()
    assert "the last word" in failure.value.hint


def test_stopping_ends_what_was_started_and_what_that_started(folder: Path, make_stack: Callable[..., Stack]) -> None:
    parent = f"import subprocess; print(subprocess.Popen({SLEEPS!r}).pid, flush=True); subprocess.os.wait()"
    stack = make_stack(folder, commands={WEB: [sys.executable, "-c", parent]})
    stack.start(WEB)
    log = folder / "logs" / "web.log"
    wait_until(lambda: "here" in log.read_text())
    processes = [stack.children[WEB].process.pid, int(log.read_text().split()[0])]
    stack.stop()
    wait_until(lambda: all(is_gone(process) for process in processes))
    assert not (folder / "processes.json").exists()


def test_lines_are_shown_and_logged(folder: Path, make_stack: Callable[..., Stack]) -> None:
    shown: list[tuple[str, str]] = []
    stack = make_stack(folder, commands={WEB: SLEEPS}, show=lambda name, line: shown.append((name, line)))
    stack.start(WEB)
    wait_until(lambda: shown == [(WEB, "here")])
    assert (folder / "logs" / "web.log").read_text() == "here\n"


def test_a_server_named_by_an_address_is_not_started(folder: Path) -> None:
    assert list(Stack(folder, environment={"DATABASE_URL": "postgres://elsewhere/x"}).servers) == ["valkey"]
    assert list(Stack(folder, environment={"REDIS_URL_FILE": "/run/secrets/redis"}).servers) == ["postgres"]

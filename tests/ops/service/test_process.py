"""A job's process: what it says, how it ends, and who ends it."""

import logging
import os
import time
from pathlib import Path

import pytest

from ops.service import process
from ops.service.process import Outcome, Process
from tests.ops.service.conftest import python

LOG = logging.getLogger("test.process")


def run(program: str, *, is_stopping: bool = False, limit_seconds: float = 60) -> Outcome:
    running = Process(python(program), log=LOG, mask=lambda text: text.replace("s3cret", "***"), environment=os.environ)
    return running.finish(is_stopping=lambda: is_stopping, limit_seconds=limit_seconds)


def test_what_it_says_is_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "test.process"):
        outcome = run("import sys; print('begins with s3cret'); print('error: it', file=sys.stderr)")
    assert outcome.is_well
    assert {(record.levelname, record.getMessage()) for record in caplog.records} == {
        ("INFO", "begins with ***"),
        ("ERROR", "error: it"),
    }


def test_an_operator_s_error_is_the_problem_with_its_hint() -> None:
    outcome = run("import sys; print('error: Cannot dump.\\n hint: Look there.'); sys.exit(3)")
    assert (outcome.status, outcome.problem, outcome.hint) == (3, "Cannot dump.", "Look there.")


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("raise SystemExit(7)", "It ended with status 7."),
        ("import os; os.kill(os.getpid(), 9)", "It ended with SIGKILL."),
    ],
)
def test_whatever_else_ends_it_is_told(program: str, problem: str) -> None:
    outcome = run(program)
    assert not outcome.is_well
    assert outcome.problem == problem
    assert "docker compose logs" in outcome.hint


def test_one_that_takes_too_long_is_ended_and_has_failed() -> None:
    outcome = run("import time; print('at work'); time.sleep(600)", limit_seconds=1)
    assert not outcome.is_well
    assert outcome.problem == "It did not end within 1 s, and was ended."
    assert "BACKUP_LIMIT_SECONDS" in outcome.hint


def test_one_that_is_stopped_ends_in_order(tmp_path: Path) -> None:
    program = f"""
import pathlib, signal, sys, time
def stop(number, frame):
    pathlib.Path({str(tmp_path / "put-away")!r}).touch()
    sys.exit(1)
signal.signal(signal.SIGTERM, stop)
pathlib.Path({str(tmp_path / "begun")!r}).touch()
time.sleep(600)
"""
    running = Process(python(program), log=LOG, mask=str, environment=os.environ)
    outcome = running.finish(is_stopping=(tmp_path / "begun").exists, limit_seconds=60)
    assert outcome.is_stopped
    assert not outcome.is_well
    assert (tmp_path / "put-away").exists()


def test_one_that_is_done_when_the_stop_comes_is_done() -> None:
    program = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print('x'); time.sleep(600)"
    )
    running = Process(python(program), log=LOG, mask=str, environment=os.environ)
    outcome = running.finish(is_stopping=lambda: bool(running.lines), limit_seconds=60)
    assert outcome.is_well


def test_one_that_does_not_listen_is_killed_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "END_SECONDS", 1)
    child = tmp_path / "child"
    program = f"""
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path({str(child)!r}).write_text(str(started.pid))
time.sleep(600)
"""
    running = Process(python(program), log=LOG, mask=str, environment=os.environ)
    outcome = running.finish(is_stopping=lambda: child.exists() and bool(child.read_text()), limit_seconds=60)
    assert outcome.is_stopped
    assert ended(int(child.read_text()))


def ended(number: int) -> bool:
    """Tell whether a process is gone, or dead and not yet collected, before long."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_long_silence_is_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(process, "SILENT_SECONDS", 0.5)
    with caplog.at_level(logging.WARNING, "test.process"):
        running = Process(
            python("import time; print('Dumping'); time.sleep(600)"), log=LOG, mask=str, environment=os.environ
        )
        running.finish(is_stopping=lambda: "its last words: Dumping" in caplog.text, limit_seconds=60)
    assert "has said nothing for" in caplog.text
    assert "its last words: Dumping" in caplog.text

"""Where a script's module runs: right here, in the service's container, or in one of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops import inside, signalled

MARK = "0123456789abcdef"


def test_the_commands() -> None:
    profile = ["docker", "compose", "--profile", "backup"]
    assert inside.running() == [*profile, "ps", "--services", "--status", "running"]
    assert inside.in_service(["python3", "x y"], mark=MARK, is_terminal=False) == [
        *profile, "exec", "-T", "-e", f"SLIPWAY_RUN={MARK}", "backup", "python3", "x y",
    ]  # fmt: skip
    assert inside.in_service(["python3"], mark=MARK, is_terminal=True) == [
        *profile, "exec", "-e", f"SLIPWAY_RUN={MARK}", "backup", "python3",
    ]  # fmt: skip
    assert inside.in_own(["python3"], mark=MARK, is_terminal=False) == [
        *profile, "run", "--rm", "--name", f"backup-{MARK}", "-T", "backup", "python3",
    ]  # fmt: skip
    assert inside.signal_own(MARK, 15) == ["docker", "kill", "--signal", "15", f"backup-{MARK}"]
    assert inside.signal_service(MARK, 15)[-5:] == ["python3", "-m", "ops.signalled", MARK, "15"]


@pytest.mark.parametrize(
    ("environment", "has_programs", "is_here"),
    [
        ({"DATABASE_URL": "postgres://db/x"}, True, True),
        ({"DATABASE_URL_FILE": "/run/secrets/x"}, True, True),
        ({"DATABASE_URL": "postgres://db/x"}, False, False),
        ({}, True, False),  # a host that has PostgreSQL as well
    ],
)
def test_it_runs_right_here_where_all_that_is_needed_is(
    environment: dict[str, str], has_programs: bool, is_here: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if has_programs:
        (tmp_path / "pg_dump").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert inside.is_here(environment) is is_here


def test_without_docker_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert inside.main(["ops.backup", "--list"]) == 1
    assert "error: Cannot ask Docker what runs: there is no docker." in capsys.readouterr().err


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4])
def test_the_exit_status_is_passed_on(status: int) -> None:
    command = [sys.executable, "-c", f"raise SystemExit({status})"]
    assert inside.attached(command, send=lambda _: [], is_terminal=False) == status


def test_a_client_that_is_killed_is_told_as_shells_do() -> None:
    command = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    assert inside.attached(command, send=lambda _: [], is_terminal=False) == 128 + 9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_sent_on_by_a_command_and_does_not_reach_the_client(number: signal.Signals, tmp_path: Path) -> None:
    begun, sent = tmp_path / "begun", tmp_path / "sent"
    client = f"""
import pathlib, time
pathlib.Path({str(begun)!r}).touch()
while not pathlib.Path({str(sent)!r}).exists():
    time.sleep(0.05)
"""
    program = f"""
import sys
from ops import inside
send = lambda number: [sys.executable, "-c", "import pathlib, sys; pathlib.Path({str(sent)!r}).write_text(sys.argv[1])", str(number)]
sys.exit(inside.attached([sys.executable, "-c", {client!r}], send=send, is_terminal=False))
"""
    with subprocess.Popen([sys.executable, "-c", program]) as running:
        wait_for(begun)
        running.send_signal(number)
        assert running.wait(timeout=30) == 0
    assert sent.read_text() == str(int(number))


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_signal_finds_the_oldest_process_that_has_the_mark(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    program = f"""
import pathlib, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
def stop(number, frame):
    child.kill()
    sys.exit(7)
signal.signal(signal.SIGTERM, stop)
pathlib.Path({str(ready)!r}).touch()
time.sleep(60)
"""
    marked = os.environ | {"SLIPWAY_RUN": MARK}
    with subprocess.Popen([sys.executable, "-c", program], env=marked) as running:
        wait_for(ready)
        assert signalled.main([MARK, "15"]) == 0
        assert running.wait(timeout=30) == 7
    assert signalled.main([MARK, "15"]) == 1  # it has ended

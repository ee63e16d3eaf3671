"""A test run of its own in a process of its own, on a machine that lacks things."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.stack import ROOT
from tests.embedded.clone import wait_until

TESTS = """
import os
from pathlib import Path
import pytest

@pytest.mark.browser
def test_that_looks():
    pass

def test_that_waits():
    assert "DATABASE_URL" in os.environ
    Path("servers.txt").write_text(os.environ["MEDIA_ROOT"])
    if "WAIT" in os.environ:
        import time
        time.sleep(60)
"""
PLUGINS = ("-p", "no:django", "-p", "embedded.pytest_plugin", "-p", "no:cacheprovider")
INI = "[pytest]\nmarkers =\n  browser: needs an installed Chromium\n"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(INI)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "bin").mkdir()
    if setpriv := shutil.which("setpriv"):
        (tmp_path / "bin" / "setpriv").symlink_to(setpriv)
    return tmp_path


def begin(suite: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG")}
    paths = {"PATH": str(suite / "bin"), "PYTHONPATH": str(ROOT), "TMPDIR": str(suite / "temporary")}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *PLUGINS, *arguments],
        cwd=suite,
        env=kept | paths | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_interrupts,  # noqa: PLW1509 - it only makes one system call
    )


def hear_interrupts() -> None:
    """Undo what a shell does to a command in the background, and that one hands down: Ctrl-C is not for it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def outcome(process: subprocess.Popen[str]) -> tuple[int, str]:
    printed, _ = process.communicate(timeout=120)
    return process.returncode, printed


def servers_left(suite: Path) -> list[Path]:
    return list((suite / "temporary").glob("slipway-tests-*"))


def test_what_this_machine_lacks_is_left_out_and_said_in_one_line(suite: Path) -> None:
    status, printed = outcome(begin(suite))
    assert (status, "1 passed, 1 skipped" in printed) == (0, True), printed
    assert "left out on this machine: 1 browser tests (no Chromium)\n" in printed
    assert servers_left(suite) == []


def test_where_everything_is_required_what_lacks_is_a_failure(suite: Path) -> None:
    status, printed = outcome(begin(suite, REQUIRE_STACK_TESTS="1"))
    assert status != 0
    assert "1 browser tests cannot run: no Chromium" in printed
    assert servers_left(suite) == []


def test_a_run_in_two_processes_has_servers_for_each_and_says_the_same(suite: Path) -> None:
    status, printed = outcome(begin(suite, "--numprocesses", "2"))
    assert (status, "1 passed, 1 skipped" in printed) == (0, True), printed
    assert "left out on this machine: 1 browser tests (no Chromium)\n" in printed
    assert servers_left(suite) == []


def test_a_run_in_two_processes_where_everything_is_required_does_not_begin(suite: Path) -> None:
    status, printed = outcome(begin(suite, "--numprocesses", "2", REQUIRE_STACK_TESTS="1"))
    assert status != 0
    assert "REQUIRE_STACK_TESTS is set, and this machine has no Chromium" in printed
    assert "passed" not in printed
    assert servers_left(suite) == []


# Both signals go to one handler, which a run in several processes does not change.
@pytest.mark.parametrize(("number", "processes"), [(signal.SIGINT, "0"), (signal.SIGTERM, "0"), (signal.SIGTERM, "2")])
def test_a_run_that_is_broken_off_leaves_nothing_behind(suite: Path, number: signal.Signals, processes: str) -> None:
    with begin(suite, "--numprocesses", processes, WAIT="1") as process:
        wait_until(lambda: (suite / "servers.txt").exists() or process.poll() is not None, seconds=60)
        assert servers_left(suite) != []
        process.send_signal(number)
        assert outcome(process)[0] != 0
    assert servers_left(suite) == []

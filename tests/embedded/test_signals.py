"""A program of ours that is told to end, wherever the signal finds it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

# The signal comes where Python prints and forgets what is raised: in a destructor.
IN_A_DESTRUCTOR = """
import os, signal
from embedded.signals import Stopped, pause, stop_on_signals
class Last:
    def __del__(self):
        os.kill(os.getpid(), {number})
stop_on_signals()
Last()
try:
    pause(30)
except Stopped:
    print("stopped")
pause(0)
print("and ended in order")
"""

# The signal comes between the fork of a child and the line that remembers it.
WHILE_STARTING = """
import os, signal, sys
from pathlib import Path
from embedded import processes
from embedded.signals import Stopped, ignore_signals, pause, stop_on_signals
fork = processes.subprocess.Popen._execute_child
def fork_and_be_told(*arguments):
    fork(*arguments)
    os.kill(os.getpid(), signal.SIGTERM)
processes.subprocess.Popen._execute_child = fork_and_be_told
stop_on_signals()
child = processes.Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], log_path=Path(sys.argv[1]))
try:
    pause(30)
except Stopped:
    child.stop()
print("running" if child.is_running else "stopped")
"""


def printed(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_wish_to_end_is_not_lost_in_a_destructor(number: signal.Signals) -> None:
    assert printed(IN_A_DESTRUCTOR.format(number=int(number))) == "stopped\nand ended in order\n"


def test_a_child_that_is_just_being_started_is_not_left_behind(tmp_path: Path) -> None:
    assert printed(WHILE_STARTING, f"{tmp_path}/log") == "stopped\n"


def test_where_nobody_listens_a_pause_is_a_pause() -> None:
    assert printed("from embedded.signals import pause; pause(0.01); print('on')") == "on\n"

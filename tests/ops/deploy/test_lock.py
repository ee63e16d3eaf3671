import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ops.deploy import lock
from ops.errors import LOCKED, OperatorError

HOLD = """
import sys, time
from pathlib import Path
from ops.deploy import lock
with lock.held(Path(sys.argv[1]), what="deploy", say=print):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_one_is_told_who_holds_it_and_since_when(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        told = pytest.raises(OperatorError, match=rf"process {process.pid} of \S+ does a deploy since 20")
        with told as refused, lock.held(tmp_path, what="rollback", say=pytest.fail):
            pytest.fail("held twice")
        process.kill()
    assert refused.value.status == LOCKED


def test_what_a_killed_one_left_is_told_and_does_not_hinder(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
    said: list[str] = []
    with lock.held(tmp_path, what="deploy", say=said.append):
        pass
    assert said[0].startswith(f"Stale: process {process.pid} of ")


@pytest.mark.parametrize("is_failing", [False, True])
def test_an_end_in_order_leaves_nothing_behind(tmp_path: Path, *, is_failing: bool) -> None:
    said: list[str] = []
    error = OperatorError("It failed", hint="") if is_failing else None
    for _ in range(2):
        with contextlib.suppress(OperatorError), lock.held(tmp_path, what="deploy", say=said.append):
            assert json.loads((tmp_path / lock.NAME).read_text())["what"] == "deploy"
            fail(error)
    assert said == []


def fail(error: OperatorError | None) -> None:
    if error:
        raise error

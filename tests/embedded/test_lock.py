import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.errors import LOCKED, OperatorError
from embedded.lock import holder, locked

HOLDS = (
    "import sys, time; from pathlib import Path; from embedded.lock import locked\n"
    "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.lock"


def test_a_second_is_refused_and_told_who_and_since_when(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with (
            pytest.raises(OperatorError, match=rf"process {first.pid}, since \d{{4}}-\d\d-\d\d") as refusal,
            locked(path),
        ):
            pass
        first.kill()
    assert refusal.value.status == LOCKED
    assert holder(path) is None  # a killed process holds nothing
    with locked(path):
        pass


def test_it_is_free_again_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    assert holder(path) is None


def test_a_lock_file_that_is_removed_while_held_is_no_lock(path: Path) -> None:
    with locked(path):
        found = holder(path)
        assert found is not None
        assert found.process == os.getpid()
        path.unlink()
        assert holder(path) is None
        with locked(path):
            assert path.exists()

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from embedded.errors import OperatorError
from embedded.left_over import end_left_over, left_over, remember
from embedded.processes import Child, run
from tests.embedded.clone import wait_until
from tests.embedded.conftest import is_gone

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(OperatorError, match="ended with status 3") as failure:
        run([sys.executable, "-c", "print('what went wrong'); raise SystemExit(3)"])
    assert "what went wrong" in failure.value.hint


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel has to do it")
def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from embedded.processes import Child;"
        f"child = Child('sleeper', {SLEEPS!r}, log_path=Path(sys.argv[1]));"
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not is_gone(child)
        parent.kill()
    wait_until(lambda: is_gone(child))


class TestWhatAKilledRunLeft:
    @pytest.fixture
    def child(self, tmp_path: Path) -> Child:
        return Child("sleeper", SLEEPS, log_path=tmp_path / "log")

    def test_is_ended_by_the_next(self, tmp_path: Path, child: Child) -> None:
        remember(tmp_path, [child])
        assert end_left_over(tmp_path) == ["sleeper"]
        assert not child.is_running
        child.kill()
        assert end_left_over(tmp_path) == []

    def test_is_not_a_program_that_has_the_number_by_now(
        self, tmp_path: Path, child: Child, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        remember(tmp_path, [child])
        monkeypatch.setattr(psutil.Process, "create_time", lambda _: 0.0)
        assert left_over(tmp_path) == {}
        assert end_left_over(tmp_path) == []
        assert child.is_running
        child.kill()

    def test_is_nothing_where_the_file_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "processes.json").write_text("{")
        assert end_left_over(tmp_path) == []

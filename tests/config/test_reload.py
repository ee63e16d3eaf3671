import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import reload
from tests.embedded.clone import wait_until

COMMAND = "import pathlib, time; pathlib.Path('runs').open('a').write('x'); time.sleep(60)"


@pytest.fixture
def restarter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[reload.Restarter]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reload, "ROOT", tmp_path)
    for name in reload.FOLDERS:
        (tmp_path / name).mkdir()
    (tmp_path / "apps" / "models.py").write_text("")
    found = reload.Restarter([sys.executable, "-c", COMMAND])
    yield found
    found.stop()


def test_a_change_starts_the_command_again(restarter: reload.Restarter, tmp_path: Path) -> None:
    wait_until((tmp_path / "runs").exists)
    first = restarter.process
    restarter.notify_file_changed(tmp_path / "apps" / "models.py")
    assert first.poll() is not None
    wait_until(lambda: (tmp_path / "runs").read_text() == "xx")


def test_it_looks_at_the_project_s_own_code(restarter: reload.Restarter, tmp_path: Path) -> None:
    assert tmp_path / "apps" / "models.py" in restarter.watched_files()


def test_a_stop_ends_the_command_as_well(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "config.reload",
            sys.executable,
            "-c",
            COMMAND.replace("'runs'", repr(str(tmp_path / "runs"))),
        ]
    )
    wait_until((tmp_path / "runs").exists)
    process.terminate()
    assert process.wait(20) == 0

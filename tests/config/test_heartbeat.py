import os
import time
from pathlib import Path

import pytest

from config import heartbeat


def test_a_fresh_beat_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTBEAT_FILE", str(tmp_path / "alive"))
    assert heartbeat.main() == 1  # none yet
    heartbeat.beat(str(tmp_path / "alive"))
    assert heartbeat.main() == 0


def test_an_old_beat_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "alive"
    heartbeat.beat(str(path))
    before = time.time() - 100
    os.utime(path, (before, before))
    monkeypatch.setenv("HEARTBEAT_FILE", str(path))
    assert heartbeat.main() == 1
    assert "100 s ago" in capsys.readouterr().out


def test_without_a_file_nothing_is_written() -> None:
    heartbeat.beat("")

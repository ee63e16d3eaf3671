"""What runs beside the jobs is started again, and ends with the service."""

import logging
import os
import threading
import time
from pathlib import Path

import pytest

from ops.service import companion
from ops.service.companion import Companion
from tests.ops.service.conftest import python


def test_it_is_started_again_when_it_ends_and_ends_with_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(companion, "AGAIN_SECONDS", 0.1)
    program = f"""
import os, pathlib, time
number = len(os.listdir({str(tmp_path)!r}))
pathlib.Path({str(tmp_path)!r}, str(number)).touch()
time.sleep(600 if number else 0)
raise SystemExit("error: Cannot go on.")
"""
    stopping = threading.Event()
    running = Companion(
        python(program), log=logging.getLogger("test.wal"), mask=str, environment=os.environ, stopping=stopping
    )
    with caplog.at_level(logging.WARNING, "test.wal"):
        running.start()
        deadline = time.monotonic() + 60
        while not (tmp_path / "1").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        stopping.set()
        running.leave()
    assert not running.thread.is_alive()
    assert "ended: Cannot go on. It is started again" in caplog.text

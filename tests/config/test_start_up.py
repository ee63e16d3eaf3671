import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import Settings

from config import start_up
from config.environment_values import ROOT
from config.management.commands import prepare


@pytest.mark.django_db
def test_a_database_that_is_there_is_not_waited_for() -> None:
    start_up.wait_for_database(pytest.fail, limit_seconds=0)


def test_a_database_that_is_not_there_is_told_with_what_to_do() -> None:
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DB_POOL_SIZE": "1"}
    program = (
        "import django; django.setup()\n"
        "from config import start_up\n"
        "start_up.wait_for_database(print, limit_seconds=0.1)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 1
    assert "error: Cannot reach the database within 0 s" in found.stderr
    assert "hint: " in found.stderr


@pytest.mark.django_db(transaction=True)
def test_of_two_that_migrate_at_once_one_waits_for_the_other() -> None:
    said: list[str] = []
    order: list[str] = []
    has_lock, is_waiting = threading.Event(), threading.Event()

    def say(line: str) -> None:
        said.append(line)
        is_waiting.set()

    def second() -> None:
        has_lock.wait(10)
        with start_up.migration_lock(say):
            order.append("second")
        connections.close_all()

    thread = threading.Thread(target=second)
    thread.start()
    with start_up.migration_lock(pytest.fail):
        has_lock.set()
        assert is_waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert said == ["Waiting for another container, which migrates"]


@pytest.mark.django_db(transaction=True)
def test_the_lock_is_given_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), start_up.migration_lock(pytest.fail):
        _ = 1 / 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchone() == (0,)


class TestPrepare:
    @pytest.fixture
    def steps(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        taken: list[str] = []
        for name in ("wait_for_database", "check", "migrate", "load_demo", "collect_static"):
            monkeypatch.setattr(start_up, name, lambda *_, name=name: taken.append(name))
        return taken

    def test_the_server_s_start(self, steps: list[str]) -> None:
        call_command(prepare.Command())
        assert steps == ["wait_for_database", "check", "migrate", "load_demo", "collect_static"]

    def test_without_migrations(self, steps: list[str], settings: Settings) -> None:
        settings.RUN_MIGRATIONS = False
        call_command(prepare.Command())
        assert "migrate" not in steps
        assert "collect_static" in steps

    def test_the_worker_s_start_changes_nothing(self, steps: list[str]) -> None:
        call_command(prepare.Command(), "--only-wait")
        assert steps == ["wait_for_database"]


def test_in_development_the_volume_is_emptied_since_the_source_is_served(settings: Settings, tmp_path: Path) -> None:
    settings.DEBUG, settings.STATIC_ROOT = True, tmp_path
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery" / "stale.css").write_text("")
    (tmp_path / "staticfiles.json").write_text("")
    start_up.collect_static()
    assert list(tmp_path.iterdir()) == []

"""Migrations while the version before serves: what it can't live with is refused, and a held lock holds nobody up for long."""

import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import Settings

from config import migrating
from config.environment_values import ROOT
from config.start_up import StartUpError

MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("gallery", {before!r})]
    operations = [{operation}]
"""
RENAME = 'migrations.RenameField("album", "description", "words")'
ADD = 'migrations.AddField("album", "place", models.CharField(max_length=9, null=True))'
REQUIRE = 'migrations.AddField("album", "place", models.CharField(max_length=9, default="x"))'
REMOVE = 'migrations.RemoveField("album", "description")'

Tomorrow = Callable[[str], None]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tomorrow(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tomorrow]:
    """Return what adds a migration to the gallery."""
    package = tmp_path / "migrations_of_tomorrow"
    shutil.copytree(ROOT / "apps" / "gallery" / "migrations", package, ignore=shutil.ignore_patterns("__pycache__"))
    before = max(path.stem for path in package.glob("0*.py"))
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.MIGRATION_MODULES = {"gallery": package.name}

    def add(operation: str) -> None:
        (package / "9999_tomorrow.py").write_text(MIGRATION.format(before=before, operation=operation))

    yield add
    call_command("migrate", "gallery", before, verbosity=0)
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        del sys.modules[name]


def test_without_a_new_migration_nothing_is_pending() -> None:
    found = migrating.plan()
    assert (found.pending, found.dangers) == ([], [])
    assert any(head.startswith("gallery.") for head in found.heads)


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        (RENAME, "renaming columns (gallery_album)"),
        (REMOVE, "dropping columns (gallery_album)"),
        (REQUIRE, "not null constraint on columns"),
    ],
)
def test_what_yesterday_s_code_cannot_live_with_is_refused(
    tomorrow: Tomorrow, operation: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tomorrow(operation)
    with pytest.raises(SystemExit) as ended:
        call_command("migrate_once")
    assert ended.value.code == 3
    told = json.loads(capsys.readouterr().out)
    assert {"migration": "gallery.9999_tomorrow", "what": what} in told["refused"]
    assert migrating.plan().pending == ["gallery.9999_tomorrow"]


def test_a_danger_that_is_named_is_applied(tomorrow: Tomorrow) -> None:
    tomorrow(RENAME)
    call_command("migrate_once", "--allow-dangerous", "gallery.9999_tomorrow")
    assert migrating.plan().pending == []


def test_what_is_harmless_is_applied(tomorrow: Tomorrow) -> None:
    tomorrow(ADD)
    assert migrating.plan().dangers == []
    call_command("migrate_once")
    assert migrating.plan().pending == []


def test_a_plan_changes_nothing(tomorrow: Tomorrow, capsys: pytest.CaptureFixture[str]) -> None:
    tomorrow(RENAME)
    call_command("migrate_once", "--plan")
    assert json.loads(capsys.readouterr().out)["pending"] == ["gallery.9999_tomorrow"]
    assert migrating.plan().pending == ["gallery.9999_tomorrow"]


class Holder(threading.Thread):
    """Somebody in a long transaction, who has read the table."""

    def __init__(self) -> None:
        super().__init__()
        self.holds, self.may_go = threading.Event(), threading.Event()

    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN; SELECT count(*) FROM gallery_album")
            self.holds.set()
            self.may_go.wait(30)
            cursor.execute("ROLLBACK")
        connections.close_all()


def test_a_lock_that_is_held_for_long_ends_the_migration_and_says_who(
    tomorrow: Tomorrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow(ADD)
    monkeypatch.setattr(migrating, "LOCK_TIMEOUT_SECONDS", 1.2)
    holder = Holder()
    holder.start()
    try:
        assert holder.holds.wait(10)
        with pytest.raises(StartUpError, match=r"a lock could not be had.*SELECT count"):
            migrating.migrate(lambda _: None, tries=2, pause_seconds=0)
    finally:
        holder.may_go.set()
        holder.join()
    assert migrating.plan().pending == ["gallery.9999_tomorrow"]


def test_a_lock_that_comes_free_is_waited_for(tomorrow: Tomorrow, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow(ADD)
    monkeypatch.setattr(migrating, "LOCK_TIMEOUT_SECONDS", 0.2)
    holder = Holder()
    holder.start()
    assert holder.holds.wait(10)
    migrating.migrate(lambda _: holder.may_go.set(), tries=20, pause_seconds=0.5)
    holder.join()
    assert migrating.plan().pending == []

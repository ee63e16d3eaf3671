"""The service over a real database: runs, failures, what it remembers, answers and tells."""

import datetime
import errno
import json
import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ops.backup import back_up, lock
from ops.service import agenda, jobs, probe, service
from ops.service.service import Service
from tests.ops.backup.conftest import Environment
from tests.ops.service.conftest import MakeService, Told, python


def ask(running: Service, path: str) -> tuple[int, str]:
    running.server.start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{running.server.server_port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def metrics(running: Service) -> dict[str, float]:
    text = ask(running, "/metrics")[1]
    return {
        f"{sample.name}{sample.labels.get('kind', '')}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def replace_commands(monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
    """Have the backup of the database be other programs."""
    changed = jobs.Job(
        name="db",
        title=jobs.DATABASE.title,
        commands=lambda _: [python(program) for program in programs],
        is_wanted=lambda _: True,
        at_once=jobs.DATABASE.at_once,
        is_pinged=True,
    )
    monkeypatch.setattr(jobs, "JOBS", (changed, jobs.VERIFY))


def test_a_first_start_takes_a_set_at_once_and_tells(make_service: MakeService, host: Told) -> None:
    running = make_service(BACKUP_PING_URL=f"{host.url}/uuid")
    job = running.due()
    assert job is jobs.DATABASE
    running.do(job)
    assert running.due() is None
    came = host.wait_for(2)
    assert [path for path, _ in came] == ["/uuid/start", "/uuid"]
    assert "restored and compared in" in came[1][1]
    status, text = ask(running, "/health")
    found = json.loads(text)
    assert (status, found["healthy"], found["problems"]) == (200, True, [])
    assert found["newest"]["level"] >= 4
    assert found["jobs"]["db"]["next_due"] > found["now"]
    values = metrics(running)
    assert values["slipway_backup_healthy"] == 1
    assert values["slipway_backup_newest_level"] >= 4
    assert values["slipway_backup_runs_totaldb"] == 1
    assert values["slipway_backup_failures_totaldb"] == 0
    assert values["slipway_backup_free_bytes"] > 0
    assert values["slipway_backup_last_success_timestamp_secondsdb"] > 0
    again = make_service()
    assert again.due() is None  # it remembers
    running.do(jobs.VERIFY)
    assert running.state.of("verify").problem == ""
    assert running.state.of("verify").runs == 1


def test_a_failed_run_is_told_and_so_is_that_it_is_well_again(
    make_service: MakeService, host: Told, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody:hunter22@127.0.0.1:9/slipway")
    running = make_service(
        BACKUP_PING_URL=f"{host.url}/uuid", ALERT_URL=f"{host.url}/hook", DATABASE_URL=os.environ["DATABASE_URL"]
    )
    running.do(jobs.DATABASE)
    came = host.wait_for(3)
    assert [path for path, _ in came] == ["/uuid/start", "/uuid/fail", "/hook"]
    assert "error: Cannot connect to the database" in came[1][1]
    told = json.loads(came[2][1])
    assert told["status"] == "failed"
    assert told["place"] == "https://api.example.com"
    assert told["why"].startswith("The last backup of the database failed: Cannot connect to the database")
    assert told["hint"]
    assert "hunter22" not in str(came)
    status, text = ask(running, "/health")
    assert status == 503
    assert probe.main(running.server.server_port) == 1
    said = capsys.readouterr().out
    assert said.startswith("The last backup of the database failed: Cannot connect to the database")
    assert said.count("\n") == 1
    assert " Hint: " in said
    assert [each["code"] for each in json.loads(text)["problems"]] == ["db-failed"]
    assert metrics(running)["slipway_backup_failures_totaldb"] == 1
    running.watch()
    assert len(host.came) == 3  # once
    replace_commands(monkeypatch, "print('done')")
    running.do(jobs.JOBS[0])
    came = host.wait_for(6)
    assert json.loads(came[-1][1])["status"] == "recovered"


def test_a_set_that_is_lost_turns_health_red_in_time(
    make_service: MakeService, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = make_service()
    replace_commands(monkeypatch, "print('done, and nothing is there')")
    running.do(jobs.JOBS[0])
    assert ask(running, "/health")[0] == 200
    now = service.utc_now()
    monkeypatch.setattr(service, "utc_now", lambda: now + datetime.timedelta(hours=26))
    status, text = ask(running, "/health")
    assert status == 503
    assert "db-late" in text
    shutil.rmtree(environment["DB_BACKUPS_DIR"])
    assert '"target"' in ask(running, "/health")[1]
    running.remember()  # without a folder to write to, it goes on


def test_the_second_command_is_not_run_after_one_that_failed(
    make_service: MakeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_commands(monkeypatch, "raise SystemExit(1)", f"open({str(tmp_path / 'run')!r}, 'w')")
    running = make_service()
    running.do(jobs.JOBS[0])
    assert running.state.of("db").failures == 1
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_kept_out_by_the_lock_waits_and_has_not_failed(
    make_service: MakeService, environment: Environment
) -> None:
    running = make_service()
    with lock.held(Path(environment["DB_BACKUPS_DIR"]), what="backup"):
        running.do(jobs.DATABASE)
    past = running.state.of("db")
    assert (past.failures, past.problem) == (0, "")
    due = running.next_due(jobs.DATABASE)
    assert due is not None
    assert due > service.utc_now() + agenda.AGAIN_AFTER / 2
    assert ask(running, "/health")[0] == 200


def test_a_job_that_hangs_is_ended_when_its_time_is_over(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_commands(monkeypatch, "import time; time.sleep(600)")
    running = make_service(BACKUP_LIMIT_SECONDS="60")
    object.__setattr__(running.settings, "limit_seconds", 1)  # less than may be set
    running.do(jobs.JOBS[0])
    assert "did not end within" in running.state.of("db").problem


def test_a_job_that_was_stopped_is_due_again_at_the_next_start(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_commands(monkeypatch, "import time; time.sleep(600)")
    running = make_service()
    running.stopping.set()
    running.do(jobs.JOBS[0])
    assert (running.state.of("db").runs, running.state.of("db").problem) == (0, "")
    assert make_service().due() is jobs.JOBS[0]


def test_media_are_backed_up_where_there_is_a_target(make_service: MakeService) -> None:
    assert [job.name for job in jobs.wanted(make_service().settings)] == ["db", "verify"]
    with_target = make_service(MEDIA_BACKUP_TARGET="rsync://nas/module/media")
    assert [job.name for job in jobs.wanted(with_target.settings)] == ["db", "media", "verify"]


def test_with_points_in_time_base_backups_and_a_drill_are_jobs(make_service: MakeService) -> None:
    settings = make_service(DB_PITR="true").settings
    assert [job.name for job in jobs.wanted(settings)] == ["base", "db", "verify"]
    assert jobs.verify(settings)[-1][1:] == ("-m", "ops.wal", "drill")


def test_a_disk_that_fails_does_not_end_the_service(make_service: MakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(settings: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(back_up, "every_set", fail)
    running = make_service()
    running.watch()
    assert json.loads(ask(running, "/health")[1])["newest"] is None


def test_a_service_that_does_not_answer_is_not_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(9) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: Cannot ask the backup service at port 9: ")
    assert "\n hint: Start it: docker compose --profile backup up" in said


def test_there_is_nothing_but_health_and_metrics(make_service: MakeService) -> None:
    assert ask(make_service(), "/")[0] == 404

"""What is red, and since when, by a report of the tests' own."""

import dataclasses
import datetime
from zoneinfo import ZoneInfo

import pytest

from ops.service import health
from ops.service.report import JobReport, NewestSet, Report
from ops.service.state import Past

UTC = ZoneInfo("UTC")
MINUTE = datetime.timedelta(minutes=1)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
DUE = datetime.datetime(2026, 11, 25, 3, tzinfo=datetime.UTC)


def newest(at: datetime.datetime) -> NewestSet:
    return NewestSet(id=at.strftime("%Y%m%dT%H%M%SZ"), at=at, level=4, bytes=1000)


def job(
    name: str = "db", *, line: str = "0 3 * * *", running_since: datetime.datetime | None = None, **past: object
) -> JobReport:
    known = Past(**past)  # type: ignore[arg-type]
    title = {"db": "backup of the database", "media": "backup of media"}[name]
    return JobReport(name=name, title=title, line=line, past=known, due=None, running_since=running_since)


def report(*, now: datetime.datetime, last: datetime.datetime | None, **changed: object) -> Report:
    found = Report(
        now=now,
        began=DUE - 30 * DAY,
        up_since=DUE - 30 * DAY,
        newest=newest(last) if last else None,
        free_bytes=10_000,
        jobs=[job()],
    )
    return dataclasses.replace(found, **changed)  # type: ignore[arg-type]


def codes(found: Report, zone: ZoneInfo = UTC) -> list[str]:
    return [problem.code for problem in health.problems(found, zone)]


@pytest.mark.parametrize("after", [datetime.timedelta(minutes=1), HOUR, 5 * HOUR, 24 * HOUR])
def test_a_set_that_was_taken_when_it_was_due_is_green_until_an_hour_after_the_next_is(
    after: datetime.timedelta,
) -> None:
    assert codes(report(now=DUE + after, last=DUE)) == []


def test_an_hour_after_the_due_time_a_missing_set_is_red() -> None:
    last = DUE - DAY
    assert codes(report(now=DUE + HOUR / 2, last=last)) == []
    assert codes(report(now=DUE + HOUR, last=last)) == ["db-late"]
    (problem,) = health.problems(report(now=DUE + HOUR, last=last), UTC)
    assert problem.what == (
        "The backup of the database due 2026-11-25 03:00 UTC is missing: the last that was well is of 2026-11-24 03:00 UTC."
    )
    assert "scripts/backup.sh --list" in problem.hint
    assert "\n" not in str(problem)


def test_a_run_that_is_at_work_is_not_late_yet() -> None:
    working = job(running_since=DUE)
    assert codes(report(now=DUE + 3 * HOUR, last=DUE - DAY, jobs=[working])) == []


def test_a_set_that_somebody_took_by_hand_since_is_enough() -> None:
    assert codes(report(now=DUE + 2 * HOUR, last=DUE + HOUR)) == []


def test_a_first_start_has_an_hour_and_is_red_then() -> None:
    assert codes(report(now=DUE + HOUR / 2, began=DUE, last=None)) == []
    assert codes(report(now=DUE + 2 * HOUR, began=DUE, last=None)) == ["db-late"]


def test_what_was_due_before_the_first_start_is_not_missing() -> None:
    media = job("media")
    assert codes(report(now=DUE + 2 * HOUR, began=DUE + HOUR, last=DUE, jobs=[media])) == []
    assert codes(report(now=DUE + DAY + 2 * HOUR, began=DUE + HOUR, last=DUE, jobs=[media])) == ["media-late"]


def test_the_schedule_says_what_is_late() -> None:
    weekly, last = job(line="0 3 * * 3"), DUE - 7 * DAY + datetime.timedelta(minutes=1)
    assert codes(report(now=DUE, last=last, jobs=[weekly])) == []
    assert codes(report(now=DUE + HOUR, last=last, jobs=[weekly])) == ["db-late"]
    hourly = job(line="0 * * * *")
    assert codes(report(now=DUE + 3 * HOUR, last=DUE, jobs=[hourly])) == ["db-late"]


def test_half_past_two_of_the_night_in_spring_is_not_missed() -> None:
    spring = datetime.datetime(2026, 3, 29, 1, 30, tzinfo=datetime.UTC)  # 03:30 in Berlin, where 02:30 is not there
    found = report(now=spring + HOUR, last=spring - HOUR / 2, jobs=[job(line="30 2 * * *")])
    assert codes(found, ZoneInfo("Europe/Berlin")) == []


def test_a_failed_run_is_red_with_its_reason_until_a_set_is_there() -> None:
    failed = job(problem="Cannot dump.", hint="Look there.", ended=DUE)
    found = report(now=DUE + HOUR / 10, last=DUE - DAY, jobs=[failed])
    assert [(each.code, each.what, each.hint) for each in health.problems(found, UTC)] == [
        ("db-failed", "The last backup of the database failed: Cannot dump.", "Look there.")
    ]
    assert codes(report(now=DUE + HOUR, last=DUE + HOUR / 2, jobs=[failed])) == []


def test_a_folder_that_is_away_is_red() -> None:
    assert codes(report(now=DUE + HOUR, last=DUE, target_problem="there is no folder /backups")) == ["target"]


def test_too_little_room_for_the_next_set_is_red_before_it_is_due() -> None:
    assert codes(report(now=DUE, last=DUE, free_bytes=1499)) == ["space"]
    assert codes(report(now=DUE, last=DUE, free_bytes=1500)) == []


def test_a_set_that_stays_on_this_machine_is_red_after_an_hour() -> None:
    at_home = {"has_offsite_target": True, "offsite": DUE - DAY}
    assert codes(report(now=DUE + HOUR / 2, last=DUE, **at_home)) == []
    assert codes(report(now=DUE + HOUR, last=DUE, **at_home)) == ["offsite-late"]
    assert codes(report(now=DUE + HOUR, last=DUE, has_offsite_target=True, offsite=DUE)) == []
    assert codes(report(now=DUE + HOUR, last=DUE, has_offsite_target=False)) == []


def test_wal_that_does_not_come_is_red_a_while_after_the_start() -> None:
    problems = {"wal_problems": ["the receiver of WAL does not reach the server"]}
    assert codes(report(now=DUE + HOUR / 2, last=DUE, **problems)) == ["wal"]
    assert codes(report(now=DUE + HOUR / 2, last=DUE, up_since=DUE + HOUR / 2 - 4 * MINUTE, **problems)) == []

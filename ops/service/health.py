"""Judges a report: which problems backups have, each with its reason and a hint. Pure; none means green."""

import datetime
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from ops.backup.guards import ROOM, megabytes
from ops.service import schedule
from ops.service.problem import Problem
from ops.service.report import JobReport, Report

# What a run may take until its lateness is told, where it does not run; one that runs has its own limit.
GRACE = datetime.timedelta(hours=1)
LIST_HINT = "See the sets: scripts/backup.sh --list; and the log: docker compose logs --tail 100 backup"

OFFSITE_HINT = "See BACKUP_OFFSITE_TARGET, and the log: docker compose logs --tail 100 backup"
WAL_GRACE = datetime.timedelta(minutes=5)  # until the receiver has begun, and has taken a base backup
LEEWAY = datetime.timedelta(seconds=5)  # a set's name has whole seconds


def problems(report: Report, zone: ZoneInfo) -> list[Problem]:
    """Return all that is wrong."""
    return [
        *of_target(report),
        *of_space(report),
        *(found for job in report.jobs for found in of_job(job, report, zone)),
        *of_offsite(report),
        *of_wal(report),
    ]


def of_target(report: Report) -> Iterator[Problem]:
    """The folder of the sets has to be there."""
    if report.target_problem:
        yield Problem(
            code="target",
            what=f"Cannot back up: {report.target_problem}.",
            hint="Mount it, or see its rights: docker compose exec backup ls -ld /backups",
        )


def of_space(report: Report) -> Iterator[Problem]:
    """The next run asks for room for a set half as large again as the last, and would be refused."""
    if report.newest is None or report.free_bytes is None:
        return
    needed = int(report.newest.bytes * ROOM)
    if report.free_bytes < needed:
        what = f"The next set needs {megabytes(needed)}, and {megabytes(report.free_bytes)} are free."
        yield Problem(code="space", what=what, hint="Make room, or keep fewer sets: DB_BACKUP_RETENTION_DAYS")


def of_job(job: JobReport, report: Report, zone: ZoneInfo) -> Iterator[Problem]:
    """A job has to be well, and in time. One that failed and was made good by hand is well."""
    if job.past.problem and not is_made_good(job, report):
        yield Problem(
            code=f"{job.name}-failed",
            what=f"The last {job.title} failed: {job.past.problem}",
            hint=job.past.hint or LIST_HINT,
        )
    elif job.running_since is None and (due := missed(job, report, zone)):
        last = done_at(job, report)
        was = f"the last that was well is of {text(last)}" if last else "there was none yet"
        yield Problem(
            code=f"{job.name}-late", what=f"The {job.title} due {text(due)} is missing: {was}.", hint=LIST_HINT
        )


def of_offsite(report: Report) -> Iterator[Problem]:
    """What is on this machine alone goes with it: the newest set has to be elsewhere, too, a while after it was taken."""
    if not report.has_offsite_target or report.newest is None or report.newest.at == report.offsite:
        return
    if any(job.name == "db" and job.running_since for job in report.jobs) or report.now - report.newest.at < GRACE:
        return
    last = f"the last one that is is {text(report.offsite)}'s" if report.offsite else "no other is"
    yield Problem(
        code="offsite-late", what=f"Set {report.newest.id} is not off this machine: {last}.", hint=OFFSITE_HINT
    )


def of_wal(report: Report) -> Iterator[Problem]:
    """WAL has to come, and to follow a base backup without a gap; a start has a while."""
    if report.wal_problems and report.now - report.up_since >= WAL_GRACE:
        what = f"Points in time are not covered: {'; '.join(report.wal_problems)}."
        yield Problem(code="wal", what=what, hint="See what is: docker compose exec backup python3 -m ops.wal list")


def is_made_good(job: JobReport, report: Report) -> bool:
    """Tell whether a set was taken and proven since the failure."""
    return job.name == "db" and report.newest is not None and report.newest.at > (job.past.ended or report.now)


def done_at(job: JobReport, report: Report) -> datetime.datetime | None:
    """Return of when what a job makes is: of the database only a set that counts, whoever took it."""
    if job.name == "db":
        return report.newest.at if report.newest else None
    return job.past.succeeded


def missed(job: JobReport, report: Report, zone: ZoneInfo) -> datetime.datetime | None:
    """Return the due time that nothing was done for. What was due before the service's very first start does not count."""
    last = done_at(job, report)
    if job.name == "db" and last is None and report.now - report.began > GRACE:
        return report.began
    due = schedule.previous_due(job.line, zone, before=report.now - GRACE)
    if due is None or due < report.began or (last is not None and last >= due - LEEWAY):
        return None
    return due


def text(moment: datetime.datetime) -> str:
    """Return a time for people."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")

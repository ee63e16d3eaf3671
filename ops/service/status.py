"""Tells a report: as data for programs, as lines for people. Reads nothing."""

import datetime
from collections.abc import Sequence
from typing import Any

from ops.backup.guards import megabytes
from ops.backup.sets import BackupSet
from ops.service.problem import Problem
from ops.service.report import JobReport, Report

MOST_SETS = 30


def as_data(report: Report, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return what programs are told."""
    newest = report.newest
    return {
        "healthy": not problems,
        "problems": [{"code": each.code, "what": each.what, "hint": each.hint} for each in problems],
        "now": iso(report.now),
        "newest": newest
        and {
            "id": newest.id,
            "level": newest.level,
            "age_seconds": round((report.now - newest.at).total_seconds()),
            "bytes": newest.bytes,
            "files_wrong": newest.files_wrong,
        },
        "drill": report.drill
        and {
            "id": report.drill.id,
            "at": report.drill.at,
            "level": report.drill.level,
            "seconds": report.drill.seconds,
            "problem": report.drill.problem,
        },
        "sets": report.sets,
        "counting": report.counting,
        "bytes": report.bytes,
        "free_bytes": report.free_bytes,
        "jobs": {job.name: of_job(job, report.now) for job in report.jobs},
    }


def of_job(job: JobReport, now: datetime.datetime) -> dict[str, Any]:
    """Return what programs are told of a job."""
    past = job.past
    return {
        "title": job.title,
        "cron": job.line,
        "next_due": iso(max(job.due, now)) if job.due else None,
        "running_since": iso(job.running_since),
        "last_started": iso(past.started),
        "last_ended": iso(past.ended),
        "last_succeeded": iso(past.succeeded),
        "last_seconds": round(past.seconds, 2),
        "problem": past.problem,
        "runs": past.runs,
        "failures": past.failures,
    }


def of_sets(everything: Sequence[BackupSet]) -> dict[str, Any]:
    """Return what programs are told of the newest sets, the newest first."""
    return {"sets": [of_set(each) for each in reversed(everything[-MOST_SETS:])]}


def of_set(found: BackupSet) -> dict[str, Any]:
    """Return what programs are told of a set. Nothing of where it lies."""
    verification = found.verification
    return {
        "id": found.id,
        "at": iso(found.at),
        "bytes": found.manifest.bytes,
        "level": verification.level if verification else 0,
        "verified_at": verification.looked_at if verification else None,
        "is_offsite": found.offsite is not None,
        "is_before_restore": found.is_before_restore,
    }


def iso(moment: datetime.datetime | None) -> str | None:
    """Return a time as text."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds") if moment else None


def as_lines(data: dict[str, Any]) -> str:
    """Return what people are told, of the same data."""
    newest = data["newest"]
    lines = ["Backups are well." if data["healthy"] else "Backups are not well."]
    lines += [f"  {each['what']}\n   hint: {each['hint']}" for each in data["problems"]]
    if newest:
        hours = newest["age_seconds"] / 3600
        lines.append(
            f"newest set: {newest['id']}, {hours:.1f} h old, level {newest['level']}, {megabytes(newest['bytes'])}"
        )
        if newest["files_wrong"]:
            lines.append(
                f"of the files that it names {newest['files_wrong']} are missing or different in its media snapshot"
            )
    if drill := data["drill"]:
        proven = f"level {drill['level']} in {drill['seconds']:.0f} s" + (
            f", {drill['problem']}" if drill["problem"] else ""
        )
        lines.append(f"last restore from off this machine: {drill['id']} at {drill['at']}, {proven}")
    lines.append(f"sets: {data['counting']} that count, of {data['sets']}, {megabytes(data['bytes'])} together")
    lines += [line_of(job) for job in data["jobs"].values()]
    return "\n".join(lines)


def line_of(job: dict[str, Any]) -> str:
    """Return a job's line."""
    when = f"runs since {job['running_since']}" if job["running_since"] else f"next {job['next_due']}"
    return f"{job['title']}: {when}, last well {job['last_succeeded'] or 'never'}, {job['failures']} of {job['runs']} runs failed"

"""Decides which job is to run, out of what is remembered of each. Pure: reads no clock, runs nothing."""

import datetime
from zoneinfo import ZoneInfo

from ops.service import schedule
from ops.service.state import TIMES, Past

ATTEMPTS = 3
AGAIN_AFTER = datetime.timedelta(minutes=10)
TRUSTED_JUMP = datetime.timedelta(hours=1)


def due_at(line: str, zone: ZoneInfo, past: Past) -> datetime.datetime | None:
    """Return when a job is to run next: at the first due time that is not handled, or a while after an attempt that failed.

    However many due times have passed since, as after three days off, they are one run.
    """
    if past.handled is None:
        return None
    due = past.asked or schedule.next_due(line, zone, after=past.handled)
    return max(due, past.not_before) if past.not_before else due


def begin(past: Past, *, now: datetime.datetime, at_once: bool) -> None:
    """Note a job that was never seen before: due at once, or from its next due time on."""
    past.handled, past.asked = now, now if at_once else None


def put_right(past: Past, *, now: datetime.datetime) -> bool:
    """Forget times that lie ahead of a clock that was put back by much; tell whether there were any.

    A due time between the two may be done twice. Left alone, nothing would be done until the old time comes again.
    """
    latest = now + TRUSTED_JUMP
    ahead = [name for name in TIMES if (getattr(past, name) or now) > latest]
    for name in ahead:
        setattr(past, name, now)
    return bool(ahead)


def succeeded(past: Past, *, started: datetime.datetime, ended: datetime.datetime, seconds: float) -> None:
    """Note a run that was well."""
    past.started, past.ended, past.succeeded = started, ended, started
    past.seconds, past.problem, past.hint = seconds, "", ""
    past.runs += 1
    close(past, started)


def failed(past: Past, *, started: datetime.datetime, ended: datetime.datetime, problem: str, hint: str) -> None:
    """Note a run that failed. It is tried again a while later; after the last attempt, at the next due time."""
    past.attempts += 1
    past.started, past.ended, past.not_before = started, ended, ended + AGAIN_AFTER
    past.problem, past.hint = problem, hint
    past.runs += 1
    past.failures += 1
    if past.attempts >= ATTEMPTS:
        close(past, started)


def postpone(past: Past, *, now: datetime.datetime) -> None:
    """Have a job tried again later which another run did not let begin: no failure, and no attempt."""
    past.not_before = now + AGAIN_AFTER


def close(past: Past, started: datetime.datetime) -> None:
    """Count everything that was due until a run began as handled."""
    past.handled, past.asked, past.not_before, past.attempts = started, None, None, 0

"""Decides when certbot runs next, out of how it went before. Pure: reads no clock, runs nothing.

Let's Encrypt takes five failed validations of a name an hour, and five certificates for the same names a week: no failure is followed
by another attempt within fifteen minutes, each wait is twice the one before, and a limit that was reached is waited for.
"""

import datetime

from ops.certificates.state import State

CHECK_AGAIN_AFTER = datetime.timedelta(
    hours=12
)  # everybody's at another time: it counts from the container's first start
FIRST_WAIT = datetime.timedelta(minutes=15)
LONGEST_WAIT = datetime.timedelta(hours=12)
LONGEST_LIMIT = datetime.timedelta(days=8)


def due_at(state: State, *, wish: str, now: datetime.datetime) -> datetime.datetime:
    """Return when certbot is to run; a time that is past is now. What is wished anew does not wait, nor for a clock put back."""
    if state.ended is None or state.wish != wish or state.ended > now:
        return now
    return state.not_before or state.ended + CHECK_AGAIN_AFTER


def succeeded(state: State, *, wish: str, now: datetime.datetime) -> None:
    """Note a run after which there is a certificate that is good."""
    state.wish, state.ended, state.not_before = wish, now, None
    state.failures, state.problem = 0, ""


def failed(
    state: State, *, wish: str, now: datetime.datetime, problem: str, limit: datetime.datetime | None = None
) -> None:
    """Note a run that failed; `limit` is until when the authority wants to be left alone."""
    failures = state.failures if state.wish == wish else 0
    wait = min(FIRST_WAIT * 2 ** min(failures, 10), LONGEST_WAIT)
    state.wish, state.ended, state.failures, state.problem = wish, now, failures + 1, problem
    state.not_before = max(now + wait, min(limit, now + LONGEST_LIMIT)) if limit else now + wait

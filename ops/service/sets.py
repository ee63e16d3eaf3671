"""What the service has to know of the sets that are there. Reads them; changes nothing."""

import datetime
from collections.abc import Sequence

from ops.backup import back_up
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings

AHEAD = datetime.timedelta(minutes=5)


def everything(settings: Settings) -> list[BackupSet]:
    """Return the sets, the oldest first; none where the disk fails, which the report tells otherwise: it must not end the service."""
    try:
        return back_up.every_set(settings)
    except OSError:
        return []


def newest(found: Sequence[BackupSet], *, now: datetime.datetime | None = None) -> BackupSet | None:
    """Return the newest set that counts; one that was taken before a restore is no measure for others.

    Given a time, one that is ahead of it is none: a clock was wrong when it was taken.
    """
    good = [each for each in found if each.counts and not each.is_before_restore]
    return next((each for each in reversed(good) if now is None or each.at <= now + AHEAD), None)


def to_verify(settings: Settings) -> list[str]:
    """Return the ids of the sets to verify once more: the newest, and the one whose last verification is the longest ago."""
    counting = [each for each in everything(settings) if each.counts]
    if not counting:
        return []
    older = sorted(counting[:-1], key=lambda each: each.verification.looked_at if each.verification else "")
    return [counting[-1].id, *(each.id for each in older[:1])]

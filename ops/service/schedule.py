"""When a cron line is due, in a zone whose clocks go forward and back. Pure: reads no clock.

A time of day that is skipped in spring comes right behind the gap; one that comes twice in autumn counts once, the first time.
"""

import datetime
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from cronsim import CronSim

LOOK_BACK_DAYS = (2, 9, 40, 400, 3000)


def dues(line: str, zone: ZoneInfo, *, after: datetime.datetime) -> Iterator[datetime.datetime]:
    """Yield the times, in UTC, at which the line is due, from the first after a moment on."""
    for local in CronSim(line, after.astimezone(zone)):
        due = local.astimezone(datetime.UTC)
        if due > after:  # in the hour that comes twice, what is next on the wall has been already
            yield due


def next_due(line: str, zone: ZoneInfo, *, after: datetime.datetime) -> datetime.datetime:
    """Return when the line is due next."""
    return next(dues(line, zone, after=after))


def previous_due(line: str, zone: ZoneInfo, *, before: datetime.datetime) -> datetime.datetime | None:
    """Return when the line was due last, at the moment itself or before; None where not within years.

    Goes forward from further and further back: that way it can't differ from what `next_due` said at the time.
    """
    for days in LOOK_BACK_DAYS:
        found = None
        for due in dues(line, zone, after=before - datetime.timedelta(days=days)):
            if due > before:
                break
            found = due
        if found is not None:
            return found
    return None

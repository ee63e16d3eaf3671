"""Reads the time that somebody wants to go back to, and says times aloud: with their zone, so that no hour is lost between two."""

import datetime
from zoneinfo import ZoneInfo

from ops.errors import WRONG_USAGE, OperatorError

FORM = "2026-11-23 12:34:56"


def read(text: str, *, zone: str) -> datetime.datetime:
    """Return a time: with an offset or Z as it says, else in a time zone. Raises OperatorError."""
    try:
        found = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or ":" not in text:
        raise wrong(
            f"{text!r} is no time.",
            hint=f"One is '{FORM}', which is in {zone}; or with an offset: '{FORM}+01:00', '{FORM}Z'.",
        )
    if found.tzinfo is not None:
        return found.astimezone(datetime.UTC)
    return of_zone(found, zone)


def of_zone(found: datetime.datetime, zone: str) -> datetime.datetime:
    """Return a time of a zone's clocks; raises OperatorError where they showed it twice, or never."""
    each = [found.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(datetime.UTC) for fold in (0, 1)]
    if each[0] == each[1]:
        return each[0]
    is_skipped = each[0].astimezone(ZoneInfo(zone)).replace(tzinfo=None) != found
    what = "was never shown by the clocks" if is_skipped else "was shown twice by the clocks"
    choices = " or ".join(repr(at.astimezone(ZoneInfo(zone)).isoformat(sep=" ")) for at in sorted(each))
    raise wrong(
        f"{found} {what} of {zone}, which were changed then.", hint=f"Say which is meant, with its offset: {choices}."
    )


def aloud(at: datetime.datetime, *, zone: str) -> str:
    """Return a time for people: in a zone, and in UTC where that is another."""
    there = at.astimezone(ZoneInfo(zone))
    in_utc = at.astimezone(datetime.UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    if there.utcoffset() == datetime.timedelta() and zone == "UTC":
        return in_utc
    return f"{there.isoformat(sep=' ', timespec='seconds')} ({zone}; {in_utc})"


def wrong(message: str, *, hint: str) -> OperatorError:
    """Return the error of a time."""
    return OperatorError(message, hint=hint, status=WRONG_USAGE)

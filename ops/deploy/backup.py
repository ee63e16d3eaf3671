"""A backup before anything is touched, or the proof that a verified one is young enough. `scripts/backup.sh` does the work."""

import datetime
import json
import re
from typing import Any

from ops.deploy.hands import Hands
from ops.deploy.site import Site
from ops.errors import WRONG_USAGE, OperatorError

UNITS = {"m": 60, "h": 3600, "d": 86_400}
LIMIT_SECONDS = 6 * 3600
HINT = (
    "See why: scripts/backup.sh --list. Without one a bad migration cannot be undone: --without-backup takes that risk."
)


def age_of(text: str) -> datetime.timedelta:
    """Return an age such as 30m, 6h or 2d; raises OperatorError where it is none."""
    found = re.fullmatch(r"(\d+)([mhd])", text)
    if not found:
        raise OperatorError(f'Cannot read the age "{text}".', hint="Write 30m, 6h or 2d.", status=WRONG_USAGE)
    return datetime.timedelta(seconds=int(found[1]) * UNITS[found[2]])


def back_up(site: Site, hands: Hands, *, max_age: datetime.timedelta | None) -> str:
    """Return the id of the set that there is to go back to."""
    script = str(site.root / "scripts" / "backup.sh")
    if max_age and (
        young := newest(hands.look([script, "--list", "--json"], what="list the backups", hint=HINT), max_age)
    ):
        hands.say(f"        {young} is verified and young enough")
        return young
    what = (
        ["all"] if site.value("MEDIA_BACKUP_TARGET") else []
    )  # media are backed up where there is somewhere to put them
    told = hands.touch([script, *what, "--json"], what="back up", hint=HINT, limit_seconds=LIMIT_SECONDS)
    taken = taken_set(told)
    if not taken and not hands.is_dry_run:
        raise OperatorError(f"Cannot tell which backup was taken: {told[-300:]!r}", hint=HINT)
    return taken


def taken_set(told: str) -> str:
    """Return the id that a backup has told, empty where it has told none."""
    return str(parsed(told).get("id", ""))


def newest(listed: str, max_age: datetime.timedelta, *, now: datetime.datetime | None = None) -> str:
    """Return the newest set that counts and is young enough, empty where there is none."""
    oldest = (now or datetime.datetime.now(tz=datetime.UTC)) - max_age
    # One that was taken before a restore has what was replaced.
    counting = [each for each in parsed(listed).get("sets", []) if each["counts"] and not each.get("before restore")]
    ids = [str(each["id"]) for each in counting]
    young = [name for name in ids if time_of(name) >= oldest]
    return young[-1] if young else ""


def time_of(name: str) -> datetime.datetime:
    """Return when a set was taken, which its id says."""
    return datetime.datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)


def parsed(text: str) -> dict[str, Any]:
    """Return the object that a command printed, empty where there is none. Above it may stand what Docker says of a build."""
    begin = re.search(r"^\{", text, re.MULTILINE)
    try:
        found: dict[str, Any] = json.loads(text[begin.start() :] if begin else "{}")
    except ValueError:
        return {}
    return found

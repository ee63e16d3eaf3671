"""Shows sets: to people as a table, to programs as JSON."""

import datetime
import json
from collections.abc import Sequence

from ops.backup.contents import Facts
from ops.backup.elsewhere import Elsewhere
from ops.backup.guards import megabytes
from ops.backup.sets import BackupSet

HOUR_SECONDS, DAY_HOURS = 3600, 24
NOT_ASKED = Elsewhere()  # what was written down when sets were stored is all that is known


def facts(backup_set: BackupSet) -> Facts:
    """Return what a program is told of a set."""
    verification = backup_set.verification
    return {
        "id": backup_set.id,
        "database": backup_set.manifest.database,
        "folder": str(backup_set.folder),
        "level": verification.level if verification else 0,
        "counts": backup_set.counts,
        "problem": verification.problem if verification else "",
        "pinned": backup_set.is_pinned,
        "before restore": backup_set.is_before_restore and not backup_set.as_of,
        "as of": backup_set.as_of,
        "bytes": backup_set.manifest.bytes,
        "tables": len(backup_set.manifest.tables),
        "rows": backup_set.manifest.rows,
        "server": backup_set.manifest.versions["server"],
        "seconds": backup_set.manifest.seconds | (verification.seconds if verification else {}),
    }


def as_json(
    sets: Sequence[BackupSet],
    damaged: Sequence[str],
    *,
    points_in_time: Facts | None = None,
    elsewhere: Elsewhere = NOT_ASKED,
) -> str:
    """Return all sets for programs, where they are off this machine, and what there is of points in time."""
    found = {
        "sets": [facts(each) | {"offsite": elsewhere.facts(each)} for each in sets],
        "damaged": list(damaged),
        "offsite": elsewhere.as_facts([each.id for each in sets]),
        "points_in_time": points_in_time,
    }
    return json.dumps(found, indent=1)


def as_table(
    sets: Sequence[BackupSet], damaged: Sequence[str], *, now: datetime.datetime, elsewhere: Elsewhere = NOT_ASKED
) -> str:
    """Return all sets for people, the newest last."""
    rows: list[tuple[str, ...]] = [("set", "age", "level", "size", "rows", "off-site", "")]
    rows += [row(each, now, elsewhere) for each in sets]
    rows += [(name, "", "0", "", "", "", "damaged: its manifest is not as it was written") for name in damaged]
    widths = [max(len(each[column]) for each in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(each, widths, strict=True)).rstrip() for each in rows]
    return "\n".join([*(lines if len(lines) > 1 else ["no sets yet"]), *elsewhere.lines([each.id for each in sets])])


def row(backup_set: BackupSet, now: datetime.datetime, elsewhere: Elsewhere) -> tuple[str, ...]:
    """Return a set's row."""
    found = facts(backup_set)
    words = [
        "" if backup_set.counts else "does not count",
        "pinned" if backup_set.is_pinned else "",
        of_restore(backup_set),
        str(found["problem"]),
    ]
    note = ", ".join(word for word in words if word)
    return (
        backup_set.id,
        age(now - backup_set.at),
        str(found["level"]),
        megabytes(found["bytes"]),
        f"{found['rows']:,}",
        elsewhere.word(backup_set),
        note,
    )


def of_restore(backup_set: BackupSet) -> str:
    """Return what a set is to a restore."""
    if backup_set.as_of:
        return f"as of {backup_set.as_of}"
    return "taken before a restore" if backup_set.is_before_restore else ""


def age(since: datetime.timedelta) -> str:
    """Return an age for people."""
    hours = int(since.total_seconds() // HOUR_SECONDS)
    return f"{hours} h" if hours < 2 * DAY_HOURS else f"{hours // DAY_HOURS} d"

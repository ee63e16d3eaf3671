"""Shows sets: to people as a table, to programs as JSON."""

import datetime
import json
from collections.abc import Sequence

from ops.backup.contents import Facts
from ops.backup.guards import megabytes
from ops.backup.sets import BackupSet

HOUR_SECONDS, DAY_HOURS = 3600, 24


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
        "bytes": backup_set.manifest.bytes,
        "tables": len(backup_set.manifest.tables),
        "rows": backup_set.manifest.rows,
        "server": backup_set.manifest.versions["server"],
        "seconds": backup_set.manifest.seconds | (verification.seconds if verification else {}),
    }


def as_json(sets: Sequence[BackupSet], damaged: Sequence[str]) -> str:
    """Return all sets for programs."""
    return json.dumps({"sets": [facts(each) for each in sets], "damaged": list(damaged)}, indent=1)


def as_table(sets: Sequence[BackupSet], damaged: Sequence[str], *, now: datetime.datetime) -> str:
    """Return all sets for people, the newest last."""
    rows = [("set", "age", "level", "size", "rows", "")]
    rows += [row(each, now) for each in sets]
    rows += [(name, "", "0", "", "", "damaged: its manifest is not as it was written") for name in damaged]
    widths = [max(len(each[column]) for each in rows) for column in range(6)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(each, widths, strict=True)).rstrip() for each in rows]
    return "\n".join(lines if len(lines) > 1 else ["no sets yet"])


def row(backup_set: BackupSet, now: datetime.datetime) -> tuple[str, str, str, str, str, str]:
    """Return a set's row."""
    found = facts(backup_set)
    words = [
        "" if backup_set.counts else "does not count",
        "pinned" if backup_set.is_pinned else "",
        str(found["problem"]),
    ]
    note = ", ".join(word for word in words if word)
    return (
        backup_set.id,
        age(now - backup_set.at),
        str(found["level"]),
        megabytes(found["bytes"]),
        f"{found['rows']:,}",
        note,
    )


def age(since: datetime.timedelta) -> str:
    """Return an age for people."""
    hours = int(since.total_seconds() // HOUR_SECONDS)
    return f"{hours} h" if hours < 2 * DAY_HOURS else f"{hours // DAY_HOURS} d"

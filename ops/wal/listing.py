"""Shows what can be recovered to: to people as lines, to programs as facts."""

import datetime
import json
from pathlib import Path

from ops.backup.contents import Facts
from ops.backup.guards import megabytes
from ops.wal import archive as archives
from ops.wal import bases, drill, plan, reach, status, times


def facts(root: Path) -> Facts:
    """Return what a program is told."""
    now = datetime.datetime.now(tz=datetime.UTC)
    each = archives.found(root)
    found = [base for archive in each for base in bases.found(archive.bases)]
    return {
        "windows": [
            {"from": begins.isoformat(), "to": ends.isoformat()}
            for begins, ends in reach.windows(plan.everything(root))
        ],
        "bases": [
            {"id": base.id, "parent": base.parent, "bytes": base.bytes, "seconds": base.seconds} for base in found
        ],
        "gaps": [name for archive in each for name in reach.gaps(archive)],
        "wal_bytes": sum(path.stat().st_size for archive in each for path in archive.wal.glob("*.gz")),
        "drill": drill.last(root),
        "problems": status.problems(status.read(root), now=now),
    }


def as_json(root: Path) -> str:
    """Return it for programs."""
    return json.dumps(facts(root), indent=1)


def as_text(root: Path, *, zone: str) -> str:
    """Return it for people."""
    found = facts(root)
    lines = [
        f"any second from {aloud(window['from'], zone)} to {aloud(window['to'], zone)}" for window in found["windows"]
    ]
    size = megabytes(sum(base["bytes"] for base in found["bases"]))
    lines = lines or ["no second yet: there is no base backup that WAL follows"]
    lines.append(f"{len(found['bases'])} base backups, {size}; WAL, {megabytes(found['wal_bytes'])}")
    if found["gaps"]:
        lines.append(f"WAL is missing: {', '.join(found['gaps'][:3])}{' and others' if found['gaps'][3:] else ''}")
    if found["drill"]:
        lines.append(
            f"last recovered in a drill on {aloud(found['drill']['at'], zone)}, in {found['drill']['seconds']:.0f} s"
        )
    return "\n".join([*lines, *[f"problem: {each}" for each in found["problems"]]])


def aloud(text: str, zone: str) -> str:
    """Return a time for people."""
    return times.aloud(datetime.datetime.fromisoformat(text), zone=zone)

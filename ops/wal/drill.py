"""Proves that a recovery to a time works: does one to the latest minute, in a scratch server, and looks at what comes out."""

import datetime
import json
import time
from pathlib import Path

from ops.backup import contents, files, fingerprint, programs, tools
from ops.backup.contents import Facts
from ops.backup.database import Database, told
from ops.backup.progress import Progress
from ops.backup.settings import Settings
from ops.errors import OperatorError
from ops.wal import plan, reach, recover

NAME = "drill.json"
BEFORE_SECONDS = 60
HINT = "See what can be recovered to: scripts/backup.sh --list"


def drill(settings: Settings, *, root: Path, progress: Progress, before_seconds: float = BEFORE_SECONDS) -> Facts:
    """Recover to the latest time less a minute, check what comes out, and write it down; raises OperatorError where it fails."""
    began = time.monotonic()
    windows = reach.windows(plan.everything(root))
    if not windows:
        raise OperatorError(f"Cannot recover from {root}: there is no base backup that WAL follows.", hint=HINT)
    begins, ends = windows[-1]
    moment = max(begins, ends - datetime.timedelta(seconds=before_seconds))
    with recover.at(settings, moment, progress=progress, root=root) as database:
        found = look(database, progress)
    facts = {
        "at": datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
        "recovered_to": moment.isoformat(),
        **found,
        "seconds": round(time.monotonic() - began, 2),
    }
    with files.told("write down what the drill found", root):
        files.replace(root / NAME, json.dumps(facts, indent=1) + "\n")
    return facts


def look(database: Database, progress: Progress) -> Facts:
    """Read every row of every table, and check tables and indexes for damage."""
    with progress.step("read", "Reading every table"), told("read the recovered database"):
        with database.connect(is_autocommit=True) as connection:
            tables = contents.tables(connection)
        with fingerprint.Fingerprints(database, tables, show=progress.portion) as fingerprints:
            counted, _ = fingerprints.results()
    with progress.step("amcheck", "Checking tables and indexes for damage"):
        programs.run(tools.amcheck(database), what="find the recovered tables and indexes sound", hint=HINT)
    return {"tables": len(counted), "rows": sum(int(each["rows"]) for each in counted.values())}


def last(root: Path) -> Facts | None:
    """Return what the last drill found; None where there was none."""
    try:
        found = json.loads((root / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None

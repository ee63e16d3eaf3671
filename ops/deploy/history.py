"""The audit of a production: a line for every deploy and rollback, who, when, from, to, and how it ended."""

import datetime
import json
import os
import textwrap
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ops.deploy.lock import who

NAME = "history.jsonl"
SHOWN = "shown"  # the folder with a copy for the web server's user, who may read nothing else of ours
SHOWN_LINES = 50
DONE, FAILED = "done", "failed"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One deploy or rollback. `heads` are the newest migrations that were applied; `backup` is the set taken before."""

    what: str
    from_version: str
    to_version: str
    result: str
    seconds: float
    backup: str = ""
    heads: list[str] = field(default_factory=list)
    dangerous: list[str] = field(default_factory=list)
    why: str = ""
    who: str = field(default_factory=who)
    when: str = field(default_factory=lambda: datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"))


def append(folder: Path, record: Record) -> None:
    """Write a line down for good."""
    with (folder / NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(record)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    show(folder)


def show(folder: Path) -> None:
    """Copy the last lines to where the admin's page Operations reads them. The folder has to be there before a web server starts."""
    shown, path = folder / SHOWN, folder / NAME
    shown.mkdir(parents=True, exist_ok=True)
    shown.chmod(0o755)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    partial = shown / f"{NAME}.partial"
    partial.write_text("".join(f"{line}\n" for line in lines[-SHOWN_LINES:]), encoding="utf-8")
    partial.chmod(0o644)
    partial.rename(shown / NAME)


def read(folder: Path) -> list[Record]:
    """Return all lines, the newest last; one that a full disk has cut short is left out."""
    path = folder / NAME
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [record for line in lines if (record := parsed(line))]


def parsed(line: str) -> Record | None:
    """Return a line's record, None where it has none."""
    try:
        return Record(**json.loads(line))
    except (ValueError, TypeError):
        return None


def last_done(records: list[Record], *, version: str = "") -> Record | None:
    """Return the last one that succeeded, of a version or of any."""
    found = [record for record in records if record.result == DONE and version in ("", record.to_version)]
    return found[-1] if found else None


def newest_heads(records: list[Record]) -> list[str]:
    """Return the newest migrations that were applied, also by a deploy that failed afterwards."""
    return next((record.heads for record in reversed(records) if record.heads), [])


def since(records: list[Record], *, version: str) -> list[Record]:
    """Return what came after a version had served for the first time."""
    first = [record.result == DONE and record.to_version == version for record in records].index(True)
    return records[first + 1 :]


def version_before(records: list[Record], *, serving: str) -> str:
    """Return the version that served before the one that does, empty where there was none."""
    found = [record.to_version for record in records if record.result == DONE and record.to_version != serving]
    return found[-1] if found else ""


def as_table(records: list[Record]) -> str:
    """Return the lines for a person, the newest last."""
    if not records:
        return "Nothing was deployed yet."
    head = ("when", "who", "what", "from", "to", "seconds", "result", "backup", "migrations")
    rows = [head, *(row(record) for record in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def row(record: Record) -> tuple[str, ...]:
    """Return one line's cells."""
    own = [head for head in record.heads if not head.startswith(("admin.", "auth.", "contenttypes.", "sessions."))]
    result = record.result + (f" ({textwrap.shorten(record.why, 80)})" if record.why else "")
    seconds = f"{record.seconds:.0f}"
    cells = (record.when, record.who, record.what, record.from_version or "-", record.to_version, seconds, result)
    return (*cells, record.backup or "-", ", ".join(own))


def as_json(records: list[Record]) -> str:
    """Return the lines for a program."""
    told: list[dict[str, Any]] = [asdict(record) for record in records]
    return json.dumps(told, indent=2)

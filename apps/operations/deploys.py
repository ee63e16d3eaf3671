"""The last deploys, as scripts/deploy.sh writes them down: its file is mounted here, to be read and nothing else."""

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

NAME = "history.jsonl"
SHOWN = 12
READ_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Deploy:
    """A deploy or a rollback."""

    what: str
    when: datetime.datetime
    who: str
    from_version: str
    to_version: str
    seconds: float
    is_done: bool
    why: str
    backup: str


def last() -> list[Deploy] | None:
    """Return the last ones, the newest first; None where there is no record to be read."""
    path = Path(settings.DEPLOYS_DIR) / NAME
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - READ_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return None
    found = [deploy for line in reversed(lines) if (deploy := parsed(line))]
    return found[:SHOWN]


def parsed(line: str) -> Deploy | None:
    """Return a line's deploy; None where it has none, such as one that was cut off."""
    try:
        told: dict[str, Any] = json.loads(line)
        return Deploy(
            what=str(told["what"]),
            when=datetime.datetime.fromisoformat(told["when"]),
            who=str(told["who"]),
            from_version=str(told["from_version"]),
            to_version=str(told["to_version"]),
            seconds=float(told["seconds"]),
            is_done=told["result"] == "done",
            why=str(told.get("why") or ""),
            backup=str(told.get("backup") or ""),
        )
    except (ValueError, TypeError, KeyError):
        return None

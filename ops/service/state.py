"""What the service remembers over a restart: a file of JSON beside the sets, written whole or not at all."""

import datetime
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ops.backup import files

FOLDER, NAME = ".service", "state.json"
TIMES = ("handled", "asked", "not_before", "started", "ended", "succeeded")


@dataclass(kw_only=True)
class Past:
    """What is known of a job. Up to `handled` whatever was due has been done, or given up; `attempts` have failed since.

    `asked` is since when it is wanted whatever the cron line says, `not_before` when it is tried again.
    """

    handled: datetime.datetime | None = None
    asked: datetime.datetime | None = None
    not_before: datetime.datetime | None = None
    attempts: int = 0
    started: datetime.datetime | None = None
    ended: datetime.datetime | None = None
    succeeded: datetime.datetime | None = None
    seconds: float = 0.0
    problem: str = ""
    hint: str = ""
    runs: int = 0
    failures: int = 0


@dataclass(frozen=True, kw_only=True)
class Told:
    """A problem that people were told of, and when."""

    at: datetime.datetime
    what: str


@dataclass(kw_only=True)
class State:
    """All that is remembered. `told` has the problems that people were told of, by their codes, and so has `told_of_certificate`."""

    began: datetime.datetime
    jobs: dict[str, Past] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    told_of_certificate: dict[str, Told] = field(default_factory=dict)

    def of(self, job: str) -> Past:
        """Return what is known of a job, to be changed."""
        return self.jobs.setdefault(job, Past())


def path_in(backups: Path) -> Path:
    """Return where the file is."""
    return backups / FOLDER / NAME


def read(path: Path, *, now: datetime.datetime) -> State:
    """Return what is remembered; a file that is not there, or not as it was written, is a first start."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return State(
            began=datetime.datetime.fromisoformat(found["began"]),
            jobs={name: past(each) for name, each in found["jobs"].items()},
            told=told(found["told"]),
            told_of_certificate=told(found.get("told_of_certificate", {})),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State(began=now)


def told(found: dict[str, Any]) -> dict[str, Told]:
    """Return what people were told of."""
    return {
        code: Told(at=datetime.datetime.fromisoformat(each["at"]), what=str(each["what"]))
        for code, each in found.items()
    }


def past(found: dict[str, Any]) -> Past:
    """Return a job's part; times are written as text."""
    known = {name: value for name, value in found.items() if name in {each.name for each in fields(Past)}}
    times = {name: datetime.datetime.fromisoformat(known[name]) for name in TIMES if known.get(name)}
    return Past(**(known | times))


def write(path: Path, state: State) -> None:
    """Write it down. Raises OSError."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    files.replace(path, json.dumps(asdict(state), indent=1, default=lambda moment: moment.isoformat()) + "\n")

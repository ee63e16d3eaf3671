"""What the certbot service remembers over a restart, and shows to its health check: a file of JSON, written whole or not at all."""

import datetime
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ops.backup import files
from ops.service.state import Told

NAME = "state.json"
TIMES = ("ended", "not_before", "published", "watched", "until")


@dataclass(kw_only=True)
class State:
    """`wish` is what was asked for last, when that `ended`, and why it failed, so many times in a row. `published` is when nginx was
    given a new pair. What was seen when it was `watched` last: `until` when the certificate is good that nginx shows, what is wrong.
    """

    wish: str = ""
    ended: datetime.datetime | None = None
    not_before: datetime.datetime | None = None
    failures: int = 0
    problem: str = ""
    published: datetime.datetime | None = None
    watched: datetime.datetime | None = None
    until: datetime.datetime | None = None
    wrong: list[str] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)


def read(folder: Path) -> State:
    """Return what is remembered; a file that is not there, or not as it was written, is a first start."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        times = {name: datetime.datetime.fromisoformat(found[name]) for name in TIMES if found[name]}
        told = {
            code: Told(at=datetime.datetime.fromisoformat(each["at"]), what=str(each["what"]))
            for code, each in found["told"].items()
        }
        return State(**(found | times | {"told": told}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State()


def write(folder: Path, state: State) -> None:
    """Write it down. Raises OSError."""
    text = json.dumps(asdict(state), indent=1, default=lambda moment: moment.isoformat())
    files.replace(folder / NAME, text + "\n")

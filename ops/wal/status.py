"""What the receiver says of itself, several times a second: for health, metrics, and for the latest time that can be recovered to."""

import datetime
import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

NAME = "status.json"
STALE_SECONDS = 30
MOST_LAG_SECONDS, MOST_LAG_BYTES = 60, 256 * 1024 * 1024
MOST_OFFSITE_SECONDS = 600
KEPT = ("reserved", "extended")


@dataclass(frozen=True, kw_only=True)
class Status:
    """The receiver at one moment. Times are ISO; `received_until` is the server's, until which everything committed is here."""

    at: str
    process: int = field(default_factory=os.getpid)
    system_identifier: str = ""
    is_server_reached: bool = False
    is_receiving: bool = False
    restarts: int = 0
    wal_status: str | None = None
    lag_bytes: int = 0
    lag_seconds: float = 0.0
    received_position: int = 0
    received_until: str | None = None
    last_segment: str | None = None
    waiting_segments: int = 0
    newest_base: str | None = None
    is_taking_base: bool = False
    offsite_segment: str | None = None
    offsite_behind_seconds: float | None = None
    problems: list[str] = field(default_factory=list)


def write(root: Path, status: Status) -> None:
    """Write the status whole or not at all. Not flushed: an older one says less, and nothing wrong. Raises OSError."""
    fresh = root / f".{NAME}.fresh"
    fresh.write_text(json.dumps(asdict(status)) + "\n", encoding="utf-8")
    fresh.replace(root / NAME)


def read(root: Path) -> Status | None:
    """Return the status that was written last; None where there is none."""
    try:
        found = json.loads((root / NAME).read_text(encoding="utf-8"))
        return Status(**{each.name: found[each.name] for each in fields(Status)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def problems(status: Status | None, *, now: datetime.datetime) -> list[str]:
    """Return what is wrong, as facts; nothing where WAL comes as it should."""
    if status is None:
        return ["no receiver of WAL has run yet"]
    age = (now - datetime.datetime.fromisoformat(status.at)).total_seconds()
    if age > STALE_SECONDS:
        return [f"the receiver of WAL has said nothing for {age:.0f} s"]
    found = list(status.problems)
    if not status.is_server_reached:
        found.append("the receiver of WAL does not reach the server")
    elif status.wal_status not in KEPT:
        found.append(f"the server keeps no more WAL for us than it has to: the slot is {status.wal_status or 'gone'}")
    if status.lag_seconds > MOST_LAG_SECONDS or status.lag_bytes > MOST_LAG_BYTES:
        found.append(f"WAL is {status.lag_seconds:.0f} s and {status.lag_bytes} bytes behind")
    if status.newest_base is None and not status.is_taking_base:
        found.append("there is no base backup that the WAL follows without a gap")
    if (status.offsite_behind_seconds or 0) > MOST_OFFSITE_SECONDS:
        found.append(f"WAL off the machine is {status.offsite_behind_seconds:.0f} s behind")
    return found


def metrics(status: Status | None, *, now: datetime.datetime) -> dict[str, float]:
    """Return numbers for Prometheus, by name."""
    found = {"slipway_wal_problems": float(len(problems(status, now=now)))}
    if status is None:
        return found
    found |= {
        "slipway_wal_receiving": float(status.is_receiving),
        "slipway_wal_receiver_restarts": float(status.restarts),
        "slipway_wal_lag_seconds": status.lag_seconds,
        "slipway_wal_lag_bytes": float(status.lag_bytes),
        "slipway_wal_segments_waiting": float(status.waiting_segments),
    }
    if status.received_until:
        received = datetime.datetime.fromisoformat(status.received_until).timestamp()
        found["slipway_wal_received_until_timestamp_seconds"] = received
    if status.offsite_behind_seconds is not None:
        found["slipway_wal_offsite_behind_seconds"] = status.offsite_behind_seconds
    return found

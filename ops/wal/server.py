"""What is asked of the server whose WAL is received: who it is, how far it is, and what it keeps for us."""

import datetime
from dataclasses import dataclass

from ops.backup.database import Connection
from ops.errors import REFUSED, OperatorError
from ops.wal.segments import end_of_written
from ops.wal.tools import SLOT

LEAST_VERSION = 180_000
IDENTITY = """
SELECT system_identifier::text, (SELECT setting::int FROM pg_settings WHERE name = 'wal_segment_size'),
  current_setting('server_version_num')::int, current_setting('server_version'), current_setting('wal_level'),
  current_setting('summarize_wal') = 'on', pg_is_in_recovery(), current_setting('max_slot_wal_keep_size')
FROM pg_control_system()
"""
# Positions as numbers. The clock is read before the position: what was committed until then is in the WAL before it.
LOOK = """
SELECT clock_timestamp(), (pg_current_wal_insert_lsn() - '0/0')::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
  s.wal_status, coalesce(s.active, false), (s.restart_lsn - '0/0')::bigint, s.safe_wal_size
FROM (SELECT) one LEFT JOIN pg_replication_slots s ON s.slot_name = %s
"""
MAKE_SLOT = "SELECT pg_create_physical_replication_slot(%s, immediately_reserve => true)"
TABLESPACES = "SELECT spcname FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY 1"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which cluster it is, and how it is set."""

    system_identifier: str
    segment_bytes: int
    version: str
    has_summaries: bool
    slot_limit: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """The server at one moment. `written` is where its WAL ends; `flushed` what we have of it, None where no slot is there."""

    at: datetime.datetime
    written: int
    next_transaction: int
    wal_status: str | None
    is_received: bool
    flushed: int | None
    room: int | None

    @property
    def has_slot(self) -> bool:
        """Whether the server keeps for us what we don't have yet."""
        return self.flushed is not None and self.wal_status != "lost"


def identity(connection: Connection) -> Identity:
    """Return who the server is; raises OperatorError where its WAL can't be used. Raises psycopg.Error."""
    row = connection.execute(IDENTITY).fetchone() or ()
    system_identifier, segment_bytes, number, version, level, has_summaries, is_standby, slot_limit = row
    if number < LEAST_VERSION:
        raise refused(f"the server is PostgreSQL {version}", hint="It takes 18 or newer: POSTGRES_IMAGE=postgres:18")
    if level == "minimal":
        raise refused(
            "the server's wal_level is minimal", hint="Set it to replica, its default, and start the server anew."
        )
    if is_standby:
        raise refused("the server is a standby", hint="Name the primary in DATABASE_URL.")
    return Identity(
        system_identifier=system_identifier,
        segment_bytes=segment_bytes,
        version=version,
        has_summaries=has_summaries,
        slot_limit=slot_limit,
    )


def look(connection: Connection, segment_bytes: int) -> Look:
    """Look at the server. Raises psycopg.Error."""
    at, next_record, next_transaction, status, is_received, flushed, room = (
        connection.execute(LOOK, [SLOT]).fetchone() or ()
    )
    return Look(
        at=at,
        written=end_of_written(next_record, segment_bytes),
        next_transaction=next_transaction,
        wal_status=status,
        is_received=is_received,
        flushed=flushed,
        room=room,
    )


def make_slot(connection: Connection) -> None:
    """Have the server keep its WAL for us from now on. Raises psycopg.Error."""
    connection.execute(MAKE_SLOT, [SLOT])


def drop_slot(connection: Connection) -> None:
    """Remove what is left of a slot. Raises psycopg.Error."""
    connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", [SLOT]
    )


def switch(connection: Connection) -> None:
    """Have the server begin a new segment, so that the last one is complete. Raises psycopg.Error."""
    connection.execute("SELECT pg_switch_wal()")


def refuse_tablespaces(connection: Connection) -> None:
    """Raise OperatorError where the cluster has data outside of its folder, which nothing here puts back. Raises psycopg.Error."""
    names = [name for (name,) in connection.execute(TABLESPACES)]
    if names:
        hint = "Move what is in them to pg_default, or set DB_PITR=false: database sets have them."
        raise refused(f"the server has tablespaces: {', '.join(names)}", hint=hint)


def refused(message: str, *, hint: str) -> OperatorError:
    """Return the error of a server that can't be used."""
    return OperatorError(f"Refusing to receive WAL: {message}.", hint=hint, status=REFUSED)

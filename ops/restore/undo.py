"""The way back: gives the database that was kept its name again, and keeps the other. Removes one when it is told to."""

import datetime

from ops.backup.database import Connection, told
from ops.backup.progress import Progress
from ops.backup.settings import Settings
from ops.errors import REFUSED, WRONG_USAGE, OperatorError
from ops.restore import marks, server
from ops.restore.caches import Cache
from ops.restore.marks import Mark, Marked
from ops.restore.restore_db import Restored, flush_cache, locked
from ops.restore.switch import Plan, switch


def undo(settings: Settings, cache: Cache | None, progress: Progress) -> Restored:
    """Swap the live database with the one that was kept last; a second time, that is taken back. Raises OperatorError."""
    name = settings.database.name
    with locked(settings) as connection:
        back = last_kept(connection, name)
        progress.say(f"{back.name} was the live database until {back.mark.at}")
        close(connection, back)
        plan = planned(connection, name, back)
        with told("switch back; the live database is as it was"):
            seconds = switch(settings.database, plan)
        progress.say(f"Switched; work waited for {seconds:.2f} s")
        flush_cache(cache, progress)
        kept_as = plan.kept_as if marks.oid_of(connection, plan.kept_as) else None
        return Restored(set_id=back.mark.set_id, kept_as=kept_as, safety_set=None, paused_seconds=seconds)


def last_kept(connection: Connection, name: str) -> Marked:
    """Return the database that was live last; raises OperatorError where none was kept."""
    kept = marks.kept(connection, database=name)
    if not kept:
        raise OperatorError(
            f"Refusing to go back: no database is kept that was {name} before. Nothing was changed.",
            hint="A set of it may be there, taken before the restore: scripts/restore_db.sh --list",
            status=REFUSED,
        )
    return kept[-1]


def close(connection: Connection, back: Marked) -> None:
    """Let nobody in, and end who is: a database can be renamed only while it is empty of sessions. Raises psycopg.Error."""
    server.allow_connections(connection, back.name, is_allowed=False)
    connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [back.name])


def planned(connection: Connection, name: str, back: Marked) -> Plan:
    """Return what becomes of names."""
    now = datetime.datetime.now(tz=datetime.UTC)
    kept_as = marks.fresh_name(connection, name, now.strftime("before_%Y%m%dT%H%M%SZ"))
    at = now.isoformat(timespec="seconds")
    mark = Mark(kind=marks.KEPT, database=name, set_id=back.mark.set_id, at=at, comment=None)
    return Plan(live=name, incoming=back.name, kept_as=kept_as, mark=mark)


def drop_kept(settings: Settings, name: str, progress: Progress) -> None:
    """Remove a database that was kept, for good; raises OperatorError where it is none of ours."""
    with locked(settings) as connection:
        if name not in [each.name for each in marks.kept(connection, database=settings.database.name)]:
            raise OperatorError(
                f"Refusing to remove {name}: it is no database that a restore of {settings.database.name} kept. Nothing was changed.",
                hint="See which are: scripts/restore_db.sh --list",
                status=WRONG_USAGE if marks.oid_of(connection, name) is None else REFUSED,
            )
        progress.say(f"Removing {name}")
        server.drop(connection, name)

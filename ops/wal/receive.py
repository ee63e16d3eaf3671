"""Receives WAL for as long as it is wanted: the receiver, the slot, segments put away, base backups where one is missing. And says how
it goes in a file."""

import contextlib
import datetime
import threading
import time
from collections.abc import Callable

import psycopg

from ops.backup import files, guards, lock, targets
from ops.backup.contents import Facts
from ops.backup.database import Connection
from ops.wal import archive as archives
from ops.wal import keep, server, ship, status
from ops.wal.archive import Archive
from ops.wal.base_taker import BaseTaker
from ops.wal.coverage import Coverage, Sample
from ops.wal.receiver import Receiver
from ops.wal.segments import Segment
from ops.wal.server import Identity, Look
from ops.wal.settings import WalSettings
from ops.wal.ship import Shipping
from ops.wal.status import Status
from ops.wal.switching import Switching
from ops.wal.work import Work

LOOK_SECONDS = 0.25
RECONNECT_SECONDS = 2.0
SHIP_SECONDS = 1.0
END_SECONDS = 20
Say = Callable[[str], None]


def receive(settings: WalSettings, *, is_ending: threading.Event, say: Say) -> None:
    """Receive WAL until it is told to end. Raises OperatorError where it can't be, whatever is tried."""
    guards.target(settings.backup)
    with files.told("make the archive's folder", settings.root):
        settings.root.mkdir(mode=0o700, exist_ok=True)
    with lock.held(settings.root, what="receiver of WAL"):
        while not is_ending.is_set():
            connection = connected(settings, is_ending, say)
            if connection is not None:
                with connection:
                    identity = server.identity(connection)
                    with Receiving(settings, identity, connection, say=say) as receiving:
                        receiving.go_on(is_ending)


def connected(settings: WalSettings, is_ending: threading.Event, say: Say) -> Connection | None:
    """Return a connection to the server, once it answers; None where the end comes first."""
    problem = ""
    while not is_ending.is_set():
        try:
            return settings.backup.database.connect(is_autocommit=True)
        except psycopg.Error as error:
            said = f"Cannot connect to the database: {' '.join(str(error).split())}"
            if said != problem:
                say(said)
            problem = said
        status.write(settings.root, Status(at=now(), problems=[problem]))
        is_ending.wait(RECONNECT_SECONDS)
    return None


class Receiving:
    """One cluster's WAL, from the first connection on. `go_on` returns at the end, or where the server is another one."""

    def __init__(self, settings: WalSettings, identity: Identity, connection: Connection, *, say: Say) -> None:
        self.settings, self.identity, self.say = settings, identity, say
        self.connection: Connection | None = connection
        self.archive: Archive = archives.opened(
            settings.root, system_identifier=identity.system_identifier, segment_bytes=identity.segment_bytes
        )
        self.receiver = Receiver(settings.backup.database, self.archive, say=say)
        self.coverage = Coverage()
        self.before = received_before(settings, self.archive)
        self.switching = Switching(settings.switch_seconds)
        self.works = [Work("put segments away", self.put_away, say=say)]
        self.shipping: Shipping | None = None
        if settings.offsite:
            with files.told("make room for what is compared", self.archive.folder):
                room = ship.make_room(self.archive)
            target, recipients = targets.of(settings.offsite, room=room), settings.backup.recipients
            self.shipping = Shipping(self.archive, target, recipients=recipients, days=settings.days)
            self.works.append(
                Work("store WAL off the machine", self.shipping.segments, say=say, pause_seconds=SHIP_SECONDS)
            )
            self.works.append(
                Work(
                    "store base backups off the machine",
                    self.shipping.base_backups,
                    say=say,
                    pause_seconds=SHIP_SECONDS,
                )
            )
        self.base = BaseTaker(self.archive, say=say)
        self.reconnect_at = 0.0
        self.seen: Look | None = None

    def __enter__(self) -> "Receiving":
        for work in self.works:
            work.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.receiver.end()
        self.base.end()
        for work in self.works:
            work.end(seconds=END_SECONDS)
        if self.connection is not None:
            self.connection.close()

    def go_on(self, is_ending: threading.Event) -> None:
        """Look, and do what is to be done, until the end."""
        while not is_ending.is_set():
            try:
                if self.connection is None and not self.reconnect():
                    return
                if self.connection is not None:
                    self.look(self.connection)
            except psycopg.Error as error:
                self.lose(error)
            self.receiver.tend()
            if self.seen is not None and self.connection is not None:
                self.base.tend()
            self.write_status()
            is_ending.wait(LOOK_SECONDS)

    def look(self, connection: Connection) -> None:
        """Look at the server; have it keep WAL for us, and begin a new segment where that is due. Raises psycopg.Error."""
        seen = server.look(connection, self.archive.segment_bytes)
        if not seen.has_slot:
            self.make_slot(connection, seen)
            return
        self.seen = seen
        self.coverage.add(seen.written, seen.at, flushed=seen.flushed or 0)
        segment = (seen.written - 1) // self.archive.segment_bytes
        if self.switching.is_due(time.monotonic(), next_transaction=seen.next_transaction, segment=segment):
            server.switch(connection)
            self.switching.switched(next_transaction=seen.next_transaction)

    def make_slot(self, connection: Connection, seen: Look) -> None:
        """Begin to receive from now on; where something was received before, WAL is missing between, and a base backup due."""
        self.receiver.end()
        self.coverage.forget()
        if seen.wal_status == "lost":
            self.say(
                f"The server has removed WAL that we did not have yet: we were further behind than {self.identity.slot_limit}"
            )
            server.drop_slot(connection)
        elif self.archive.put_away():
            self.say("The slot is gone from the server, and with it, perhaps, WAL that we did not have yet")
        keep.set_aside(self.archive, self.coverage.last or self.before)
        server.make_slot(connection)
        self.base.ask()

    def reconnect(self) -> bool:
        """Connect again where the time has come; return whether it is the same cluster. Raises psycopg.Error."""
        if time.monotonic() < self.reconnect_at:
            return True
        self.reconnect_at = time.monotonic() + RECONNECT_SECONDS
        self.connection = self.settings.backup.database.connect(is_autocommit=True)
        identity = server.identity(self.connection)
        self.say("The server answers again")
        return identity.system_identifier == self.identity.system_identifier

    def lose(self, error: psycopg.Error) -> None:
        """Note that the server does not answer."""
        if self.connection is not None:
            self.say(f"Lost the server: {' '.join(str(error).split())}")
            with contextlib.suppress(psycopg.Error):
                self.connection.close()
        self.connection = None

    def put_away(self) -> list[Segment]:
        """Put away what is complete. In a thread of its own."""
        return keep.put_away(self.archive, self.coverage.until)

    def status(self) -> Status:
        """Return how it goes."""
        seen, received = self.seen, self.coverage.last
        complete = [path for path in self.archive.receiving.iterdir() if not path.suffix]
        flushed = (seen.flushed or 0) if seen else 0
        problems = [self.receiver.problem, self.base.problem, *[work.problem for work in self.works]]
        return Status(
            at=now(),
            system_identifier=self.archive.system_identifier,
            is_server_reached=self.connection is not None,
            is_receiving=bool(seen and seen.is_received) and self.receiver.is_running,
            restarts=self.receiver.failures,
            wal_status=seen.wal_status if seen else None,
            lag_bytes=max(0, seen.written - flushed) if seen else 0,
            lag_seconds=round(self.coverage.lag_seconds, 3),
            received_position=received[0] if received else 0,
            received_until=received[1].astimezone(datetime.UTC).isoformat() if received else None,
            waiting_segments=len(complete),
            newest_base=self.base.newest,
            is_taking_base=self.base.is_at_work,
            **self.offsite(),
            problems=[each for each in problems if each],
        )

    def offsite(self) -> Facts:
        """Return how far the copy off the machine is."""
        if self.shipping is None:
            return {}
        behind = self.shipping.behind_seconds(now=time.time())
        last = self.shipping.shipped(self.shipping.wal_note).get("segment")
        return {"offsite_segment": last, "offsite_behind_seconds": behind}

    def write_status(self) -> None:
        """Write it down; a disk that is full is told by what else fails."""
        with contextlib.suppress(OSError):
            status.write(self.settings.root, self.status())


def received_before(settings: WalSettings, archive: Archive) -> Sample | None:
    """Return how far an earlier receiver said that it was."""
    last = status.read(settings.root)
    if last is None or last.received_until is None or last.system_identifier != archive.system_identifier:
        return None
    return last.received_position, datetime.datetime.fromisoformat(last.received_until)


def now() -> str:
    """Return our clock's time."""
    return datetime.datetime.now(tz=datetime.UTC).isoformat()

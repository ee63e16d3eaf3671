"""What goes wrong while WAL is received: told, and well again without anybody's help."""

import resource

import psutil
import pytest

from ops.backup.database import Connection
from ops.backup.progress import Progress
from ops.errors import DONE, LOCKED, REFUSED, OperatorError
from ops.wal import command, plan, reach, server
from ops.wal.recover import at
from ops.wal.settings import WalSettings
from tests.ops.wal.conftest import Cluster, Receiver, clock, wait_for

MIB = 1 << 20


def write_wal(connection: Connection, megabytes: int) -> None:
    """Write as much WAL, and let the server remove what nobody needs."""
    for _ in range(megabytes):
        connection.execute("SELECT pg_logical_emit_message(true, 'noise', repeat('x', 1000000))")
    connection.execute("CHECKPOINT")


def test_a_slot_that_was_lost_is_told_and_followed_by_a_new_base_backup(
    connection: Connection, receiver: Receiver, settings: WalSettings
) -> None:
    first = receiver.wait_for_base()
    before = clock()
    receiver.wait_until(before)
    assert receiver.end() == DONE
    write_wal(connection, 8)
    gone = clock()
    wait_for(lambda: server.look(connection, MIB).wal_status in ("lost", None))
    receiver.start()
    second = receiver.wait_for_base()
    assert second != first
    assert "The server has removed WAL that we did not have yet" in receiver.said
    assert plan.choose(settings.root, before, zone="UTC").stretch.base.id == first
    with pytest.raises(OperatorError, match="can't be reached"):
        plan.choose(settings.root, gone, zone="UTC")
    assert reach.gaps(receiver.archive) != []
    connection.execute("CREATE TABLE after_the_gap ()")
    after = clock()
    receiver.wait_until(after)
    with at(settings.backup, after, progress=Progress()) as database, database.connect() as recovered:
        assert recovered.execute("SELECT to_regclass('public.after_the_gap') IS NOT NULL").fetchone() == (True,)


def test_a_disk_that_is_full_is_told_and_nothing_is_lost(connection: Connection, receiver: Receiver) -> None:
    receiver.wait_for_base()
    assert receiver.process is not None
    limited = psutil.Process(receiver.process.pid)
    unlimited = limited.rlimit(resource.RLIMIT_FSIZE)
    program = receiver.program
    limited.rlimit(resource.RLIMIT_FSIZE, (2000, unlimited[1]))  # the kernel ends a write beyond it as on a full disk
    program.rlimit(resource.RLIMIT_FSIZE, (2000, unlimited[1]))
    write_wal(connection, 2)
    receiver.wait(lambda seen: seen.problems and not seen.is_receiving)
    limited.rlimit(resource.RLIMIT_FSIZE, unlimited)
    now = clock()
    receiver.wait_until(now)
    assert reach.gaps(receiver.archive) == []
    assert "Cannot receive WAL: pg_receivewal ended with " in receiver.said


def test_a_server_that_is_away_is_waited_for(cluster: Cluster, receiver: Receiver) -> None:
    receiver.wait_for_base()
    cluster.stop()
    receiver.wait(lambda seen: not seen.is_server_reached and not seen.is_receiving)
    cluster.start()
    receiver.wait_until(clock())
    receiver.wait(lambda seen: seen.is_receiving and seen.wal_status == "reserved")
    assert "The server answers again" in receiver.said


def test_while_nobody_writes_no_segment_is_begun(connection: Connection, receiver: Receiver) -> None:
    receiver.wait_for_base()
    connection.execute("CREATE TABLE last_write ()")
    receiver.wait_until(clock())

    def segment() -> object:
        return connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()

    written = segment()
    wait_for(lambda: segment() != written)  # after DB_PITR_SWITCH_SECONDS
    still = segment()
    now = clock()
    receiver.wait(lambda seen: seen.received_until and seen.at > now.isoformat())
    connection.execute("SELECT pg_sleep(3)")
    assert segment() == still


def test_one_receiver_runs_at_a_time_and_ends_in_order(receiver: Receiver, settings: WalSettings) -> None:
    receiver.wait(lambda seen: seen.is_receiving)
    assert command.main(["receive"]) == LOCKED
    program = receiver.program
    assert receiver.end() == DONE
    wait_for(lambda: not program.is_running())


@pytest.mark.parametrize(("name", "value"), [("DB_PITR", "false"), ("DB_BACKUPS_DIR", "/not/there")])
def test_it_refuses_what_it_can_t_do(
    name: str, value: str, settings: WalSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert command.main(["receive"]) == REFUSED
    assert "Refusing to " in capsys.readouterr().err

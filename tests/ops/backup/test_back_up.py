"""The happy path, with everything in the database that a dump has trouble with."""

import json
import os
import stat
import threading
from pathlib import Path

import psycopg
import pytest

from ops.backup import command, sets
from ops.backup.back_up import every_set
from ops.backup.database import Connection
from ops.backup.settings import Settings
from ops.errors import DONE
from tests.ops.backup.conftest import NAME, ROWS
from tests.ops.backup.history import aged, counting, left_over

ODD = (Path(__file__).with_name("odd.sql")).read_text(encoding="utf-8")


def test_a_set_has_what_it_should_and_counts(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == DONE
    printed = capsys.readouterr()
    assert printed.out.startswith(f"Backed up {NAME} as ")
    assert "Level 4: comparing" in printed.err
    (backup_set,) = every_set(settings)
    assert backup_set.counts
    names = {"database.dump", "roles.sql", "manifest.json", "SHA256SUMS", "verification.json"}
    assert {path.name for path in backup_set.folder.iterdir()} == names
    assert {stat.S_IMODE(path.stat().st_mode) for path in backup_set.folder.iterdir()} == {0o600}
    written = backup_set.manifest
    assert written.tables["public.note"]["rows"] == ROWS
    assert written.sequences["public.note_id_seq"]["after"]["last"] == ROWS
    assert written.locale["encoding"] == "UTF8"
    assert written.extensions == {"plpgsql": "1.0"}
    assert {"application", "server", "pg_dump"} <= set(written.versions)
    assert written.snapshot["wal_position"]
    assert {"dump", "roles"} <= set(written.seconds)
    assert written.bytes == sum((backup_set.folder / name).stat().st_size for name in written.files)
    assert left_over(settings) == []
    assert (
        os.environ["DATABASE_URL"].split(":")[2].split("@")[0] not in (backup_set.folder / "manifest.json").read_text()
    )


def test_everything_odd_comes_back_the_same(settings: Settings, database: Connection) -> None:
    with database.transaction():
        database.execute(ODD)
    assert command.main(["db", "--json"]) == DONE
    written = every_set(settings)[0].manifest
    assert written.tables['"Odd Schema"."Mixed ""Case"" -table"']["rows"] == 4
    assert written.tables["public.empty"] == {"rows": 0, "fingerprint": "0:0"}
    assert {"public.part_old", "public.part_new", "public.child", "public.nothing"} <= set(written.tables)
    assert "public.part" not in written.tables
    assert written.without_rows == {"materialized views": ["public.summary"]}
    assert written.large_objects["rows"] == 2
    assert {"hstore", "citext"} <= set(written.extensions)


def test_under_writes_dump_and_proof_are_of_one_moment(settings: Settings, url: str) -> None:
    end = threading.Event()

    def write() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not end.is_set():
                connection.execute("INSERT INTO note (text) SELECT 'new' FROM generate_series(1, 20)")
                connection.execute("UPDATE note SET text = text || 'x' WHERE id % 7 = 3")
                connection.execute("DELETE FROM note WHERE id % 13 = 5")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert command.main([]) == DONE
    finally:
        end.set()
        writer.join()
    assert len(counting(settings)) == 1


def test_an_owner_who_is_no_superuser_can_back_up_too(
    server: Connection, settings: Settings, database: Connection, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    server.execute("CREATE ROLE \"the owner's\" LOGIN PASSWORD 'secret' CONNECTION LIMIT 9; CREATE ROLE reader")
    try:
        server.execute("GRANT reader TO \"the owner's\"; ALTER ROLE \"the owner's\" SET work_mem = '5MB'")
        database.execute('ALTER TABLE note OWNER TO "the owner\'s"; GRANT SELECT ON note TO reader')
        database.execute("SELECT lo_from_bytea(0, 'x')")
        number = database.execute("SELECT max(oid) FROM pg_largeobject_metadata").fetchone()
        database.execute(f'ALTER LARGE OBJECT {number[0] if number else 0} OWNER TO "the owner\'s"')
        rest = url.rpartition("@")[2]
        monkeypatch.setenv("DATABASE_URL", f"postgres://the%20owner's:secret@{rest}")
        assert command.main([]) == DONE
        written = every_set(settings)[0].manifest
        assert not written.has_role_passwords
        assert written.roles["the owner's"]["member of"] == [["reader", False, True, True]]
        assert written.roles["the owner's"]["password"] is None
    finally:
        database.execute('DROP OWNED BY "the owner\'s", reader CASCADE')
        server.execute('DROP ROLE "the owner\'s", reader')


def test_old_sets_go_once_the_new_one_counts(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == DONE
    (first,) = every_set(settings)
    old, pinned, young = aged(first, days=30), aged(first, days=40), aged(first, days=3)
    (first.folder.with_name(pinned) / "pinned").touch()
    foreign = first.folder / ".." / "20200101T000000Z"
    foreign.mkdir()  # nothing of ours says what it is
    capsys.readouterr()
    assert command.main(["--dry-run"]) == DONE
    assert f"could go: {old}." in capsys.readouterr().out
    assert command.main(["--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["removed"] == [old]
    assert [each.id for each in every_set(settings)][:3] == [pinned, young, first.id]
    assert foreign.is_dir()
    assert command.main(["--list"]) == DONE
    listed = capsys.readouterr().out.splitlines()
    assert listed[0].split() == ["set", "age", "level", "size", "rows", "off-site"]
    assert f"{pinned}  40 d  4" in listed[1]
    assert "damaged" in listed[-1]
    assert sets.damaged(first.folder.parent, database=NAME) == ["20200101T000000Z"]


def test_a_set_can_be_verified_once_more(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == DONE
    (backup_set,) = every_set(settings)
    (backup_set.folder / "verification.json").unlink()
    assert counting(settings) == []
    assert command.main(["--verify", "latest"]) == DONE
    assert counting(settings) == [backup_set.id]
    assert "restored and compared, level 4." in capsys.readouterr().out

"""The happy paths: what is restored is what was backed up, under a live database's name, and there is a way back."""

import json
import shlex

import psycopg
import pytest
from psycopg import sql

from ops.backup.back_up import every_set
from ops.backup.database import Connection
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import DONE, REFUSED, WRONG_USAGE
from ops.restore import command, marks
from tests.ops.backup.conftest import NAME, ROWS
from tests.ops.backup.test_back_up import ODD
from tests.ops.restore.conftest import databases, lose_rows, rows, taken


def test_rows_that_were_lost_come_back_and_what_was_live_is_kept(
    backup_set: BackupSet, settings: Settings, url: str, server: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_rows(url)
    assert command.main(["latest", "--overwrite"]) == DONE
    assert rows(url) == ROWS
    printed = capsys.readouterr()
    assert printed.out.startswith(f"Restored {NAME} from {backup_set.id}: loaded, compared, switched to.")
    assert "To go back: scripts/restore_db.sh --undo" in printed.out
    assert f"The live database {NAME} is there, with 1 tables" in printed.err
    ((kept, kind),) = databases(server).items()
    assert kind == marks.KEPT
    assert kept in printed.out
    _, safety = every_set(settings)
    assert safety.counts
    assert safety.is_before_restore
    assert safety.manifest.tables["public.note"]["rows"] == ROWS // 2
    assert command.main(["--list"]) == DONE
    assert "taken before a restore" in capsys.readouterr().out


def test_the_server_knows_what_is_in_the_tables_when_they_go_live(backup_set: BackupSet, url: str) -> None:
    """Else every query is planned blind, until the server has looked at the tables by itself."""
    assert command.main(["latest", "--overwrite", "--without-safety-backup"]) == DONE
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_stats WHERE tablename = 'note'").fetchone() == (2,)


def test_the_command_that_removes_what_was_kept_can_be_pasted(
    backup_set: BackupSet, server: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["latest", "--overwrite", "--without-safety-backup"]) == DONE
    line = capsys.readouterr().out.splitlines()[-1]
    script, *arguments = shlex.split(line.partition(": ")[2])
    assert script == "scripts/restore_db.sh"
    assert command.main(arguments) == DONE
    assert databases(server) == {}


def test_undo_goes_back_and_a_second_undo_forward_again(
    backup_set: BackupSet, url: str, server: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_rows(url)
    assert command.main([backup_set.id, "--overwrite", "--without-safety-backup"]) == DONE
    assert command.main(["--undo"]) == DONE
    assert rows(url) == ROWS // 2
    assert f"{NAME} is again what it was." in capsys.readouterr().out
    assert command.main(["--undo"]) == DONE
    assert rows(url) == ROWS
    assert list(databases(server).values()) == [marks.KEPT]


def test_without_a_restore_there_is_nothing_to_undo(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--undo"]) == REFUSED
    assert "no database is kept" in capsys.readouterr().err


def test_everything_odd_comes_back_the_same(settings: Settings, database: Connection, url: str) -> None:
    with database.transaction():
        database.execute(ODD)
    wanted = taken(settings)
    database.execute('DROP SCHEMA "Odd Schema" CASCADE; SELECT lo_unlink(oid) FROM pg_largeobject_metadata')
    assert command.main([wanted, "--overwrite", "--without-safety-backup"]) == DONE
    with psycopg.connect(url) as connection:
        row = connection.execute('SELECT count(*) FROM "Odd Schema"."Mixed ""Case"" -table"').fetchone()
        assert row == (4,)
        assert connection.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone() == (2,)


def test_a_database_s_owner_rights_settings_and_comment_come_back(
    settings: Settings, url: str, server: Connection
) -> None:
    name = sql.Identifier(NAME)
    server.execute('CREATE ROLE "the owner\'s" LOGIN; CREATE ROLE reader')
    try:
        for text in (
            'ALTER DATABASE {} OWNER TO "the owner\'s"',
            "ALTER DATABASE {} SET work_mem = '7MB'",
            "ALTER ROLE reader IN DATABASE {} SET work_mem = '9MB'",
            "REVOKE CONNECT ON DATABASE {} FROM PUBLIC",
            "COMMENT ON DATABASE {} IS 'it''s\n-- a \"comment\n'",
        ):
            server.execute(sql.SQL(text).format(name))
        before = facts(server)
        wanted = taken(settings)
        server.execute(sql.SQL("ALTER DATABASE {} RESET ALL; COMMENT ON DATABASE {} IS 'another'").format(name, name))
        assert command.main([wanted, "--overwrite", "--without-safety-backup"]) == DONE
        assert facts(server) == before
        assert command.main(["--undo"]) == DONE
        assert facts(server)[3] == "another"
    finally:
        for each in [*databases(server), NAME]:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(each)))
        server.execute('DROP ROLE "the owner\'s"; DROP ROLE reader')
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))


def facts(server: Connection) -> tuple[object, ...]:
    """Return what a database has that is not in it."""
    query = """
    SELECT datdba::regrole::text, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a), datallowconn,
      shobj_description(d.oid, 'pg_database'),
      (SELECT array_agg(s.setconfig::text ORDER BY s.setconfig) FROM pg_db_role_setting s WHERE s.setdatabase = d.oid)
    FROM pg_database d WHERE datname = %s
    """
    return server.execute(query, [NAME]).fetchone() or ()


def test_an_empty_or_missing_database_is_filled_without_being_asked(
    backup_set: BackupSet, url: str, server: Connection, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    name = sql.Identifier(NAME)
    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
    assert command.main(["latest"]) == DONE
    assert rows(url) == ROWS
    assert "There was nothing to keep." in capsys.readouterr().out
    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
    server.execute(sql.SQL("CREATE DATABASE {}").format(name))
    assert command.main(["latest"]) == DONE
    assert rows(url) == ROWS
    assert len(every_set(settings)) == 1


def test_a_broken_live_database_needs_the_word_that_it_is_not_backed_up(
    backup_set: BackupSet, database: Connection, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # A page's checksum is wrong on a broken disk; a view that can't be computed stops the dump in the same place.
    database.execute(
        "CREATE FUNCTION bad(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''bad''; END'"
    )
    database.execute("CREATE TABLE broken (i int)")
    database.execute("UPDATE pg_class SET relfilenode = 1 WHERE relname = 'broken'")
    assert command.main(["latest", "--overwrite"]) != DONE
    printed = capsys.readouterr().err
    assert "Cannot take a safety set of what is live" in printed
    assert "add --without-safety-backup" in printed
    assert rows(url) == ROWS
    assert command.main(["latest", "--overwrite", "--without-safety-backup"]) == DONE


def test_roles_that_are_missing_are_made_and_others_keep_their_password(
    settings: Settings, database: Connection, server: Connection, url: str
) -> None:
    server.execute(
        "CREATE ROLE \"the owner's\" LOGIN PASSWORD 'old'; CREATE ROLE reader; CREATE ROLE \"it's gone\" LOGIN"
    )
    try:
        server.execute("GRANT reader TO \"it's gone\"; ALTER ROLE \"it's gone\" SET work_mem = '5MB'")
        database.execute('ALTER TABLE note OWNER TO "it\'s gone"; GRANT SELECT ON note TO reader')
        wanted = taken(settings)
        database.execute('DROP TABLE note; DROP ROLE "it\'s gone"')
        server.execute("ALTER ROLE \"the owner's\" PASSWORD 'new'")
        before = password(server)
        assert command.main([wanted, "--overwrite", "--without-safety-backup"]) == DONE
        assert password(server) == before
        query = "SELECT rolcanlogin, rolconfig, pg_has_role(oid, 'reader', 'MEMBER') FROM pg_roles WHERE rolname = $$it's gone$$"
        assert server.execute(query).fetchone() == (True, ["work_mem=5MB"], True)
    finally:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))
        server.execute('DROP ROLE IF EXISTS "the owner\'s", reader, "it\'s gone"')
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))


def password(server: Connection) -> object:
    """Return what a password is checked by."""
    return server.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'the owner''s'").fetchone()


def test_an_owner_who_is_no_superuser_can_restore_too(
    settings: Settings, server: Connection, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    server.execute("CREATE ROLE \"the owner's\" LOGIN PASSWORD 'secret' CREATEDB")
    try:
        server.execute(sql.SQL('ALTER DATABASE {} OWNER TO "the owner\'s"').format(sql.Identifier(NAME)))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute('ALTER TABLE note OWNER TO "the owner\'s"')
        own = f"postgres://the%20owner's:secret@{url.rpartition('@')[2]}"
        monkeypatch.setenv("DATABASE_URL", own)
        wanted = taken(settings)
        lose_rows(own)
        assert command.main([wanted, "--overwrite", "--without-safety-backup"]) == DONE
        assert rows(own) == ROWS
        assert command.main(["--undo"]) == DONE
        assert rows(own) == ROWS // 2
    finally:
        for each in [*databases(server), NAME]:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(each)))
        server.execute('DROP ROLE "the owner\'s"')
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))


def test_the_list_has_sets_and_what_is_kept_which_goes_when_it_is_told_to(
    backup_set: BackupSet, url: str, server: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["latest", "--overwrite", "--without-safety-backup"]) == DONE
    (kept,) = databases(server)
    capsys.readouterr()
    assert command.main(["--list"]) == DONE
    printed = capsys.readouterr().out
    assert backup_set.id in printed
    assert kept in printed
    assert command.main(["--list", "--json"]) == DONE
    (shown,) = json.loads(capsys.readouterr().out)["databases"]
    assert (shown["name"], shown["kind"], shown["set"]) == (kept, "kept", backup_set.id)
    assert command.main(["--drop-kept", NAME]) == REFUSED
    assert command.main(["--drop-kept", "not there"]) == WRONG_USAGE
    assert command.main(["--drop-kept", kept]) == DONE
    assert databases(server) == {}
    assert rows(url) == ROWS


def test_a_dry_run_changes_nothing(
    backup_set: BackupSet, url: str, server: Connection, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_rows(url)
    assert command.main(["--dry-run"]) == DONE
    expected = f"Would restore {NAME} from {backup_set.id}: take a safety set, load it beside, compare, switch"
    assert expected in capsys.readouterr().out
    assert rows(url) == ROWS // 2
    assert databases(server) == {}
    assert len(every_set(settings)) == 1


def test_the_result_for_programs(backup_set: BackupSet, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["latest", "--overwrite", "--without-safety-backup", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert (found["set_id"], found["safety_set"]) == (backup_set.id, None)
    assert found["paused_seconds"] < 2
    assert {"hash", "restore", "compare"} <= set(found["seconds"])
    assert found["kept_as"].startswith("a b-c")

import os
import re
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from embedded.errors import REFUSED, OperatorError
from embedded.postgres import Postgres
from embedded.stack import Stack
from embedded.valkey import Valkey

MakeStack = Callable[..., Stack]


def write(stack: Stack) -> None:
    with psycopg.connect(stack.servers["postgres"].url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'a row' AS what")
    with redis.Redis.from_url(stack.servers["valkey"].url) as client:
        client.set("kept", "a value")
        if stack.servers["valkey"].is_durable:
            client.execute_command("WAITAOF", 1, 0, 2000)


def read(stack: Stack) -> tuple[str, bytes]:
    with psycopg.connect(stack.servers["postgres"].url) as connection:
        row = connection.execute("SELECT what FROM kept").fetchone()
    with redis.Redis.from_url(stack.servers["valkey"].url) as client:
        value = client.get("kept")
    assert row is not None
    assert isinstance(value, bytes)
    return row[0], value


def test_data_port_and_password_outlive_a_stop_and_a_kill(folder: Path, make_stack: MakeStack) -> None:
    stack = make_stack(folder)
    stack.start_servers()
    urls = [server.url for server in stack.servers.values()]
    write(stack)
    stack.stop()
    again = make_stack(folder)
    again.start_servers()
    assert read(again) == ("a row", b"a value")
    for name in again.servers:
        again.kill(name)
        again.start(name)
    assert read(again) == ("a row", b"a value")
    assert [server.url for server in again.servers.values()] == urls


def test_a_server_that_runs_is_used_and_left_running(folder: Path, make_stack: MakeStack) -> None:
    first, second = make_stack(folder), make_stack(folder)
    first.start_servers()
    second = make_stack(folder)
    second.start_servers()
    assert second.running() == []
    second.stop()
    assert all(server.answers() for server in first.servers.values())


def test_two_folders_side_by_side_do_not_clash(tmp_path: Path, make_stack: MakeStack) -> None:
    stacks = [make_stack(tmp_path / name, is_durable=False) for name in ("one", "other")]
    for stack in stacks:
        stack.start_servers()
    write(stacks[0])
    ports = {server.state.port for stack in stacks for server in stack.servers.values()}
    assert len(ports) == 4
    with pytest.raises(psycopg.errors.UndefinedTable):
        read(stacks[1])


def test_a_port_that_another_program_took_is_given_up(folder: Path, make_stack: MakeStack) -> None:
    stack = make_stack(folder, is_durable=False)
    stack.start_servers()
    write(stack)
    ports = {name: server.state.port for name, server in stack.servers.items()}
    stack.kill("postgres")
    with socket.create_server(("127.0.0.1", ports["postgres"])):
        stack.start("postgres")
    assert stack.servers["postgres"].state.port != ports["postgres"]
    assert read(stack) == ("a row", b"a value")


def test_postgresql_is_the_major_version_of_production_and_wants_a_password(
    folder: Path, make_stack: MakeStack
) -> None:
    stack = make_stack(folder, is_durable=False)
    stack.start_servers()
    server = stack.servers["postgres"]
    with psycopg.connect(server.url) as connection:
        assert connection.info.server_version // 10_000 == 18
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
    for wrong in (server.url.replace(server.state.password, "wrong"), re.sub(r":[^:@/]+@", "@", server.url)):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(wrong)


def test_valkey_wants_a_password_and_never_evicts_tasks(folder: Path, make_stack: MakeStack) -> None:
    stack = make_stack(folder, is_durable=False)
    stack.servers["valkey"].start()
    server = stack.servers["valkey"]
    with socket.create_connection(("127.0.0.1", server.state.port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-lru"}


def test_only_their_owner_can_read_the_passwords(folder: Path, make_stack: MakeStack) -> None:
    make_stack(folder, is_durable=False).start_servers()
    passwords = [Postgres(folder).state.password, Valkey(folder).state.password]
    for path in (path for path in folder.rglob("*") if path.is_file() and path.suffix in (".json", ".conf")):
        if any(password in path.read_text() for password in passwords):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert not (folder / "postgres.password").exists()


def test_a_lock_file_whose_number_another_program_has_by_now_is_removed(folder: Path, make_stack: MakeStack) -> None:
    stack = make_stack(folder, is_durable=False)
    stack.start("postgres")
    lock = (folder / "postgres" / "postmaster.pid").read_text().splitlines()
    stack.kill("postgres")
    (folder / "postgres" / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lock[1:]]) + "\n")
    stack.start("postgres")
    assert stack.servers["postgres"].answers()


def test_what_a_killed_first_start_left_is_made_anew(folder: Path, make_stack: MakeStack) -> None:
    (folder / "postgres.new").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18")
    (folder / "postgres.password").write_text("old")
    stack = make_stack(folder, is_durable=False)
    stack.start("postgres")
    assert stack.servers["postgres"].answers()


def test_it_refuses_a_folder_of_another_major_version(folder: Path) -> None:
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(OperatorError, match="version 17 wrote it") as refusal:
        Postgres(folder).start()
    assert (refusal.value.status, "make clean" in refusal.value.hint) == (REFUSED, True)


def test_it_refuses_a_folder_whose_password_is_lost(folder: Path) -> None:
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("18\n")
    with pytest.raises(OperatorError, match="had its password, is gone") as refusal:
        Postgres(folder).start()
    assert refusal.value.status == REFUSED


def test_a_server_that_cannot_start_is_told_with_its_last_lines(
    folder: Path, make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Valkey, "configuration", lambda _: ["no-such-setting yes"])
    with pytest.raises(OperatorError, match=r"Cannot start Valkey\.") as failure:
        make_stack(folder).servers["valkey"].start()
    assert "no-such-setting" in failure.value.hint

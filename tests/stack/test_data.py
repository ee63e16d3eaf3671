"""PostgreSQL and Redis fit their containers, keep their data, and change their passwords."""

import subprocess
from pathlib import Path

import pytest

from tests.running.client import Person
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack


def setting(stack: Compose, name: str) -> str:
    return sql(stack, f"SHOW {name}")


def sql(stack: Compose, query: str, *, database: str = "slipway") -> str:
    found = stack.execute("db", "psql", "-X", "-A", "-t", "-U", "postgres", "-d", database, "-c", query)
    return found.stdout.strip()


def redis_setting(stack: Compose, name: str) -> str:
    script = f'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli CONFIG GET {name}'
    return stack.execute("redis", "sh", "-c", script).stdout.splitlines()[1]


def test_postgresql_is_sized_by_its_memory(development: Compose) -> None:
    assert setting(development, "shared_buffers") == "256MB"  # a quarter of DB_MEMORY=1g
    assert setting(development, "effective_cache_size") == "768MB"
    assert setting(development, "work_mem") == "5242kB"
    assert setting(development, "maintenance_work_mem") == "64MB"
    assert setting(development, "max_connections") == "100"
    assert setting(development, "data_checksums") == "on"


def test_the_application_s_role_is_no_superuser_and_its_statements_are_counted(development: Compose) -> None:
    assert (
        sql(development, "SELECT rolsuper, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = 'slipway'")
        == "f|f|f"
    )
    assert sql(development, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'slipway'") == "slipway"
    assert int(sql(development, "SELECT count(*) FROM pg_stat_statements")) > 0


def test_redis_is_sized_by_its_memory_and_evicts_what_may_be_evicted(development: Compose) -> None:
    assert redis_setting(development, "maxmemory") == str(192 * 1024 * 1024)  # three quarters of REDIS_MEMORY=256m
    assert redis_setting(development, "maxmemory-policy") == "volatile-lru"
    assert redis_setting(development, "appendonly") == "yes"
    assert development.execute("redis", "redis-cli", "ping").stdout.startswith("NOAUTH")


def test_data_survive_down_and_up(development: Compose) -> None:
    with Person(development) as person:
        person.sign_up("survivor@example.com")
        album = person.create_album()
        development.run("down", "--timeout", "20")
        development.up()
        found = person.ask("query($id: ID!) { viewer { email } album(id: $id) { title } }", id=album)
    assert found == {"viewer": {"email": "survivor@example.com"}, "album": {"title": "Hills"}}


class TestRotation:
    def rotate(self, stack: Compose, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [stack.folder / "scripts" / "rotate_passwords.sh", *arguments],
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def test_without_the_named_file_nothing_is_changed(self, development: Compose) -> None:
        found = self.rotate(development, "--env-file", ".env.missing")
        assert found.returncode == 3
        assert "error: Refusing to go on: cannot read .env.missing" in found.stderr
        assert "hint: " in found.stderr

    def test_new_passwords_are_in_the_servers_and_in_the_file_and_all_goes_on(self, development: Compose) -> None:
        path = Path(development.folder, ".env")
        path.write_text("# mine\nDB_PASSWORD=\n# REDIS_PASSWORD=\n")
        planned = self.rotate(development, "--dry-run")
        assert planned.returncode == 0
        assert path.read_text() == "# mine\nDB_PASSWORD=\n# REDIS_PASSWORD=\n"
        found = self.rotate(development)
        assert found.returncode == 0, found.stderr
        text = path.read_text()
        assert text.startswith("# mine\nDB_PASSWORD=")
        passwords = [line.partition("=")[2] for line in text.splitlines()[1:]]
        assert all(len(password) > 40 for password in passwords)
        assert not any(password in found.stdout + found.stderr for password in passwords)
        development.wait_until_healthy()
        with Person(development) as person:
            assert person.ask("{ albums(first: 1) { edges { cursor } } }")["albums"]["edges"]
        refused = development.execute(
            "db",
            "psql",
            "-X",
            "postgres://slipway:development-only@127.0.0.1/slipway?host=db",
            "-c",
            "SELECT 1",
            check=False,
        )
        assert refused.returncode != 0

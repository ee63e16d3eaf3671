"""Production whose PostgreSQL is elsewhere, over TLS alone: what Compose makes of it, who connects to it, and its backups."""

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest
import pytest_django
import trustme
from django.db import connections

from config import start_up
from config.databases import database
from config.environment_values import ROOT
from config.postgresql import beside
from config.postgresql.base import DatabaseWrapper
from embedded.state import free_port
from ops.deploy.first_time import APPLICATION, POSTGRES_AND_REDIS
from tests.stack.compose import Compose
from tests.stack.test_production_file import SET

pytestmark = pytest.mark.stack

FILES = tuple(ROOT / name for name in ("docker-compose.prod.yml", "docker-compose.database-elsewhere.yml"))
SERVER = Path(__file__).with_name("database_elsewhere.yml")
AUTHORITY = "/run/secrets/database_ca"  # as containers see it
OVER_TLS = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
LINES = "local all all trust\nhostssl all all all scram-sha-256\nhostssl replication all all scram-sha-256\n"


def make_tls(folder: Path) -> None:
    """Make a certificate for two names of the server, its authority's own, and who may connect."""
    folder.mkdir()
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "elsewhere")
    authority.cert_pem.write_to_path(folder / "ca.crt")
    (folder / "server.crt").write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(folder / "server.key")
    (folder / "pg_hba.conf").write_text(LINES)
    for path in folder.iterdir():
        path.chmod(0o644)
    (folder / "server.key").chmod(0o600)
    os.chown(folder / "server.key", POSTGRES_AND_REDIS, POSTGRES_AND_REDIS)


@pytest.fixture(scope="module")
def stack(open_folder: Path) -> Iterator[Compose]:
    """The server, which runs, and the files of a production that goes by it."""
    folder, password, port = open_folder / "database-elsewhere", token_hex(16), free_port()
    folder.mkdir()
    make_tls(folder / "tls")
    values = {"ELSEWHERE_TLS": str(folder / "tls"), "ELSEWHERE_PASSWORD": password, "ELSEWHERE_PORT": str(port)}
    more = {"DATABASE_CA_FILE": str(folder / "tls" / "ca.crt"), "DB_PITR": "true"}
    made = Compose(folder, files=(*FILES, SERVER), **{**SET, **values, **more})
    write_secrets(made.folder / "secrets", password)
    try:
        made.up("elsewhere")
        yield made
    finally:
        made.down()


def write_secrets(folder: Path, password: str) -> None:
    """Write the files as the page says."""
    folder.mkdir()
    url = f"postgres://postgres:{password}@elsewhere:5432/slipway?sslmode=verify-full&sslrootcert={AUTHORITY}"
    texts = {"database_url": url, "backup_database_url": url, "redis_password": "x", "redis_url": "redis://redis"}
    for name, text in {**texts, "django_secret_key": "x", "django_secret_key_fallbacks": ""}.items():
        (folder / name).write_text(f"{text}\n")
        owner = POSTGRES_AND_REDIS if name in ("backup_database_url", "redis_password") else APPLICATION
        os.chown(folder / name, owner, owner)
        (folder / name).chmod(0o600)


def url(stack: Compose, host: str, *, mode: str = "verify-full") -> str:
    """Return the address as this machine sees it."""
    environment = stack.environment
    authority = Path(environment["ELSEWHERE_TLS"]) / "ca.crt"
    server = f"postgres:{environment['ELSEWHERE_PASSWORD']}@{host}:{environment['ELSEWHERE_PORT']}"
    return f"postgres://{server}/slipway?sslmode={mode}&sslrootcert={authority}"


def test_no_container_has_a_database_and_each_application_knows_whom_to_trust(stack: Compose) -> None:
    found: dict[str, Any] = stack.config()
    services = found["services"]
    assert "db" not in services
    assert "postgres_data" not in found["volumes"]
    for name in ("web_blue", "web_green", "worker", "scheduler", "backup"):
        assert AUTHORITY in {secret["target"] for secret in services[name]["secrets"]}
        assert {"front", "outside"} & set(services[name]["networks"]), f"{name} cannot reach it"
        assert "db" not in services[name].get("depends_on", {})
    assert services["backup"]["environment"]["DATABASE_URL_FILE"] == "/run/secrets/backup_database_url"


@pytest.fixture
def connect(
    stack: Compose, monkeypatch: pytest.MonkeyPatch, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[Callable[..., Any]]:
    """What has this process's connections come to an address; the pool of before is left alone."""
    made: list[Any] = []
    monkeypatch.setattr(DatabaseWrapper, "_connection_pools", {})

    def come_to(host: str, *, mode: str = "verify-full") -> Any:
        options = {**connections["default"].settings_dict, **database(url(stack, host, mode=mode), pool_size=1)}
        connections["default"] = found = DatabaseWrapper(options, alias="default")
        monkeypatch.setattr(beside, "connections", {"default": found})  # a loop has others than its thread
        made.append(found)
        return found

    before = connections["default"]
    try:
        with django_db_blocker.unblock():
            yield come_to
    finally:
        connections["default"] = before
    for each in made:
        each.close()
        each.close_pool()


def test_threads_and_the_loop_connect_over_tls(connect: Callable[..., Any]) -> None:
    async def asked() -> list[tuple[Any, ...]]:
        made = await beside.connected()
        try:
            return await made.rows(OVER_TLS)
        finally:
            await made.close()

    found = connect("localhost")
    start_up.wait_for_database(pytest.fail, limit_seconds=0)
    with found.cursor() as cursor:
        cursor.execute(OVER_TLS)
        assert cursor.fetchone() == (True,)
    assert asyncio.run(asked()) == [(True,)]


@pytest.mark.parametrize(
    ("host", "mode", "words"),
    [
        ("127.0.0.1", "verify-full", 'server certificate for "localhost" (and 1 other name) does not match host name'),
        ("localhost", "disable", "no pg_hba.conf entry"),
    ],
)
def test_what_is_wrong_is_said_at_the_start(connect: Callable[..., Any], host: str, mode: str, words: str) -> None:
    connect(host, mode=mode)
    with pytest.raises(start_up.StartUpError, match=re.escape(words)):
        start_up.wait_for_database(pytest.fail, limit_seconds=-1)


def test_the_backup_service_begins_and_wal_and_a_set_are_taken_and_the_set_is_restored(stack: Compose) -> None:
    with psycopg.connect(url(stack, "localhost"), autocommit=True) as connection:
        connection.execute("CREATE TABLE note AS SELECT i, md5(i::text) FROM generate_series(1, 1000) i")
    modules = ("ops.wal base --json", "ops.backup db", "ops.restore latest --overwrite --without-application-check")
    begins = "python3 -c 'import os; from ops.service import settings; settings.read(os.environ)'"
    all_of_them = " && ".join([begins, *(f"python3 -m {each}" for each in modules)])
    told = stack.run("run", "--rm", "-T", "--no-deps", "backup", "sh", "-c", all_of_them).stdout
    assert json.loads(next(line for line in told.splitlines() if line.startswith("{")))["id"]
    assert "1,000 rows in 1 tables, restored and compared" in told
    assert "loaded, compared, switched to" in told

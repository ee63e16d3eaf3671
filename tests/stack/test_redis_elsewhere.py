"""Redis itself with TLS, found by a Sentinel with TLS: the image that production has, and none of Compose's."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
import trustme

from config.environment_values import ROOT
from ops.service import settings
from tests.redis_servers import PASSWORD, SENTINEL_PASSWORD, SERVICE, user, wait_until, works_after
from tests.stack.compose import Compose
from tests.stack.test_production_file import SET

pytestmark = pytest.mark.stack

IMAGE = "redis:8"
TLS = (
    "port 0", "tls-cert-file /tls/server.pem", "tls-key-file /tls/server.pem", "tls-ca-cert-file /tls/ca.pem",
    "tls-auth-clients no", "tls-replication yes",
)  # fmt: skip


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=120).stdout.strip()


@pytest.fixture
def tls(tmp_path: Path) -> Path:
    """A folder with an authority's certificate, and a server's that it vouches for, under a name that no address here has."""
    folder, authority = tmp_path / "tls", trustme.CA()
    folder.mkdir()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("redis.test").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    (folder / "server.pem").chmod(0o644)
    folder.chmod(0o755)
    return folder


@contextlib.contextmanager
def started(tls: Path, *lines: str, words: str = "") -> Iterator[str]:
    """Run a container of it; give its address."""
    configuration = "\\n".join([*TLS, *lines])
    program = f"printf '{configuration}\\n' >/tmp/redis.conf; exec redis-server /tmp/redis.conf {words}"
    name = f"slipway-test-redis-{token_hex(4)}"
    run = ("run", "--detach", "--rm", "--name", name, "--user", "999:999", "--volume", f"{tls}:/tls:ro")
    docker(*run, "--entrypoint", "sh", IMAGE, "-c", program)
    try:
        yield docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
    finally:
        docker("rm", "--force", name)


def test_the_application_uses_it_all_by_tls(tls: Path, tmp_path: Path) -> None:
    own = ("tls-port 6379", f"requirepass {PASSWORD}")
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(started(tls, *own))
        lines = (
            "tls-port 26379", f"requirepass {SENTINEL_PASSWORD}", "dir /tmp",
            f"sentinel monitor {SERVICE} {primary} 6379 1", f"sentinel auth-pass {SERVICE} {PASSWORD}",
        )  # fmt: skip
        sentinel = stack.enter_context(started(tls, *lines, words="--sentinel"))
        options = f"sentinel_password={SENTINEL_PASSWORD}&ssl_ca_certs={tls / 'ca.pem'}&ssl_check_hostname=false"
        url = f"rediss+sentinel://:{PASSWORD}@{sentinel}:26379/{SERVICE}/0?{options}"
        using = stack.enter_context(user(tmp_path, url))
        wait_until(lambda: works_after(tmp_path, -1), seconds=60, why=using.log_end)


@pytest.mark.parametrize("others", [(), ("docker-compose.database-elsewhere.yml",)])
def test_production_has_none_where_it_is_elsewhere(open_folder: Path, tmp_path: Path, others: tuple[str, ...]) -> None:
    files = tuple(ROOT / name for name in ("docker-compose.prod.yml", *others, "docker-compose.redis-elsewhere.yml"))
    services = Compose(open_folder / f"redis-elsewhere-{len(others)}", files=files, **SET).config()["services"]
    assert "redis" not in services
    assert not [name for name, service in services.items() if "redis" in service.get("depends_on", {})]
    for name in ("web_blue", "web_green", "worker", "scheduler", "backup"):
        assert "/run/secrets/redis_ca" in {secret["target"] for secret in services[name]["secrets"]}
    assert set(services["scheduler"]["networks"]) == {"data", "outside"}
    assert services["backup"]["environment"]["REDIS_URL_FILE"] == "/run/secrets/backup_redis_url"
    assert services["backup"]["environment"]["REDIS_PASSWORD_FILE"] == ""
    require_start(services["backup"]["environment"], tmp_path)


def require_start(environment: dict[str, str], folder: Path) -> None:
    """Read a backup service's environment as it does at its start, with something in each of its secrets' files."""
    url = f"rediss://:{PASSWORD}@redis.test"
    texts = {"postgres_password": "x" * 20, "backup_redis_url": url, "backup_database_url": "postgres://a:b@db.test/c"}
    for name, text in texts.items():
        (folder / name).write_text(text)
    settings.read({name: text.replace("/run/secrets", str(folder)) for name, text in environment.items()})

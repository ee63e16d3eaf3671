"""What each running container may not do: its settings are read, and then it is tried."""

from typing import Any

import pytest

from tests.stack.compose import Compose

pytestmark = pytest.mark.stack

SERVICES = ("web", "worker", "scheduler", "db", "redis", "nginx")
USERS = {"web": 10001, "worker": 10001, "scheduler": 10001, "db": 999, "redis": 999, "nginx": 101, "backup": 999}
CONNECT = "import socket; socket.create_connection(({host!r}, {port}), timeout=3)"

every_service = pytest.mark.parametrize("service", SERVICES)


@every_service
def test_the_settings(production: Compose, service: str) -> None:
    container = production.inspect(service)
    host: dict[str, Any] = container["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert not host["Privileged"]
    assert host["Memory"] > 0
    assert host["NanoCpus"] > 0
    assert 0 < host["PidsLimit"] <= 512
    assert host["RestartPolicy"]["Name"] == "always"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}
    assert not any("docker.sock" in mount["Source"] for mount in container["Mounts"])
    assert container["State"]["Health"]["Status"] == "healthy"


@every_service
def test_it_runs_as_an_ordinary_user_without_capabilities(production: Compose, service: str) -> None:
    status = production.execute(service, "cat", "/proc/self/status").stdout
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(fields["Uid"].split()) == {str(USERS[service])}
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
    assert fields["NoNewPrivs"] == "1"


@every_service
def test_its_first_process_is_an_init_that_reaps(production: Compose, service: str) -> None:
    name = production.execute(service, "cat", "/proc/1/comm").stdout.strip()
    assert name in ("tini", "docker-init")


@every_service
@pytest.mark.parametrize("path", ["/etc/passwd", "/usr/bin/new", "/app/config/settings.py", "/new"])
def test_it_cannot_write_where_it_may_not(production: Compose, service: str, path: str) -> None:
    found = production.execute(service, "sh", "-c", f"echo x >>{path}", check=False)
    assert found.returncode != 0


@pytest.mark.parametrize("service", ["worker", "nginx"])
def test_static_files_are_the_web_server_s_to_write(production: Compose, service: str) -> None:
    assert production.execute(service, "sh", "-c", "echo x >/srv/static/new", check=False).returncode != 0


def test_nginx_cannot_write_media(production: Compose) -> None:
    assert production.execute("nginx", "sh", "-c", "echo x >/srv/media/new", check=False).returncode != 0


@pytest.mark.parametrize("service", ["db", "redis", "scheduler"])
def test_data_s_network_has_no_way_out(production: Compose, service: str) -> None:
    found = production.execute(service, "sh", "-c", "cat /proc/net/route", check=False)
    if found.returncode == 0:
        routes = [line.split()[1] for line in found.stdout.splitlines()[1:]]
        assert "00000000" not in routes  # no default route


def test_the_database_cannot_reach_the_internet(production: Compose) -> None:
    script = "exec 3<>/dev/tcp/192.0.2.1/80"  # reserved for documentation: nobody is ever there
    found = production.execute("db", "bash", "-c", script, check=False)
    assert found.returncode != 0
    assert "unreachable" in found.stderr.lower()


def test_nginx_can_neither_find_nor_reach_the_database(production: Compose) -> None:
    networks = production.inspect("db")["NetworkSettings"]["Networks"]
    (address,) = [network["IPAddress"] for network in networks.values()]
    for host in ("db", address):
        found = production.execute("nginx", "curl", "-sS", "-m", "3", f"telnet://{host}:5432", check=False)
        assert found.returncode in (6, 7, 28), found.stderr  # not resolved, not connected, no answer


def test_the_worker_can_reach_a_mail_server_outside(production: Compose) -> None:
    routes = production.execute("worker", "cat", "/proc/net/route").stdout
    assert "00000000" in [line.split()[1] for line in routes.splitlines()[1:]]


def test_no_secret_is_in_a_command_line(production: Compose) -> None:
    secrets = [production.environment[name] for name in ("DJANGO_SECRET_KEY", "DB_PASSWORD", "REDIS_PASSWORD")]
    for service in SERVICES:
        script = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
        told = production.execute(service, "sh", "-c", script, check=False).stdout
        assert not any(secret in told for secret in secrets), service

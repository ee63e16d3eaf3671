"""What Docker Compose makes of docker-compose.prod.yml: read, not started."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.environment_values import ROOT
from config.variables import VARIABLES
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack

COLOURS = ("web_blue", "web_green")
# What a deploy decides, and what a container's mounts do.
FIXED = {
    "RUN_MIGRATIONS",
    "LOAD_DEMO",
    "UPSTREAM",
    "HTTP_PORT",
    "HTTPS_PORT",
    "HEARTBEAT_FILE",
    "DB_BACKUP_SCRATCH_DIR",
    "DEPLOYS_DIR",
}
APPLICATION = (*COLOURS, "worker", "scheduler")
EVERY = (*APPLICATION, "db", "redis", "nginx", "backup", "certbot")
SET = {
    "APPLICATION_IMAGE": "slipway:one",
    "SERVER_NAME": "api.example.com",
    "DJANGO_ALLOWED_HOSTS": "api.example.com",
    "SITE_URL": "https://api.example.com",
    "COMPOSE_PROFILES": "*",
}


@pytest.fixture(scope="module")
def stack(open_folder: Path) -> Iterator[Compose]:
    yield Compose(open_folder / "production-file", files=(ROOT / "docker-compose.prod.yml",), **SET)  # noqa: PT022


@pytest.fixture(scope="module")
def services(stack: Compose) -> dict[str, Any]:
    found: dict[str, Any] = stack.config()["services"]
    return found


def test_the_application_has_two_colours_and_no_third(services: dict[str, Any]) -> None:
    assert {name for name in services if name.startswith("web")} == set(COLOURS)


@pytest.mark.parametrize("name", sorted(set(SET) - {"COMPOSE_PROFILES"}))
def test_a_missing_value_stops_compose_with_its_name_and_a_command(stack: Compose, name: str) -> None:
    value = stack.environment.pop(name)
    try:
        found = stack.run("config", "--quiet", check=False)
    finally:
        stack.environment[name] = value
    assert found.returncode != 0
    assert f"{name} is missing a value" in found.stderr
    assert "scripts/deploy.sh" in found.stderr


@pytest.mark.parametrize("service", EVERY)
def test_a_service_gets_the_variables_that_it_may_see_and_no_others(services: dict[str, Any], service: str) -> None:
    kind = "web" if service in COLOURS else service
    may_see = {name for name, variable in VARIABLES.items() if kind in variable.services}
    found = set(services[service]["environment"]) - {"POSTGRES_INITDB_ARGS"}
    assert {name if name in VARIABLES else name.removesuffix("_FILE") for name in found} == may_see


@pytest.mark.parametrize("service", EVERY)
def test_no_secret_of_ours_is_in_a_container_s_environment(services: dict[str, Any], service: str) -> None:
    environment = services[service]["environment"]
    files = {name.removesuffix("_FILE") for name in environment if name.endswith("_FILE") and name != "HEARTBEAT_FILE"}
    assert {name for name in files if environment.get(name)} == set()
    assert "development-only" not in str(environment)
    assert {f"/run/secrets/{name.lower()}" for name in files} == {
        secret["target"] for secret in services[service].get("secrets", [])
    }


@pytest.mark.parametrize("service", EVERY)
def test_what_is_not_set_has_the_declaration_s_default(services: dict[str, Any], service: str) -> None:
    environment = services[service]["environment"]
    defaults = {
        name: variable.default
        for name, variable in VARIABLES.items()
        if name in environment and name not in FIXED and name not in SET and not variable.is_secret
    }
    assert {name: environment[name] for name in defaults} == defaults


def test_no_code_is_mounted(services: dict[str, Any]) -> None:
    for name in (*APPLICATION, "backup", "certbot"):
        bound = [mount for mount in services[name].get("volumes", []) if mount["type"] != "volume"]
        assert [mount["target"] for mount in bound] == (["/srv/deploys"] if name in COLOURS else [])
        assert all(mount["read_only"] for mount in bound)


def test_only_nginx_publishes_ports_and_grafana_one_for_this_machine(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if service.get("ports")} == {"nginx", "grafana"}
    assert [port["host_ip"] for port in services["grafana"]["ports"]] == ["127.0.0.1"]


def test_prometheus_asks_the_colours_and_the_backup_service(stack: Compose) -> None:
    stack.environment["COMPOSE_PROFILES"] = "blue,backup,observability"
    try:
        services = stack.config()["services"]
    finally:
        stack.environment["COMPOSE_PROFILES"] = SET["COMPOSE_PROFILES"]
    assert {"prometheus", "grafana"} < set(services)
    jobs = yaml.safe_load((ROOT / "observability/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    names = {name for job in jobs for target in job["dns_sd_configs"] for name in target["names"]}
    assert names - {"web"} == {*COLOURS, "backup"}  # development's
    assert all("data" in services[name]["networks"] for name in ("web_blue", "backup", "prometheus"))


def test_every_service_has_limits_a_restart_policy_and_rotated_logs(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert int(service["mem_limit"]) > 0, name
        assert service["cpus"] > 0, name
        assert service["restart"] == ("no" if name == "restore" else "always"), (
            name
        )  # a command, and no service that goes on
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name
        assert service["read_only"], name


def test_what_certbot_keeps_is_written_by_it_alone(services: dict[str, Any]) -> None:
    writers = {
        (mount["source"], name)
        for name, service in services.items()
        for mount in service.get("volumes", [])
        if not mount.get("read_only")
    }
    for volume in ("certbot", "acme_proofs", "issued_certificates"):
        assert {name for source, name in writers if source == volume} == {"certbot"}
    readers = {mount["source"] for mount in services["nginx"]["volumes"]}
    assert "certbot" not in readers  # the account's key

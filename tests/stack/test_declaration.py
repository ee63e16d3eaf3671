"""Holds docker-compose.yml and config/variables.py together: each service gets what it may see, and no more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.declaration import CERTBOT, COMPOSE, SERVICES
from config.environment import development_values
from config.variables import VARIABLES
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack

# What is not ours: the official images' own.
FOREIGN = {"db": {"POSTGRES_INITDB_ARGS"}}
THEIRS = "GF_"  # Grafana's own, all of them
RUN_BY_COMPOSE = sorted(SERVICES - {COMPOSE, CERTBOT})  # certbot is production's alone: test_production_file.py
# What a container can't change, because its mounts are where they are.
FIXED = {"STATIC_ROOT", "MEDIA_ROOT", "HEARTBEAT_FILE", "DB_BACKUPS_DIR", "DB_BACKUP_SCRATCH_DIR", "DEPLOYS_DIR"}


@pytest.fixture(scope="module")
def stack(open_folder: Path) -> Iterator[Compose]:
    yield Compose(open_folder / "declaration", COMPOSE_PROFILES="*")  # noqa: PT022 - nothing is started


def environment_of(stack: Compose, service: str) -> dict[str, str]:
    found: dict[str, str] = stack.config()["services"][service].get("environment") or {}
    return {name: text for name, text in found.items() if not name.startswith(THEIRS)}


def test_every_service_is_there(stack: Compose) -> None:
    assert stack.services() == RUN_BY_COMPOSE


@pytest.mark.parametrize("service", RUN_BY_COMPOSE)
def test_a_service_gets_the_variables_that_it_may_see_and_no_others(stack: Compose, service: str) -> None:
    may_see = {name for name, variable in VARIABLES.items() if service in variable.services}
    assert set(environment_of(stack, service)) - FOREIGN.get(service, set()) == may_see


@pytest.mark.parametrize("service", RUN_BY_COMPOSE)
def test_a_variable_of_the_env_file_reaches_its_services(stack: Compose, service: str) -> None:
    changeable = [
        name
        for name, variable in VARIABLES.items()
        if service in variable.services and name not in FIXED and not variable.made_from and name != "SITE_URL"
    ]
    stack.environment |= {name: f"changed-{name}" for name in changeable if not name.endswith("_PORT")}
    ports = {name: str(30_000 + index) for index, name in enumerate(changeable) if name.endswith("_PORT")}
    stack.environment |= ports
    try:
        found = environment_of(stack, service)
    finally:
        for name in changeable:
            del stack.environment[name]
    wrong = {name for name in changeable if found[name] != ports.get(name, f"changed-{name}")}
    assert wrong == set()


def test_no_service_sees_another_s_secrets(stack: Compose) -> None:
    secrets = {name for name, variable in VARIABLES.items() if variable.is_secret}
    assert secrets & set(environment_of(stack, "nginx")) == set()
    assert secrets & set(environment_of(stack, "redis")) == {"REDIS_PASSWORD"}
    assert secrets & set(environment_of(stack, "db")) == {"DB_PASSWORD", "POSTGRES_PASSWORD"}
    assert {"DJANGO_SECRET_KEY", "DB_PASSWORD"} & set(environment_of(stack, "backup")) == set()
    assert "POSTGRES_PASSWORD" not in str(stack.config()["services"]["web"])


def test_the_defaults_are_development_s(stack: Compose) -> None:
    values = development_values()
    for service in ("web", "worker", "scheduler"):
        found = environment_of(stack, service)
        differing = {
            name: text
            for name, text in found.items()
            if name in values and name not in FIXED and not VARIABLES[name].is_secret and text != values[name]
        }
        expected = {
            "LOG_FORMAT",
            "SITE_URL",
            "TRUSTED_PROXIES",
            "MEDIA_ACCEL_LOCATION",
            "CERTIFICATE_ADDRESS",
            "GRAPHQL_SHARED_CACHE_ADDRESS",
            "BACKUP_STATUS_URL",
        }  # there is an nginx here
        assert set(differing) <= expected, differing


def test_the_env_file_of_make_run_fits(stack: Compose) -> None:
    """Who has run `make run` before has a .env: it must not turn the containers into something else."""
    before = stack.config()
    path = stack.folder / ".env"
    lines = [f"{name}='{value}'" for name, value in development_values().items() if name not in stack.environment]
    path.write_text("\n".join(lines))
    try:
        after = stack.config()
    finally:
        path.unlink()
    for name in RUN_BY_COMPOSE:
        ours, theirs = (found["services"][name].get("environment") or {} for found in (before, after))
        assert {key for key in ours if ours[key] != theirs[key]} <= {"DJANGO_SECRET_KEY", "LOG_FORMAT"}


def test_a_second_clone_does_not_clash(stack: Compose) -> None:
    """Nothing has a name of its own: Compose puts the project's before each."""
    found = stack.config()
    assert all("container_name" not in service for service in found["services"].values())
    named = [volume["name"] for volume in found["volumes"].values()] + [
        net["name"] for net in found["networks"].values()
    ]
    assert all(name.startswith(f"{stack.project}_") for name in named)


def test_ports_are_published_by_nginx_and_grafana_and_on_this_machine_alone(stack: Compose) -> None:
    services = stack.config()["services"]
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert set(published) == {"nginx", "grafana"}
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}

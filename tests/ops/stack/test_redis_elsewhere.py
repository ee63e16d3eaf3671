"""A production whose Redis is elsewhere: no verb misses or changes a container of that name."""

import json

import pytest

from ops.errors import DONE, REFUSED
from ops.stack import command
from ops.stack.stack import Stack
from tests.ops.deploy.conftest import Docker
from tests.ops.stack.test_stack_command import HEALTH, as_compose_tells

FILES = "docker-compose.yml:docker-compose.prod.yml:docker-compose.redis-elsewhere.yml"


@pytest.fixture
def elsewhere(production: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    production.site.change(COMPOSE_FILE=FILES, USE_TLS="false")
    monkeypatch.chdir(production.site.root)
    return production


def test_it_is_well_without_that_container(elsewhere: Stack, docker: Docker) -> None:
    services = ("db", "nginx", "worker", "scheduler", "web_blue", "backup")
    docker.answers |= {"--format json": as_compose_tells(*services), "ops.service status": json.dumps(HEALTH)}
    assert command.main(["status"]) == DONE


def test_its_password_is_not_ours_to_change(
    elsewhere: Stack, docker: Docker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["rotate-secrets", "redis"]) == REFUSED
    assert "Redis is elsewhere" in capsys.readouterr().err
    assert not [line for line in docker.commands if "exec -T redis" in line]

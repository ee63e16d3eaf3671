"""A production whose PostgreSQL is elsewhere: no verb starts, asks or changes a container of that name."""

import json
from pathlib import Path

import pytest

from ops.deploy import looking, servers
from ops.deploy.deployment import Deployment
from ops.deploy.progress import Progress
from ops.errors import DONE, REFUSED
from ops.stack import command
from ops.stack.stack import Stack
from tests.ops.deploy.conftest import Docker
from tests.ops.stack.test_stack_command import HEALTH, as_compose_tells

FILES = "docker-compose.yml:docker-compose.prod.yml:docker-compose.database-elsewhere.yml"


@pytest.fixture
def elsewhere(production: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    production.site.change(COMPOSE_FILE=FILES, USE_TLS="false")
    monkeypatch.chdir(production.site.root)
    return production


def test_it_is_well_without_that_container(
    elsewhere: Stack, docker: Docker, capsys: pytest.CaptureFixture[str]
) -> None:
    services = ("redis", "nginx", "worker", "scheduler", "web_blue", "backup")
    docker.answers |= {"--format json": as_compose_tells(*services), "ops.service status": json.dumps(HEALTH)}
    assert command.main(["status"]) == DONE
    assert "the database has" not in capsys.readouterr().out


def test_a_deploy_starts_the_other_servers_and_asks_that_container_nothing(elsewhere: Stack, docker: Docker) -> None:
    docker.answers["--services --status running"] = "nginx\nredis\nweb_blue\n"
    seen = looking.look(elsewhere.site, elsewhere.commands, elsewhere.hands)
    assert seen.is_up
    findings = looking.running_stack(elsewhere.site, elsewhere.commands, elsewhere.hands, seen, allowed=[])
    assert {"PostgreSQL", "password"} & {each.name for each in findings} == set()
    deployment = Deployment(
        site=elsewhere.site,
        commands=elsewhere.commands,
        hands=elsewhere.hands,
        progress=Progress(steps=1),
        seen=seen,
        version="two",
    )
    servers.start(deployment, with_interruption=True)
    assert [line.partition("up -d --no-deps ")[2] for line in docker.commands if "up -d" in line] == ["redis nginx"]
    assert not [line for line in docker.commands if "exec -T db" in line]


@pytest.mark.parametrize("words", [["rotate-secrets", "db"], ["upgrade-postgres", "postgres:19"]])
def test_what_is_done_there_is_refused_here(
    elsewhere: Stack, docker: Docker, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(words) == REFUSED
    assert "PostgreSQL is elsewhere" in capsys.readouterr().err


def test_the_compose_file_is_the_one_that_is_there(elsewhere: Stack) -> None:
    root = Path(__file__).parents[3]
    assert all((root / name).exists() for name in FILES.split(":"))

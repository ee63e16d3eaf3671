"""scripts/stack.sh from its command line: what each verb runs, its lock, its exit status."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ops.deploy import lock
from ops.deploy.site import Site
from ops.errors import DONE, FAILED, LOCKED, REFUSED, WRONG_USAGE
from ops.stack import command
from ops.stack.stack import Stack
from tests.ops.deploy.conftest import Docker

CONTAINER = {"State": "running", "Health": "healthy", "Image": "x:one"}
SERVICES = ("db", "redis", "nginx", "worker", "scheduler", "web_blue")
HEALTH = {"problems": [], "newest": {"id": "20260101T030000Z", "age_seconds": 7200}}


class BecameError(Exception):
    """In place of becoming another program."""


@pytest.fixture
def run(production: Stack, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a production, which is where we are."""
    monkeypatch.chdir(production.site.root)
    return production.site.root


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    words: list[str] = []

    def become(_: str, command: Sequence[str], __: object) -> None:
        words.extend(command)
        raise BecameError

    monkeypatch.setattr(os, "execvpe", become)
    return words


def as_compose_tells(*services: str, **changed: str) -> str:
    lines = [{"Service": name, "Name": f"x-{name}-1", **CONTAINER, **changed} for name in services]
    return "\n".join(json.dumps(line) for line in lines)


def test_a_status_in_which_all_is_well(run: Path, docker: Docker, capsys: pytest.CaptureFixture[str]) -> None:
    Site(root=run).change(USE_TLS="false")
    docker.answers |= {"--format json": as_compose_tells(*SERVICES, "backup"), "ops.service status": json.dumps(HEALTH)}
    assert command.main(["status"]) == DONE
    shown = capsys.readouterr().out
    assert "serving      version one (blue)\n" in shown
    assert "20260101T030000Z, restored and compared, 2.0 h old" in shown
    assert "closed" not in shown
    assert command.main(["status", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert found["serving"] == {"colour": "blue", "version": "one"}
    assert (found["problems"], found["certificate"]) == ([], {})


def test_a_status_tells_what_is_not_well(run: Path, docker: Docker, capsys: pytest.CaptureFixture[str]) -> None:
    Site(root=run).change(HTTPS_PORT="1")
    docker.answers |= {
        "--format json": f"{as_compose_tells(*SERVICES[:4])}\n{as_compose_tells('web_blue', Health='unhealthy')}",
        "maintenance.on": "2026-11-25T12:00:00Z\n10.0.0.7",
    }
    assert command.main(["status"]) == FAILED
    shown = capsys.readouterr().out
    assert "closed since 2026-11-25T12:00:00Z, but for 10.0.0.7: scripts/stack.sh maintenance off" in shown
    for problem in (
        "scheduler does not run",
        "x-web_blue-1 is unhealthy",
        "backup: the backup service does not run",
        "certificate: cannot be had of nginx: ",
    ):
        assert f"not well: {problem}" in shown


@pytest.mark.parametrize(("service", "expected"), [("backup", DONE), ("web_blue", FAILED), ("worker", FAILED)])
def test_a_backup_service_that_is_starting_is_well(service: str, expected: int, run: Path, docker: Docker) -> None:
    Site(root=run).change(USE_TLS="false")
    others = [name for name in (*SERVICES, "backup") if name != service]
    docker.answers |= {
        "--format json": f"{as_compose_tells(*others)}\n{as_compose_tells(service, Health='starting')}",
        "ops.service status": json.dumps(HEALTH),
    }
    assert command.main(["status"]) == expected


def test_the_other_colour_may_be_stopped(run: Path, docker: Docker, capsys: pytest.CaptureFixture[str]) -> None:
    Site(root=run).change(USE_TLS="false")
    other = as_compose_tells("web_green", State="exited", Health="unhealthy")
    docker.answers |= {
        "--format json": f"{as_compose_tells(*SERVICES, 'backup')}\n{other}",
        "ops.service status": json.dumps(HEALTH),
    }
    assert command.main(["status"]) == DONE
    assert "web_green  exited" in capsys.readouterr().out


def test_logs_of_web_are_those_of_the_colour_that_serves(run: Path, became: list[str]) -> None:
    with pytest.raises(BecameError):
        command.main(["logs", "web", "--follow", "--since", "10m", "--tail", "5"])
    assert became[-7:] == ["logs", "--tail", "5", "--follow", "--since", "10m", "web_blue"]


def test_a_shell_is_django_s_where_the_site_is_served(run: Path, became: list[str]) -> None:
    with pytest.raises(BecameError):
        command.main(["shell", "-c", "print(1)"])
    assert became[-8:] == ["exec", "-T", "web_blue", "python", "manage.py", "shell", "-c", "print(1)"]


def test_in_development_compose_finds_its_files_by_itself(
    development: Stack, became: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(development.site.root)
    with pytest.raises(BecameError):
        command.main(["logs", "web"])
    assert became == ["docker", "compose", "logs", "--tail", "100", "web"]


def test_maintenance_is_a_file_for_nginx_and_one_for_each_address(
    run: Path, docker: Docker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["maintenance", "on", "--allow", "203.0.113.7", "--allow", "2001:DB8::1"]) == DONE
    assert docker.commands[-1].endswith("maintenance 203.0.113.7 2001:db8::1")
    assert capsys.readouterr().out.startswith("Closed: everybody but 203.0.113.7, 2001:db8::1 is told to come back")
    assert command.main(["maintenance", "off"]) == DONE
    assert "rm -rf" in docker.commands[-1]


def test_a_network_is_no_address(run: Path, docker: Docker, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["maintenance", "on", "--allow", "10.0.0.0/8"]) == WRONG_USAGE
    assert docker.order("maintenance.on") == []
    assert "One address, not a network" in capsys.readouterr().err


def test_without_nginx_there_is_nothing_to_close(run: Path, docker: Docker) -> None:
    docker.answers["--services --status running"] = "db"
    assert command.main(["maintenance", "on"]) == REFUSED


@pytest.mark.parametrize("words", [["scale", "web=2"], ["maintenance", "on"]])
def test_a_deploy_keeps_changes_out(run: Path, docker: Docker, words: list[str]) -> None:
    with lock.held(run / ".deploy", what="deploy", say=lambda _: None):
        assert command.main(words) == LOCKED
    assert docker.order("--no-recreate", "maintenance.on") == []

"""What is waited for, and what no more: a container that has ended or keeps ending, one that is unhealthy, one that takes too long."""

from typing import Any

import pytest

from ops.deploy import healthy
from ops.deploy.commands import Commands
from ops.deploy.hands import Hands
from ops.deploy.site import Site
from ops.errors import OperatorError
from tests.ops.deploy.conftest import Docker, inspected

WEB = "web_green"
STARTING: dict[str, Any] = {"Health": {"Status": "starting", "Log": [{"Output": "no answer:\n  refused\n"}]}}
RESTARTING: dict[str, Any] = {"Status": "restarting", "ExitCode": 3, **STARTING}
LOGS = "logs --no-color --no-log-prefix --tail 15"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(healthy, "PAUSE_SECONDS", 0)


def wait(site: Site, *services: str, seconds: float = 60) -> None:
    hands = Hands(environment={}, is_dry_run=False, say=lambda _: None)
    commands = Commands(compose=site.compose, project=site.project)
    healthy.wait(hands, commands, *services, seconds=seconds, what="start it", hint="Look.")


def refusal(site: Site, *services: str, seconds: float = 60) -> str:
    with pytest.raises(OperatorError) as failed:
        wait(site, *services, seconds=seconds)
    return str(failed.value.args[0])


def test_it_waits_until_each_container_is_healthy(site: Site, docker: Docker) -> None:
    one, two = inspected(WEB), inspected(WEB, number=2)
    late = inspected(WEB, number=2, **STARTING)
    docker.looks = [f"{one}\n{late}", f"{one}\n{late}", f"{one}\n{two}"]
    wait(site, WEB)
    assert len(docker.looks) == 1
    assert docker.order(LOGS) == []


def test_one_without_a_health_check_has_to_run(site: Site, docker: Docker) -> None:
    docker.looks = [inspected(WEB, Status="created", Health=None), inspected(WEB, Health=None)]
    wait(site, WEB)
    assert len(docker.looks) == 1


def test_one_that_keeps_ending_is_not_waited_for_and_its_log_is_told(site: Site, docker: Docker) -> None:
    worker = inspected("worker")
    docker.answers[f"{LOGS} {WEB}"] = "\x1b[2KTraceback\n\x1b[2KImportError: no module named nowhere\n"
    docker.looks = [f"{worker}\n{inspected(WEB, restarts=number, **RESTARTING)}" for number in range(9)]
    assert refusal(site, WEB, "worker") == (
        "Cannot start it: slipway-web_green-1 keeps ending: it was started again 2 times, the last time with status 3.\n"
        "Traceback\nImportError: no module named nowhere"
    )
    assert docker.order(LOGS) == [LOGS]


def test_one_that_ended_once_and_then_goes_is_well(site: Site, docker: Docker) -> None:
    docker.looks = [inspected(WEB, restarts=number, **STARTING) for number in range(2)]
    docker.looks.append(inspected(WEB, restarts=1))
    wait(site, WEB)


def test_what_ended_in_an_earlier_life_does_not_count(site: Site, docker: Docker) -> None:
    docker.looks = [inspected(WEB, restarts=9, **STARTING), inspected(WEB, restarts=10, **STARTING)]
    docker.looks.append(inspected(WEB, restarts=10))
    wait(site, WEB)


@pytest.mark.parametrize("state", ["exited", "dead"])
def test_one_that_has_ended_is_not_waited_for(site: Site, docker: Docker, state: str) -> None:
    docker.looks = [inspected(WEB, Status=state, ExitCode=137, **STARTING)]
    assert refusal(site, WEB) == "Cannot start it: slipway-web_green-1 has ended, with status 137."


def test_one_that_is_unhealthy_is_not_waited_for(site: Site, docker: Docker) -> None:
    docker.looks = [inspected(WEB, Health={"Status": "unhealthy", "Log": []})]
    assert refusal(site, WEB) == "Cannot start it: slipway-web_green-1 is unhealthy."


def test_one_that_takes_too_long_is_told_with_what_its_health_check_says(site: Site, docker: Docker) -> None:
    docker.looks = [inspected(WEB, **STARTING)]
    assert refusal(site, WEB, seconds=-1).startswith(
        'Cannot start it: slipway-web_green-1 did not become healthy within -1 s: its health check says "no answer: refused".'
    )


def test_where_there_is_no_container_nothing_is_waited_for(site: Site, docker: Docker) -> None:
    docker.looks = [inspected(WEB, one_off=True)]
    assert refusal(site, WEB) == "There is no container of web_green."


def test_one_that_goes_while_it_is_looked_at_is_no_failure(site: Site, docker: Docker) -> None:
    def gone() -> OperatorError:
        docker.failing.clear()
        return OperatorError("no such object", hint="")

    docker.failing["docker inspect"] = gone
    wait(site, WEB)
    assert docker.order("docker inspect") == ["docker inspect", "docker inspect"]

"""More and fewer of a service: what is run, in which order, and what is refused."""

import pytest

from ops.errors import REFUSED, WRONG_USAGE, OperatorError
from ops.stack import scale
from ops.stack.stack import Stack
from tests.ops.deploy.conftest import Docker, inspected

UP = "up -d --no-deps --no-recreate"


def have(docker: Docker, service: str, *numbers: int) -> None:
    """Have so many containers of a service, and one that `docker compose run` has made."""
    found = [inspected(service, number=number) for number in numbers]
    docker.looks = ["\n".join([inspected(service, number=0, one_off=True), *found])]


@pytest.fixture
def three(production: Stack, docker: Docker) -> Stack:
    """A production with three web servers."""
    have(docker, "web_blue", 1, 3, 2)
    return production


@pytest.mark.parametrize("text", ["web", "web=0", "web=51", "web=x", "db=2", "web=-1"])
def test_what_is_no_number_of_a_service_is_wrong_usage(text: str) -> None:
    with pytest.raises(OperatorError) as failed:
        scale.wish(text)
    assert failed.value.status == WRONG_USAGE


def test_the_colour_that_serves_is_scaled_and_the_number_kept(production: Stack, docker: Docker) -> None:
    have(docker, "web_blue", 1)
    assert scale.scale(production, name="web", number=3).startswith("web_blue: 3, before 1.")
    assert production.site.value("WEB_REPLICAS") == "3"
    assert docker.order(f"{UP} web_blue")
    assert docker.order("switch-upstream") == []


def test_nginx_asks_those_that_stay_before_one_goes_and_the_service_afterwards(three: Stack, docker: Docker) -> None:
    scale.scale(three, name="web", number=2)
    steps = (
        "switch-upstream slipway-web_blue-1:8000 slipway-web_blue-2:8000",
        "docker stop slipway-web_blue-3",
        "docker rm slipway-web_blue-3",
        "switch-upstream web_blue:8000",
        "--no-recreate",
    )
    assert docker.order(*steps) == list(steps)


def test_where_more_do_not_come_up_there_are_as_many_as_before(three: Stack, docker: Docker) -> None:
    have(docker, "web_blue", 1, 2)

    def failing() -> OperatorError:
        have(docker, "web_blue", 1, 3, 2)
        docker.failing.clear()
        return OperatorError("It is unhealthy", hint="Look.")

    docker.failing["--no-recreate"] = failing
    with pytest.raises(OperatorError, match="unhealthy"):
        scale.scale(three, name="web", number=3)
    assert three.site.value("WEB_REPLICAS") == "2"
    assert docker.order("docker rm") == ["docker rm"]
    assert any(line.endswith("docker stop slipway-web_blue-3") for line in docker.commands)


def test_more_than_postgresql_has_connections_for_is_refused(production: Stack, docker: Docker) -> None:
    with pytest.raises(OperatorError, match="takes up to 113 connections") as failed:
        scale.scale(production, name="web", number=5)
    assert failed.value.status == REFUSED
    assert production.site.value("WEB_REPLICAS") == ""


def test_a_worker_is_not_nginx_s_business(production: Stack, docker: Docker) -> None:
    have(docker, "worker", 1, 2)
    scale.scale(production, name="worker", number=1)
    assert docker.order("switch-upstream", "docker stop slipway-worker-2") == ["docker stop slipway-worker-2"]


def test_in_development_the_number_is_kept_in_an_env_file_that_is_made_for_it(
    development: Stack, docker: Docker
) -> None:
    have(docker, "web", 1)
    scale.scale(development, name="web", number=2)
    assert development.site.env_file.read_text() == "WEB_REPLICAS=2\n"
    assert docker.order(f"{UP} web")


def test_what_does_not_run_is_refused(production: Stack, docker: Docker) -> None:
    docker.answers["--services --status running"] = "db"
    with pytest.raises(OperatorError, match="web_blue does not run"):
        scale.scale(production, name="web", number=2)

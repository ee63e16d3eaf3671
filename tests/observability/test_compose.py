"""The profile `observability` and the files that it is given: that names, paths and ports of one are those of the other."""

import re
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from config.environment_values import ROOT

FOLDER = ROOT / "observability"
MOUNT = PurePosixPath("/etc/slipway")


def parsed(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = parsed("docker-compose.yml")["services"]
    return found


def here(path: str) -> bool:
    """Tell whether a path in the containers is one of the files that are mounted there."""
    return (FOLDER / PurePosixPath(path).relative_to(MOUNT)).exists()


@pytest.mark.parametrize("service", ["prometheus", "grafana"])
def test_both_see_the_files_and_can_change_none(services: dict[str, Any], service: str) -> None:
    assert f"./observability:{MOUNT}:ro" in services[service]["volumes"]
    assert services[service]["profiles"] == ["observability"]


def test_prometheus_asks_services_of_a_network_of_its_own_at_their_ports(services: dict[str, Any]) -> None:
    jobs = {
        job["job_name"]: job["dns_sd_configs"][0] for job in parsed("observability/prometheus.yml")["scrape_configs"]
    }
    # The colours are web in production's file, which tests/stack/test_production_file.py looks at.
    assert {name: (job["names"][0], job["port"]) for name, job in jobs.items()} == {
        "slipway": ("web", int(services["web"]["command"][-1])),
        "backup": ("backup", int(re.search(r"9\d{3}", services["web"]["environment"]["BACKUP_STATUS_URL"])[0])),  # type: ignore[index]
    }
    for job in jobs.values():
        assert set(services[job["names"][0]]["networks"]) & set(services["prometheus"]["networks"]) == {"data"}


def test_every_path_that_is_named_is_there(services: dict[str, Any]) -> None:
    environment = services["grafana"]["environment"]
    (provider,) = parsed("observability/grafana/provisioning/dashboards/dashboards.yml")["providers"]
    config = next(word.partition("=")[2] for word in services["prometheus"]["command"] if "--config.file" in word)
    named = [
        config,
        *parsed("observability/prometheus.yml")["rule_files"],
        environment["GF_PATHS_PROVISIONING"],
        environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"],
        provider["options"]["path"],
    ]
    assert [path for path in named if not here(path)] == []


def test_grafana_asks_prometheus_where_it_is(services: dict[str, Any]) -> None:
    (source,) = parsed("observability/grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert "http://127.0.0.1:9090/-/healthy" in services["prometheus"]["healthcheck"]["test"]
    assert set(services["grafana"]["networks"]) & set(services["prometheus"]["networks"]) == {"observability"}

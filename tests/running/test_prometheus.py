"""A real Prometheus asks the running system: every series that rules and dashboard name is there."""

import datetime
import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.environment_values import ROOT
from embedded.stack import Stack
from embedded.state import free_port
from ops.backup.drill import Drill
from ops.service import metrics
from ops.service.report import JobReport, NewestSet, Report
from ops.service.server import Server
from ops.service.state import Past
from tests.running.client import Person, wait_for

pytestmark = pytest.mark.prometheus

FOLDER = ROOT / "observability"
RULES = FOLDER / "rules.yml"

NAME = re.compile(r"\b(?:slipway|process)_[a-z_]+\b")
# The certificate is one of TLS, which this system is without: tests/operations and tests/stack look at it.
WITHOUT_TLS = "slipway_certificate_expiry_timestamp_seconds"


def report_of_everything() -> Report:
    now = datetime.datetime.now(tz=datetime.UTC)
    past = Past(succeeded=now, ended=now, seconds=1.0, runs=1)
    drill = Drill(id="x", at=now.isoformat(), target="file:///x", level=6, seconds=1.0)
    return Report(
        now=now,
        began=now,
        up_since=now,
        newest=NewestSet(id="x", at=now, level=5, bytes=1),
        offsite=now,
        sets=1,
        counting=1,
        bytes=1,
        free_bytes=9,
        drill=drill,
        jobs=[JobReport(name=name, title=name, line="", past=past, due=now) for name in ("db", "verify")],
    )


@pytest.fixture(scope="module")
def backup() -> Iterator[int]:
    server = Server(lambda _: (200, metrics.TYPE, metrics.as_text(report_of_everything(), ())), port=0)
    server.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def prometheus(stack: Stack, backup: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Prometheus as docker-compose.yml starts it, with our configuration but for how targets are found, which is Docker's."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    settings = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    settings["rule_files"] = [str(RULES)]
    for job, target in zip(settings["scrape_configs"], (stack.port, backup), strict=True):
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": [f"127.0.0.1:{target}"]}]
    del settings["alerting"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = ["prometheus", *options_in_compose(folder), f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def options_in_compose(folder: Path) -> list[str]:
    """Return Prometheus's options in docker-compose.yml, with places and defaults of this machine."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    words = "\n".join(services["prometheus"]["command"])
    for there, here in {"/etc/slipway": str(folder), "=/prometheus": f"={folder / 'data'}"}.items():
        assert there in words
        words = words.replace(there, here)
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", words).splitlines()


def ask(url: str, path: str, **query: str) -> Any:
    try:
        with urllib.request.urlopen(f"{url}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
            return json.loads(answer.read())["data"]
    except OSError:
        return None


def expressions() -> list[str]:
    dashboard = json.loads((FOLDER / "grafana" / "dashboards" / "slipway.json").read_text(encoding="utf-8"))
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [*shown, *(rule["expr"] for group in groups for rule in group["rules"])]


def test_every_series_that_is_named_is_there_and_every_rule_can_be_evaluated(prometheus: str, stack: Stack) -> None:
    with Person(stack) as person:
        assert person.post("{ __typename }").status_code == 200
        assert person.post("{ nothing }").status_code == 422
    named = {name for expression in expressions() for name in NAME.findall(expression)} - {WITHOUT_TLS}

    def missing() -> set[str]:
        found = ask(prometheus, "label/__name__/values") or []
        return named - set(found)

    deadline = time.monotonic() + 60
    while missing() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert missing() == set()
    wait_for(lambda: ask(prometheus, "query", query="sum(up) == 2")["result"], seconds=60)
    rules = wait_for(lambda: evaluated(prometheus), seconds=60)
    assert {rule["health"] for rule in rules} == {"ok"}


def evaluated(prometheus: str) -> list[dict[str, Any]]:
    """Return the rules, once each was evaluated."""
    rules = [rule for group in ask(prometheus, "rules")["groups"] for rule in group["rules"]]
    return rules if all(rule["health"] != "unknown" for rule in rules) else []


def test_it_is_healthy_where_compose_looks(prometheus: str) -> None:
    wait_for(lambda: ask(prometheus, "query", query="1"), seconds=60)
    with urllib.request.urlopen(f"{prometheus}/-/healthy", timeout=10) as answer:
        assert answer.status == 200


def test_every_expression_of_the_dashboard_can_be_evaluated(prometheus: str) -> None:
    wait_for(lambda: ask(prometheus, "query", query="1"), seconds=60)
    assert [expression for expression in expressions() if ask(prometheus, "query", query=expression) is None] == []

"""The alert rules: what promtool says of them, and that the runbook knows each."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.environment_values import ROOT

FOLDER = ROOT / "observability"
RULES = FOLDER / "rules.yml"
CASES = Path(__file__).parent / "rules.yml"
RUNBOOK = ROOT / "deployment instructions.md"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def cases() -> list[dict[str, Any]]:
    tests = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    return [case for test in tests for case in test["alert_rule_test"]]


def promtool(*arguments: str | Path) -> str:
    found = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


@pytest.mark.prometheus
def test_each_alert_is_raised_when_it_should_be_and_not_before(tmp_path: Path) -> None:
    (tmp_path / "rules_under_test.yml").write_text(RULES.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "cases.yml").write_text(CASES.read_text(encoding="utf-8"), encoding="utf-8")
    assert "SUCCESS" in promtool("test", "rules", tmp_path / "cases.yml")


@pytest.mark.prometheus
def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    text = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/slipway", str(FOLDER)), encoding="utf-8")
    promtool("check", "config", tmp_path / "prometheus.yml")


@pytest.mark.parametrize("alert", [rule["alert"] for rule in rules()])
def test_an_alert_has_a_case_in_which_it_is_raised_and_one_in_which_it_is_not(alert: str) -> None:
    assert {bool(case["exp_alerts"]) for case in cases() if case["alertname"] == alert} == {True, False}


def test_the_runbook_says_of_each_alert_what_it_means_and_what_to_do() -> None:
    section = RUNBOOK.read_text(encoding="utf-8").split("## What each alert means")[1].split("\n## ")[0]
    entries = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    assert [name for name, _, _ in entries] == [rule["alert"] for rule in rules()]
    assert all(len(meaning) > 20 and "`" in advice for _, meaning, advice in entries)


def test_each_alert_says_how_bad_it_is_and_what_it_is() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]


def test_the_dashboard_asks_the_source_that_is_provisioned() -> None:
    dashboard = json.loads((FOLDER / "grafana" / "dashboards" / "slipway.json").read_text(encoding="utf-8"))
    source = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8"))
    asked = {panel["datasource"]["uid"] for panel in dashboard["panels"] if panel["type"] != "row"}
    assert asked == {source["datasources"][0]["uid"]}

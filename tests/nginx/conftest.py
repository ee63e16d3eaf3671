"""nginx's image, built once, and the containers that most tests share."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nginx.containers import ROOT, Stack, docker, stack


@pytest.fixture(scope="session")
def image() -> Iterator[str]:
    """nginx's image under a tag of this run's own."""
    tag = f"slipway-test-nginx:{secrets.token_hex(4)}"
    docker("build", "--quiet", "--tag", tag, str(ROOT / "nginx"), timeout=300)
    yield tag
    docker("rmi", tag, check=False)


@pytest.fixture(scope="session")
def plain(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """nginx without TLS, as in development."""
    with stack(image, readable(tmp_path_factory.mktemp("plain"))) as started:
        yield started


def readable(folder: Path) -> Path:
    """Return the folder, open to the containers' users: pytest's are the owner's alone."""
    for each in (folder, folder.parent, folder.parent.parent):
        each.chmod(0o755)
    return folder

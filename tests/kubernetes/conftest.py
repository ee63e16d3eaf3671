"""What kustomize makes of kubernetes/, rendered once for the run."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.environment_values import ROOT

BIN = Path(sys.executable).parent
OVERLAYS = ("elsewhere", "production")
Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """The status of the look, what it said, and what was rendered, by the overlays' names."""

    status: int
    text: str
    rendered: dict[str, list[Document]]


@pytest.fixture(scope="session")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    folder = tmp_path_factory.mktemp("kubernetes")
    run = ["run", "--quiet", "--no-project", "--isolated", "--with-requirements", "requirements/kubernetes.txt"]
    found = subprocess.run(
        [BIN / "uv", *run, "python", "tests/kubernetes/look.py", folder],
        cwd=ROOT,
        env={**os.environ, "UV_SYSTEM_CERTS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    rendered = {path.stem: list(yaml.safe_load_all(path.read_text())) for path in sorted(folder.glob("*.yaml"))}
    return Looked(status=found.returncode, text=found.stdout + found.stderr, rendered=rendered)


@pytest.fixture(params=OVERLAYS)
def documents(request: pytest.FixtureRequest, looked: Looked) -> list[Document]:
    """One overlay's documents."""
    return looked.rendered[request.param]


@pytest.fixture
def one(looked: Looked) -> Callable[..., Document]:
    """Return what finds a document of an overlay."""

    def one(kind: str, name: str, *, overlay: str = "production") -> Document:
        return found(looked.rendered[overlay], kind, name)

    return one


def found(documents: list[Document], kind: str, name: str) -> Document:
    """Return the document of a kind and name; kustomize puts a hash behind what it has generated."""
    named = [
        each
        for each in documents
        if each["kind"] == kind
        and (each["metadata"]["name"] == name or each["metadata"]["name"].rpartition("-")[0] == name)
    ]
    assert len(named) == 1, (kind, name, [each["metadata"]["name"] for each in documents])
    return named[0]


def pods(documents: list[Document]) -> dict[str, Document]:
    """Return the template of every pod of ours, by the name of what makes it."""
    kinds = ("Deployment", "StatefulSet", "Job")
    return {each["metadata"]["name"]: each["spec"]["template"] for each in documents if each["kind"] in kinds}


def containers(pod: Document) -> list[Document]:
    """Return a pod's containers, those of its beginning first."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]

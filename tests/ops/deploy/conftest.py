"""A site in a folder, and hands that note what they are asked to run."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from config.environment_values import ROOT
from ops import door
from ops.deploy.commands import CONTAINER
from ops.deploy.site import Site
from ops.errors import OperatorError
from tests.ops.deploy.host import Host, front_door

HEALTHY = {"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}}


class Docker:
    """Stands for everything outside: notes each command, answers or fails by a word that is in it. All containers are healthy."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.answers: dict[str, str] = {}
        self.failing: dict[str, Callable[[], BaseException]] = {}
        self.looks: list[str] = []

    def run(self, command: Sequence[str], **_: object) -> str:
        """Take the place of `ops.door.run`."""
        line = " ".join(command)
        self.commands.append(line)
        for word, error in self.failing.items():
            if word in line:
                raise error()
        return next((answer for word, answer in self.answers.items() if word in line), self.containers(line))

    def containers(self, line: str) -> str:
        """Return what is said of containers, each of which has its service's name for an id; of anything else nothing.

        Where there are `looks`, each look sees the next of them, and all later ones the last.
        """
        if " ps --all -q " in line:
            return line.rpartition(" -q ")[2].replace(" ", "\n")
        _, _, services = line.partition(CONTAINER)
        if services and self.looks:
            return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return "\n".join(inspected(service) for service in services.split())

    def fail(self, word: str) -> None:
        """Have commands with this word fail."""
        self.failing[word] = lambda: OperatorError(f"Cannot {word}.", hint="Look.")

    def order(self, *words: str) -> list[str]:
        """Return which of the words the commands have, in the order of the commands."""
        return [word for line in self.commands for word in words if word in line]


def inspected(service: str, *, restarts: int = 0, one_off: bool = False, number: int = 1, **state: object) -> str:
    """Return what Docker says of a container."""
    found = {"name": f"/slipway-{service}-{number}", "service": service, "one_off": str(one_off), "restarts": restarts}
    return json.dumps(found | {"state": HEALTHY | state})


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Docker:
    found = Docker()
    monkeypatch.setattr(door, "run", found.run)
    return found


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with an env file in which blue serves."""
    root = tmp_path / "slipway"
    root.mkdir()
    text = (ROOT / ".env.prod").read_text(encoding="utf-8")
    (root / ".env.prod").write_text(text)
    (root / ".env").write_text(text)
    (root / ".env").chmod(0o600)
    (root / ".deploy").mkdir()
    found = Site(root=root)
    found.change(
        COMPOSE_PROFILES="blue,backup",
        WEB_BLUE_IMAGE="slipway-application:one",
        APPLICATION_IMAGE="slipway-application:one",
    )
    return found


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host on which blue serves."""
    with front_door(tmp_path / "bin" / "docker") as port:
        yield Host(tmp_path, port=port)

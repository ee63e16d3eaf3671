"""Where a production is: its folder, its env file, its files of state. Reads and writes the env file, runs nothing."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ops import env_file
from ops.backup import files
from ops.compose import Compose

COMPOSE_FILES = ("docker-compose.yml", "docker-compose.prod.yml")
ELSEWHERE_FILE = "docker-compose.database-elsewhere.yml"
REDIS_ELSEWHERE_FILE = "docker-compose.redis-elsewhere.yml"
COLOURS = ("blue", "green")
# What a command of Docker's needs. Nothing else reaches it: a variable of the shell would go before the env file's.
PASSED_ON = (
    "PATH", "HOME", "USER", "LANG", "TERM", "SSH_AUTH_SOCK", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT",
    "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Site:
    """One production. `root` is the project's folder."""

    root: Path

    @property
    def env_file(self) -> Path:
        """The environment of this production."""
        return self.root / ".env"

    @property
    def state(self) -> Path:
        """The folder with lock and history."""
        return self.root / ".deploy"

    @property
    def secrets(self) -> Path:
        """The folder with the secrets' files."""
        return self.root / "secrets"

    @property
    def is_set_up(self) -> bool:
        """Whether there is an env file."""
        return self.env_file.exists()

    def texts(self) -> dict[str, str]:
        """Return what the env file says, empty where there is none. Quotes around a value are taken off."""
        text = env_file.read(self.env_file) if self.is_set_up else ""
        found = re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE)
        return {name: unquoted(value.strip()) for name, value in found}

    def value(self, name: str, default: str = "") -> str:
        """Return one value of the env file; a default where it is not set or empty."""
        return self.texts().get(name) or default

    def change(self, **values: str) -> None:
        """Set values in the env file, all or none."""
        text = env_file.read(self.env_file)
        for name, value in values.items():
            text = env_file.with_value(text, name, value)
        with files.told("write", self.env_file):
            env_file.replace(self.env_file, text)

    @property
    def names(self) -> list[str]:
        """What the site is called, its main name first."""
        return self.value("SERVER_NAME", "localhost").split()

    @property
    def is_acme(self) -> bool:
        """Whether certbot keeps the certificate."""
        return self.is_tls and self.value("TLS_MODE") == "acme"

    @property
    def is_tls(self) -> bool:
        """Whether nginx serves over TLS."""
        return self.value("USE_TLS", "true").lower() in ("true", "1", "yes", "on")

    @property
    def healthy_seconds(self) -> float:
        """For how long to wait until what was started is healthy."""
        return float(self.value("DEPLOY_HEALTHY_SECONDS", "180"))

    @property
    def project(self) -> str:
        """What Docker calls the containers: as Compose makes it of the folder, where the env file does not say."""
        return self.value("COMPOSE_PROJECT_NAME") or re.sub(r"[^a-z0-9_-]", "", self.root.name.lower()).lstrip("_-")

    @property
    def compose(self) -> Compose:
        """The stack, for building command lines."""
        files = self.value("COMPOSE_FILE", ":".join(COMPOSE_FILES)).split(":")
        return Compose(env_file=self.env_file, files=[self.root / name for name in files])

    @property
    def has_own_database(self) -> bool:
        """Whether PostgreSQL is one of the containers."""
        return ELSEWHERE_FILE not in self.value("COMPOSE_FILE").split(":")

    @property
    def has_own_redis(self) -> bool:
        """Whether Redis is one of the containers."""
        return REDIS_ELSEWHERE_FILE not in self.value("COMPOSE_FILE").split(":")

    def present(self, services: Iterable[str]) -> tuple[str, ...]:
        """Return those of some services that there are."""
        away = {"db": not self.has_own_database, "redis": not self.has_own_redis}
        return tuple(name for name in services if not away.get(name))

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that commands run in."""
        passed = {name: os.environ[name] for name in (*PASSED_ON, *map(str.lower, PASSED_ON)) if name in os.environ}
        return {**passed, "COMPOSE_PROJECT_NAME": self.project}

    def image(self, version: str) -> str:
        """Return the application's image of a version."""
        return f"{self.project}-application:{version}"

    def version_of(self, colour: str) -> str:
        """Return the version that a colour was started with last, empty where it never was."""
        return self.value(f"WEB_{colour.upper()}_IMAGE").rpartition(":")[2]


def unquoted(value: str) -> str:
    """Return a value without its quotes, `$$` as a dollar sign."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1].replace("$$", "$") if value[0] == '"' else value[1:-1]
    return value.partition(" #")[0].rstrip().replace("$$", "$")


def other(colour: str) -> str:
    """Return the other colour."""
    return COLOURS[1 - COLOURS.index(colour)]

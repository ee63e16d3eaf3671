"""Reads the certbot service's settings from the environment, checked by the declaration in config/variables.py."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from config import served_certificate
from config.declaration import CERTBOT
from config.environment import Environment, examine
from config.variables import VARIABLES
from ops.errors import WRONG_USAGE, OperatorError
from ops.service import masking
from ops.service.telling.teller import Ways
from ops.service.telling.ways import ways

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things are in the container; its volumes are mounted there."""

    state: Path = Path("/var/lib/certbot")
    proofs: Path = Path("/srv/acme")
    issued: Path = Path("/srv/issued")
    nginx: tuple[str, int] = served_certificate.NGINX


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the service goes by: the names to certify, and the directory of who certifies them."""

    names: tuple[str, ...]
    server: str
    email: str
    ways: Ways
    mask: Callable[[str], str]
    log_level: str = "INFO"
    log_format: str = "json"
    places: Places = field(default_factory=Places)

    @property
    def folder(self) -> Path:
        """Certbot's own folder: one for each authority, so that staging's certificate is never taken for a real one."""
        parts = urlsplit(self.server)
        return self.places.state / re.sub(r"[^A-Za-z0-9.-]+", "_", parts.netloc + parts.path.rstrip("/"))

    @property
    def live(self) -> Path:
        """The folder with the pair that was issued last."""
        return self.folder / "live" / "site"

    @property
    def wish(self) -> str:
        """What is asked of whom: another one is asked for at once."""
        return " ".join((self.server, self.email, *self.names))


def read(environment: Mapping[str, str]) -> Settings:
    """Return the settings; raises OperatorError with all that is wrong."""
    values, problems = examine(environment)
    ours = [each for each in problems if CERTBOT in VARIABLES[each.name].services]
    if ours:
        told = "; ".join(f"{each.name} {each.message}" for each in ours)
        raise OperatorError(f"Refusing to start: {told}.", hint=ours[0].hint, status=WRONG_USAGE)
    env = Environment(values)
    return Settings(
        names=tuple(env.text("SERVER_NAME").split()),
        server=env.text("ACME_SERVER") or (STAGING if env.flag("ACME_STAGING") else LETS_ENCRYPT),
        email=env.text("ACME_EMAIL"),
        ways=ways(env),
        mask=masking.mask(environment),
        log_level=env.text("LOG_LEVEL"),
        log_format=env.text("LOG_FORMAT"),
    )

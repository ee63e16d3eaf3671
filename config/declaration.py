"""What a variable's declaration says: the words that config.variables is written in. Declares none itself."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "flag", "number", "items", "path"]
Form = Literal[
    "plain",
    "postgres",
    "redis",
    "bucket",
    "email",
    "http",
    "any http",
    "host",
    "hosts",
    "host and port",
    "origin",
    "time zone",
    "language",
    "cron",
    "compression",
    "age recipient",
    "address path",
    "email address",
    "network",
    "memory size",
    "PostgreSQL size",
    "Redis size",
    "image",
    "word",
]

WEB, WORKER, SCHEDULER, DB, REDIS, NGINX, BACKUP, RESTORE, CERTBOT, PROMETHEUS, GRAFANA = (
    "web",
    "worker",
    "scheduler",
    "db",
    "redis",
    "nginx",
    "backup",
    "restore",
    "certbot",
    "prometheus",
    "grafana",
)
COMPOSE = "Compose"  # what docker-compose.yml itself is made of: no container sees it
SERVICES = frozenset({WEB, WORKER, SCHEDULER, DB, REDIS, NGINX, BACKUP, RESTORE, CERTBOT, PROMETHEUS, GRAFANA, COMPOSE})
APPLICATION = (WEB, WORKER, SCHEDULER)

KIB = 1024
MIB = 1024 * KIB
DAY_SECONDS = 86_400
YEAR_SECONDS = 365 * DAY_SECONDS


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable. `default` None means required, "" means that it may stay empty, as `may_be_empty` does for another default.

    `development` is its value in `.env.example` (None: the default), `example` its value in `.env.prod` (None: the default).
    `minimum` and `maximum` bound a number; `form` is what a text, or each of its items, has to parse as; `services` may see it.
    `made_from` names the variable out of which Docker Compose makes this one, where it is not set.
    """

    name: str
    purpose: str
    kind: Kind = "text"
    default: str | None = ""
    development: str | None = None
    example: str | None = None
    form: Form = "plain"
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    may_be_empty: bool = False
    is_secret: bool = False
    is_left_to_run: bool = False
    made_from: str = ""
    services: tuple[str, ...] = APPLICATION

    @property
    def is_required(self) -> bool:
        """Whether a start without it is refused."""
        return self.default is None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Variables that belong together, under a title."""

    title: str
    variables: tuple[Variable, ...]


def flag(
    name: str,
    purpose: str,
    *,
    default: bool = False,
    development: bool | None = None,
    services: tuple[str, ...] = APPLICATION,
) -> Variable:
    """Declare a variable that is true or false."""
    return Variable(
        name=name,
        purpose=purpose,
        kind="flag",
        default=str(default).lower(),
        development=None if development is None else str(development).lower(),
        services=services,
    )


def number(
    name: str,
    purpose: str,
    *,
    default: int,
    development: int | None = None,
    minimum: int = 0,
    maximum: int,
    services: tuple[str, ...] = APPLICATION,
) -> Variable:
    """Declare a variable that is a whole number."""
    return Variable(
        name=name,
        purpose=purpose,
        kind="number",
        default=str(default),
        development=None if development is None else str(development),
        minimum=minimum,
        maximum=maximum,
        services=services,
    )


def image(name: str, default: str, what_for: str) -> Variable:
    """Declare the name of somebody else's image: a private registry or a mirror is one line."""
    return Variable(
        name=name,
        purpose=f"The image of {what_for}.",
        default=default,
        form="image",
        services=(COMPOSE,),
    )


def memory(name: str, default: str, whose: str) -> Variable:
    """Declare the most memory that a container may use."""
    return Variable(
        name=name, purpose=f"The most memory of {whose}.", default=default, form="memory size", services=(COMPOSE,)
    )

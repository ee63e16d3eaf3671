"""The servers that are asked, as data: what each is called, its command, its environment and its requests. Starts none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers import documents, installing
from benchmarks.peers.data import Data, cursor
from benchmarks.peers.documents import Asks
from embedded.stack import web_command

PEERS = "benchmarks.peers"


@dataclass(frozen=True, kw_only=True)
class Server:
    """`command` makes the command of a port, and of the folder that the peer was installed into, named `folder`.

    `shares` is the key of another whose process it is; nginx may stand before it.
    """

    key: str
    title: str
    asks: Callable[[Data], Asks]
    command: Callable[[int, Path], list[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    is_signed_in: bool = False
    shares: str = ""
    is_behind_nginx: bool = False

    @property
    def is_a_variant(self) -> bool:
        """Whether it differs from the one that it stands beside in how queries are asked or answered, and not in the server."""
        return bool(self.shares) or "GRAPHQL_PLANS" in self.environment

    @property
    def is_ours(self) -> bool:
        """Whether it is what this repository makes."""
        return self.key.startswith("slipway")


def ours(data: Data) -> Asks:
    """Return the questions to ourselves."""
    return documents.slipway(cursor=cursor(data.search_after), titles=data.titles)


def our_command(port: int, _folder: Path) -> list[str]:
    """Return production's command."""
    return web_command(port)


def slipway(
    key: str,
    title: str,
    *,
    is_signed_in: bool = False,
    is_behind_nginx: bool = False,
    shares: str = "",
    **environment: str,
) -> Server:
    """Return ourselves as production runs, with limits that are reckoned with and never reached."""
    return Server(
        key=key,
        title=title,
        asks=ours,
        command=our_command,
        environment=PRODUCTION | environment,
        is_signed_in=is_signed_in,
        is_behind_nginx=is_behind_nginx,
        shares=shares,
    )


# What is not named here is production's default.
PRODUCTION = {
    "ENV_FILE": "",
    "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
    "SITE_URL": "http://127.0.0.1",
    "GRAPHQL_MAX_PAGE_SIZE": "1000",
    "GRAPHQL_MAX_SUBSCRIPTIONS": "10000",
    "GRAPHQL_RATE_PER_MINUTE": "1000000000",
    "ASGI_SERVER": "uvicorn",
}


def uvicorn(application: str) -> Callable[[int, Path], list[str]]:
    """Return how uvicorn serves a peer, with its fast loop and parser and without a log."""

    def command(port: int, folder: Path) -> list[str]:
        options = [
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--loop",
            "uvloop",
            "--http",
            "httptools",
            "--no-access-log",
        ]
        return [
            str(folder / "bin" / "python"),
            "-m",
            "uvicorn",
            application,
            "--log-level",
            "warning",
            "--lifespan",
            "off",
            *options,
        ]

    return command


def gunicorn(port: int, folder: Path) -> list[str]:
    """Return how gunicorn serves a peer that is synchronous."""
    options = [
        "--workers",
        "1",
        "--threads",
        "4",
        "--worker-class",
        "gthread",
        "--keep-alive",
        "60",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    return [
        str(folder / "bin" / "python"),
        "-m",
        "gunicorn",
        f"{PEERS}.tables.wsgi:application",
        "--log-level",
        "warning",
        *options,
    ]


def postgraphile(_port: int, folder: Path) -> list[str]:
    """Return PostGraphile's command."""
    program = folder / "node_modules" / "postgraphile" / "dist" / "cli-run.js"
    return [installing.node(folder), str(program), "-C", str(folder / "graphile.config.mjs")]


def on_django(urls: str, *, applications: str = "", pool: str = "yes") -> dict[str, str]:
    """Return the environment of a peer on Django."""
    return {
        "DJANGO_SETTINGS_MODULE": f"{PEERS}.tables.settings",
        "PEER_URLCONF": f"{PEERS}.{urls}",
        "PEER_APPS": applications,
        "PEER_POOL": pool,
    }


SERVERS = (
    slipway("slipway", "Slipway, uvicorn"),
    slipway("slipway-signed-in", "Slipway, uvicorn, signed in", is_signed_in=True, shares="slipway"),
    slipway("slipway-nginx", "Slipway, uvicorn, nginx with TLS", is_behind_nginx=True, shares="slipway"),
    slipway("slipway-daphne", "Slipway, daphne", ASGI_SERVER="daphne"),
    slipway("slipway-granian", "Slipway, granian", ASGI_SERVER="granian"),
    slipway("slipway-executor", "Slipway, uvicorn, plans off", GRAPHQL_PLANS="false"),
    Server(
        key="postgraphile",
        title="PostGraphile 5",
        asks=lambda data: documents.postgraphile(titles=data.titles),
        command=postgraphile,
        environment={"NODE_ENV": "production", "GRAPHILE_ENV": "production"},
        folder="postgraphile",
    ),
    Server(
        key="view",
        title="Django view by hand, asynchronous, orjson",
        asks=lambda data: documents.view(titles=data.titles),
        command=uvicorn(f"{PEERS}.tables.asgi:application"),
        environment=on_django("view.urls"),
        folder="view",
    ),
    Server(
        key="strawberry-best",
        title="strawberry-django, best settings",
        asks=lambda data: documents.strawberry("/best", titles=data.titles),
        command=uvicorn(f"{PEERS}.tables.asgi:application"),
        environment=on_django("strawberry_django.urls", applications="strawberry_django"),
        folder="strawberry_django",
    ),
    Server(
        key="strawberry",
        title="strawberry-django, as documented",
        asks=lambda data: documents.strawberry("/graphql", titles=data.titles),
        command=uvicorn(f"{PEERS}.tables.asgi:application"),
        environment=on_django("strawberry_django.urls", applications="strawberry_django"),
        folder="strawberry_django",
    ),
    Server(
        key="graphene",
        title="graphene-django, joins by hand",
        asks=lambda data: documents.by_hand("UUID", titles=data.titles),
        command=gunicorn,
        environment=on_django("graphene_django.urls", applications="graphene_django", pool=""),
        folder="graphene_django",
    ),
    Server(
        key="ariadne",
        title="Ariadne, joins by hand",
        asks=lambda data: documents.by_hand("ID", titles=data.titles),
        command=uvicorn(f"{PEERS}.ariadne.asgi:application"),
        environment=on_django("view.urls"),
        folder="ariadne",
    ),
)
SERVERS_BY_KEY = {each.key: each for each in SERVERS}

"""Two stacks of containers: development's as a newcomer has it, and one like production's, over TLS."""

import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from secrets import token_urlsafe

import pytest

from tests.ops.backup.target_servers import RCLONE
from tests.running.client import Person
from tests.stack.certificates import make_certificate
from tests.stack.compose import Compose
from tests.stack.site import Production

PRODUCTION = Path(__file__).parent / "production.yml"
BUCKET = Path(__file__).parent / "bucket.yml"
SECRETS = ("DJANGO_SECRET_KEY", "DB_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "MEDIA_STORAGE_SECRET_ACCESS_KEY")
# What gives development other passwords, and what ends it: the others have had it by then, and nothing has to be put back.
LAST = ("::test_new_passwords_are_in_the_servers_and_in_the_file_and_all_goes_on", "/test_documents.py::")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what is last behind the other tests of this folder."""
    places = [place for place, item in enumerate(items) if item.path.parent == PRODUCTION.parent]
    ordered = sorted(
        (items[place] for place in places), key=lambda item: [words in item.nodeid for words in LAST[::-1]]
    )
    for place, item in zip(places, ordered, strict=True):
        items[place] = item


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that containers' users may look into; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-stack-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def development(open_folder: Path) -> Iterator[Compose]:
    """What `docker compose up -d --wait` starts in a fresh clone."""
    yield from running(Compose(open_folder / "development"))


@pytest.fixture(scope="session")
def certificates(open_folder: Path) -> Path:
    """A folder with a certificate for localhost and its key, as TLS_FOLDER names one."""
    return make_certificate(open_folder / "tls")


@pytest.fixture(scope="session")
def trust(certificates: Path) -> ssl.SSLContext:
    """What trusts the certificate and nothing else."""
    return ssl.create_default_context(cafile=certificates / "fullchain.pem")


@pytest.fixture(scope="session")
def production(open_folder: Path, certificates: Path) -> Iterator[Compose]:
    """The stack as production runs it: the image's own code, TLS, secrets of its own, media in a bucket."""
    stack = Compose(
        open_folder / "production",
        files=(PRODUCTION, BUCKET),
        TLS_FOLDER=str(certificates),
        USE_TLS="true",
        SECURE_PROXY_SSL_HEADER="true",
        SESSION_COOKIE_SECURE="true",
        CSRF_COOKIE_SECURE="true",
        SECURE_HSTS_SECONDS="3600",
        DJANGO_DEBUG="false",
        LOAD_DEMO="false",
        GRAPHIQL="false",
        GRAPHQL_INTROSPECTION="false",
        GRAPHQL_SHARED_CACHE="true",
        SHUTDOWN_TIMEOUT_SECONDS="15",
        NGINX_RATE_PER_SECOND="1000",
        NGINX_RATE_BURST="1000",
        MEDIA_STORAGE_URL="s3://media/site?endpoint=http://s3:9000",
        MEDIA_STORAGE_ACCESS_KEY_ID="ada",
        RCLONE=RCLONE,
        **{name: token_urlsafe(48) for name in SECRETS},
    )
    yield from running(stack)


@pytest.fixture(scope="session")
def deployed(open_folder: Path, certificates: Path) -> Iterator[Production]:
    """What the first deploy on a bare host has made, by the runbook's words."""
    made = Production(open_folder / "deployed")
    try:
        rates = {"NGINX_RATE_PER_SECOND": "5000", "NGINX_RATE_BURST": "5000", "GRAPHQL_RATE_PER_MINUTE": "1000000"}
        made.prepare(TLS_MODE="files", TLS_FOLDER=str(certificates), COMPOSE_PROFILES="", **rates)
        made.by_the_runbook("First deploy", first=1)
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="session")
def person(deployed: Production, trust: ssl.SSLContext) -> Iterator[Person]:
    """Somebody with a session there, which outlives every deploy."""
    with Person(deployed, trust=trust) as found:
        found.sign_up("ada@example.com")
        yield found


def running(stack: Compose) -> Iterator[Compose]:
    """Start a stack, hand it out, and remove all of it."""
    try:
        stack.up()
        yield stack
    finally:
        stack.down()

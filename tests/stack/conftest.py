"""Two stacks of containers: development's as a newcomer has it, and one like production's, over TLS."""

import datetime
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from secrets import token_urlsafe

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.stack.compose import Compose

PRODUCTION = Path(__file__).parent / "production.yml"
SECRETS = ("DJANGO_SECRET_KEY", "DB_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD")


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
    folder = open_folder / "tls"
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(tz=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(encoding))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "privkey.pem").chmod(0o644)  # nginx is user 101; on a real host the file is given to it
    return folder


@pytest.fixture(scope="session")
def trust(certificates: Path) -> ssl.SSLContext:
    """What trusts the certificate and nothing else."""
    return ssl.create_default_context(cafile=certificates / "fullchain.pem")


@pytest.fixture(scope="session")
def production(open_folder: Path, certificates: Path) -> Iterator[Compose]:
    """The stack as production runs it: the image's own code, TLS, secrets of its own."""
    stack = Compose(
        open_folder / "production",
        files=(PRODUCTION,),
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
        SHUTDOWN_TIMEOUT_SECONDS="15",
        NGINX_RATE_PER_SECOND="1000",
        NGINX_RATE_BURST="1000",
        **{name: token_urlsafe(48) for name in SECRETS},
    )
    yield from running(stack)


def running(stack: Compose) -> Iterator[Compose]:
    """Start a stack, hand it out, and remove all of it."""
    try:
        stack.up()
        yield stack
    finally:
        stack.down()

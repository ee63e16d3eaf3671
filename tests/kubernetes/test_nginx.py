"""Our nginx with the configuration that Kubernetes gives it, with names such as a cluster has, and a certificate as one mounts it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.kubernetes.conftest import Looked, found
from tests.nginx.conftest import image, readable
from tests.nginx.containers import Stack, docker, fill

__all__ = ["image"]

pytestmark = pytest.mark.stack

SERVICE, NAMES = "web.slipway.svc.cluster.local", "kube-dns.kube-system.svc.cluster.local"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def nginx(
    image: str, looked: Looked, authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    data = found(looked.rendered["production"], "ConfigMap", "configuration")["data"]
    folder = readable(tmp_path_factory.mktemp("pod"))
    made = Stack(image, folder, {**data, "SERVER_NAME": "localhost"}, hosts=[f"{NAMES}:127.0.0.11"])
    try:
        docker("network", "create", made.name)
        made.start_stub(name=SERVICE)
        fill(made)
        mount(made.made("issued"), authority, "first")
        made.start_nginx()
        made.wait()
        yield made
    finally:
        made.remove()


def mount(folder: Path, authority: trustme.CA, name: str) -> None:
    """Lay a pair as Kubernetes mounts a Secret, and changes one: a folder, and a link that is renamed over the one before."""
    own = folder / f"..{name}" / "current"
    own.mkdir(parents=True)
    pair = authority.issue_cert("localhost")
    own.joinpath("fullchain.pem").write_bytes(b"".join(each.bytes() for each in pair.cert_chain_pems))
    own.joinpath("privkey.pem").write_bytes(pair.private_key_pem.bytes())
    for path in (own.parent, own, *own.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (folder / "..next").symlink_to(own.parent.name)
    (folder / "..next").rename(folder / "..data")
    if not (folder / "current").is_symlink():
        (folder / "current").symlink_to("..data/current")


def test_it_finds_the_application_by_the_service_s_name_and_shows_the_secret_s_certificate(
    nginx: Stack, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    answer = nginx.get("/graphql", trusted=tmp_path / "ca.pem")
    assert (answer.status, answer.header("Strict-Transport-Security")) == (200, "max-age=3600; includeSubDomains")
    assert nginx.get("/static/app.0123456789ab.js", trusted=tmp_path / "ca.pem").status == 200
    assert nginx.get("/graphql", headers={"Host": "localhost"}).header("Location") == "https://localhost/graphql"


def test_it_takes_a_renewed_one_without_a_restart(nginx: Stack, authority: trustme.CA) -> None:
    mount(nginx.made("issued"), authority, "second")
    nginx.wait_for_log("The certificate that was issued is in use")

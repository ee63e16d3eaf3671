"""`make walk`: the runbook's words on bare hosts, with the seconds: first deploy, a new major of PostgreSQL and back, another host.

It takes minutes, so it is no test; it fails as one. What it starts it removes.
"""

import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.pictures import picture
from tests.running.client import PASSWORD, Person, wait_for
from tests.stack.site import Production

NEW_IMAGE, OLD_MAJOR = "postgres:18", 17
# What the older major has not, and our tables ask for.
UUIDV7 = "CREATE FUNCTION uuidv7() RETURNS uuid LANGUAGE sql RETURN gen_random_uuid()"
# The layout of the newer image with the older major's programs: from where the image has them, or from Debian's stable.
OLD_IMAGE = f"""
FROM {NEW_IMAGE}
USER 0:0
RUN . /etc/os-release \
 && for from in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do \
      [ ! -s $from ] || sed "s/$VERSION_CODENAME/trixie/g" $from >/etc/apt/sources.list.d/walk-${{from##*/}}; done \
 && apt-get update -qq \
 && apt-get install -yqq --no-install-recommends postgresql-{OLD_MAJOR} \
 && echo "listen_addresses = '*'" >>/usr/share/postgresql/{OLD_MAJOR}/postgresql.conf.sample \
 && rm -rf /var/lib/apt/lists/* /etc/apt/sources.list.d/walk-* \
 && echo 'psql -U postgres -d template1 -c "{UUIDV7}"' >/docker-entrypoint-initdb.d/00-uuidv7.sh
ENV PG_MAJOR={OLD_MAJOR} PGDATA=/var/lib/postgresql/{OLD_MAJOR}/docker
ENV PATH=/usr/lib/postgresql/{OLD_MAJOR}/bin:/usr/local/bin:/usr/bin:/bin
"""
MAJOR, MOVING = "A new major of PostgreSQL", "Moving to another host"
RENDITIONS = "query($i: ID!) { album(id: $i) { photos(first: 1) { edges { node { renditions { url } } } } } }"
VERSION = "SHOW server_version_num"


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say how long something took."""
    began = time.monotonic()
    yield
    sys.stdout.write(f"{time.monotonic() - began:7.1f} s  {what}\n")
    sys.stdout.flush()


def trust_of(made: Production) -> ssl.SSLContext:
    """Return what trusts the certificate that nginx has made for itself, and nothing else."""
    path = "/etc/nginx/conf.d/selfsigned/fullchain.pem"
    return ssl.create_default_context(cadata=made.compose("exec", "-T", "nginx", "cat", path))


def first_deploy(made: Production, *, image: str) -> None:
    """From a clone to an answer over TLS."""
    with told("a bare host: from the clone to the answer of a query over TLS"):
        made.prepare(POSTGRES_IMAGE=image)
        made.by_the_runbook("First deploy", first=1)
        with Person(made, trust=trust_of(made)) as person:
            assert person.ask("{ __typename }") == {"__typename": "Query"}


def major(made: Production) -> int:
    """Return PostgreSQL's major."""
    found = made.compose("exec", "-T", "db", "psql", "-U", "postgres", "-Atc", VERSION)
    return int(found) // 10_000


def filled(made: Production) -> str:
    """Have somebody put something in; return the album."""
    with Person(made, trust=trust_of(made)) as person:
        person.sign_up("ada@example.com")
        album = person.create_album()
        assert person.upload(album, picture())["errors"] == []
        wait_for(lambda: renditions(person, album))
    return album


def insist_on(made: Production, album: str) -> None:
    """Insist that it is there, with its picture."""
    with Person(made, trust=trust_of(made)) as person:
        login = "mutation($i: LoginInput!) { login(input: $i) { viewer { id } } }"
        person.ask(login, i={"email": "ada@example.com", "password": PASSWORD})
        found = renditions(person, album)
        assert found
        for rendition in found:
            assert person.http.get(rendition["url"]).status_code == httpx.codes.OK


def renditions(person: Person, album: str) -> list[dict[str, str]]:
    """Return where an album's first picture is."""
    (edge,) = person.ask(RENDITIONS, i=album)["album"]["photos"]["edges"]
    found: list[dict[str, str]] = edge["node"]["renditions"]
    return found


def another_major(made: Production, album: str) -> None:
    """Upgrade, write, and go back."""
    with told(f"PostgreSQL {OLD_MAJOR} to {NEW_IMAGE}, and a look before"):
        sys.stdout.write(made.by_the_runbook(MAJOR, last=1, replaced={"postgres:19": NEW_IMAGE}))
    assert major(made) > OLD_MAJOR
    insist_on(made, album)
    with told(f"and back to {OLD_MAJOR}"):
        sys.stdout.write(made.by_the_runbook(MAJOR, first=1))
    assert major(made) == OLD_MAJOR
    insist_on(made, album)


def another_host(old: Production, new: Production, album: str) -> None:
    """Move to another clone, which stands for another host."""
    with told("closing the old host, and packing"):
        old.by_the_runbook(MOVING, last=2)
    archives = [path.rename(new.folder.parent / path.name) for path in old.folder.parent.glob("slipway-*.tar")]
    assert len(archives) == len(["site", "backups", "media"])
    with told("the new host, from the archives to its status"):
        new.by_the_runbook(MOVING, first=2, last=3)
        new.site.change(**new.own(), POSTGRES_VOLUME=f"{new.project}_postgres_data")  # two hosts would have the same
        sys.stdout.write(new.by_the_runbook(MOVING, first=3))
    insist_on(new, album)


def main() -> int:
    """Walk."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-walk-"))
    folder.chmod(0o755)
    image = f"{folder.name}:{OLD_MAJOR}"
    one, two = Production(folder / "one"), Production(folder / "two")
    try:
        with told(f"an image with PostgreSQL {OLD_MAJOR}"):
            subprocess.run(["docker", "build", "-q", "-t", image, "-"], input=OLD_IMAGE, text=True, check=True)
        first_deploy(one, image=image)
        album = filled(one)
        with told("what an operator does between deploys, a thief's key among it, and a deploy with an interruption"):
            sys.stdout.write(one.by_the_runbook("Between deploys", last=1))
            sys.stdout.write(one.by_the_runbook("Rotating secrets", first=1))
            sys.stdout.write(one.by_the_runbook("Every later deploy", first=2))
        another_major(one, album)
        another_host(one, two, album)
    finally:
        one.remove()
        two.remove()
        subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

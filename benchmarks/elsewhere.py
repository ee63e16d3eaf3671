"""Real servers for what leaves the machine, in containers that the stack's end does not touch: rsync's daemon, S3, SFTP."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

USER, KEY = "ada", "ADASACCESSKEY"
PATIENCE_SECONDS = 30
RSYNCD = """
port = 8873
use chroot = no
[open]
path = /kept/files
read only = no
"""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of server: what its container runs, its port, and the address of a target there."""

    command: tuple[str, ...]
    port: int
    url: str


def kinds(password: str) -> dict[str, Kind]:
    """Return the kinds, by name, which is also the name of the host in the stack's network."""
    s3 = ("rclone", "serve", "s3", "--addr=:8080", f"--auth-key={KEY},{password}", "/kept/files")
    login = (f"--user={USER}", f"--pass={password}", "--key=/kept/key")
    sftp = ("rclone", "serve", "sftp", "--addr=:2022", *login, "/kept/files")
    rsync = ("rsync", "--daemon", "--no-detach", "--config=/kept/rsyncd.conf")
    return {
        "rsync": Kind(command=rsync, port=8873, url="rsync://rsync:8873/open"),
        "s3": Kind(command=s3, port=8080, url=f"s3://{KEY}:{password}@bucket?endpoint=http://s3:8080"),
        "sftp": Kind(command=sftp, port=2022, url=f"sftp://{USER}:{quote(password)}@sftp:2022/slipway"),
    }


@contextlib.contextmanager
def network(name: str) -> Iterator[str]:
    """Have a network that no stack owns."""
    docker("network", "create", name)
    try:
        yield name
    finally:
        docker("network", "rm", name)


@contextlib.contextmanager
def server(name: str, *, image: str, network_name: str, folder: Path, keys: Path) -> Iterator[str]:
    """Run a server; give the address of a target that is empty. `keys` gets the list of known hosts."""
    kind = kinds(token_hex(16))[name]
    prepare(folder, keys, host=f"[{name}]:{kind.port}")
    container = f"{network_name}-{name}"
    place = ["--name", container, "--network", network_name, "--network-alias", name, "--volume", f"{folder}:/kept"]
    limits = ["--env", "RCLONE_CONFIG=/dev/null", "--env", "HOME=/tmp", "--health-cmd", "true"]
    docker("run", "--detach", "--rm", *place, *limits, image, *kind.command)
    try:
        wait(container, kind.port)
        yield kind.url
    finally:
        docker("rm", "--force", container)


def prepare(folder: Path, keys: Path, *, host: str) -> None:
    """Make what a server needs, readable to whoever it runs as in its container."""
    (folder / "files").mkdir(parents=True)
    (folder / "files").chmod(0o777)
    (folder / "rsyncd.conf").write_text(RSYNCD)
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")]
    subprocess.run(make, check=True)  # noqa: S603 - ours
    (folder / "key").chmod(0o644)
    (keys / "known_hosts").write_text(f"{host} {(folder / 'key.pub').read_text()}")


def wait(container: str, port: int) -> None:
    """Wait until the server listens."""
    look = f"exec 3<>/dev/tcp/127.0.0.1/{port}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    command = ["docker", "exec", container, "bash", "-c", look]
    while subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603 - ours
        if time.monotonic() > deadline:
            raise SystemExit(f"{container} does not listen: {docker('logs', container)}")
        time.sleep(0.2)


def docker(*words: str) -> str:
    """Run Docker; end where it fails."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607 - ours
    if done.returncode:
        raise SystemExit(f"docker {words[0]}: {done.stderr}")
    return done.stdout + done.stderr

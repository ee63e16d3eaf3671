"""Real servers for targets, on ports of their own at 127.0.0.1, with what they keep in a folder that tests look into."""

import contextlib
import getpass
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from embedded.pytest_plugin import SSHD

PATIENCE_SECONDS = 30
USER, PASSWORD = "ada", "se cret#1"
S3_KEY, S3_SECRET = "ADASACCESSKEY", "adas-secret-key"
RCLONE = str(Path(sys.executable).parent / "rclone")


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that runs: the address of a target that is empty, and where it keeps its files on this machine."""

    url: str
    folder: Path
    port: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"no server on {port}: {log.read_text(errors='replace') if log.exists() else ''}")


@contextlib.contextmanager
def started(
    command: list[str], port: int, log: Path, environment: dict[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server while the block runs."""
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=os.environ | (environment or {}))
    try:
        wait_for(port, process, log)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def rsync_configuration(folder: Path) -> str:
    """Return a daemon's configuration: a module for everybody, one with a password, one that is read-only, one that is damaged.

    In the last a bit of rot gets into what was stored, as soon as it is stored.
    """
    module = f"path = {folder}/kept\nuse chroot = no\nread only = no\n"
    user = f"uid = {os.geteuid()}\ngid = {os.getegid()}\n" if os.geteuid() == 0 else ""
    head = f"log file = {folder}/log\npid file = {folder}/pid\naddress = 127.0.0.1\n{user}"
    secrets = f"auth users = {USER}\nsecrets file = {folder}/secrets\n"
    rot = (
        "post-xfer exec = find $RSYNC_MODULE_PATH/rotten -name 'new*' -exec sh -c 'printf rotten >> \"$1\"' - {} ';'\n"
    )
    frozen = module.replace("only = no", "only = yes")
    return f"{head}[open]\n{module}[closed]\n{module}{secrets}[frozen]\n{frozen}[damaged]\n{module}{rot}"


@contextlib.contextmanager
def rsync_daemon(folder: Path) -> Iterator[Server]:
    """A real rsync daemon, as an ordinary user could run it."""
    (folder / "kept").mkdir(parents=True)
    (folder / "secrets").write_text(f"{USER}:{PASSWORD}\n")
    (folder / "secrets").chmod(0o600)
    (folder / "rsyncd.conf").write_text(rsync_configuration(folder))
    port, log = free_port(), folder / "said"
    command = ["rsync", "--daemon", "--no-detach", f"--port={port}", f"--config={folder}/rsyncd.conf"]
    with started(command, port, log) as process:
        yield Server(
            url=f"rsync://127.0.0.1:{port}/open", folder=folder / "kept", port=port, log=folder / "log", process=process
        )


@contextlib.contextmanager
def rclone_server(folder: Path, what: str, *options: str, url: str) -> Iterator[Server]:
    """A real server of S3, WebDAV or SFTP."""
    kept, log, port = folder / "kept", folder / "said", free_port()
    kept.mkdir(parents=True)
    command = [RCLONE, "serve", what, f"--addr=127.0.0.1:{port}", *options, str(kept)]
    with started(command, port, log, {"RCLONE_CONFIG": "/dev/null"}) as process:
        yield Server(url=url.format(port=port), folder=kept, port=port, log=log, process=process)


def s3(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """An S3 server."""
    url = f"s3://{S3_KEY}:{S3_SECRET}@bucket?endpoint=http://127.0.0.1:{{port}}"
    return rclone_server(folder, "s3", f"--auth-key={S3_KEY},{S3_SECRET}", url=url)


def webdav(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """A WebDAV server."""
    url = f"webdav+http://{USER}:{quote(PASSWORD)}@127.0.0.1:{{port}}"
    return rclone_server(folder, "webdav", f"--user={USER}", f"--pass={PASSWORD}", url=url)


def restic_server(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """A server of restic's repositories."""
    return rclone_server(folder, "restic", url="restic:rest:http://127.0.0.1:{port}")


def host_key(folder: Path) -> Path:
    """Make a key for a host, or for a user."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
    return folder / "key"


@contextlib.contextmanager
def sftp(folder: Path) -> Iterator[Server]:
    """An SFTP server; its host key is in `known_hosts` beside what it keeps."""
    key = host_key(folder)
    url = f"sftp://{USER}:{quote(PASSWORD)}@127.0.0.1:{{port}}"
    with rclone_server(folder, "sftp", f"--user={USER}", f"--pass={PASSWORD}", f"--key={key}", url=url) as server:
        know_host(folder, server.port, key)
        yield server


def know_host(folder: Path, port: int, key: Path) -> None:
    """Write down a host's key."""
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key.with_suffix('.pub').read_text()}")


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Server]:
    """OpenSSH's server, which lets us in with `user/key`."""
    key, own = host_key(folder / "host"), host_key(folder / "user")
    (folder / "kept").mkdir()
    port, log = free_port(), folder / "said"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    lines = [
        f"ListenAddress 127.0.0.1:{port}",
        f"HostKey {key}",
        f"AuthorizedKeysFile {own.with_suffix('.pub')}",
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "PermitRootLogin prohibit-password",
        "PerSourcePenalties no" if b"PerSourcePenalties" in Path(SSHD).read_bytes() else "",
    ]
    (folder / "sshd_config").write_text("\n".join(lines) + "\n")
    know_host(folder, port, key)
    with started([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], port, log) as process:
        url = f"ssh://{getpass.getuser()}@127.0.0.1:{port}{folder}/kept"
        yield Server(url=url, folder=folder / "kept", port=port, log=log, process=process)

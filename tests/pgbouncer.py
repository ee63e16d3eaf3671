"""PgBouncer in transaction mode before a PostgreSQL, on 127.0.0.1: what stands between this product and many a database elsewhere."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from embedded import privileges
from embedded.pytest_plugin import SERVERS_PATH
from embedded.state import free_port

SESSIONS = 2  # at PostgreSQL, fewer than any client of ours wants to have


@contextlib.contextmanager
def pgbouncer(url: str, *, sessions: int = SESSIONS) -> Iterator[str]:
    """Run it before a database; return the database's address through it."""
    parts, port = urlsplit(url), free_port()
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
    folder.chmod(0o755)
    (folder / "users.txt").write_text(f'"{unquote(parts.username or "")}" "{unquote(parts.password or "")}"\n')
    (folder / "pgbouncer.ini").write_text(f"""
[databases]
* = host={parts.hostname} port={parts.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 200
""")
    program = shutil.which("pgbouncer", path=SERVERS_PATH) or "pgbouncer"
    command = privileges.as_server_user([program, "-q", folder / "pgbouncer.ini"], parent_death_signal="TERM")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait(process, folder / "log", port=port)
        yield f"{parts.scheme}://{parts.username}:{parts.password}@127.0.0.1:{port}{parts.path}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def wait(process: subprocess.Popen[bytes], log: Path, *, port: int) -> None:
    """Wait until it listens."""
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)

"""What a server's folder remembers between runs: its port, its password, which folder it is. Readable by its owner alone."""

import contextlib
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from embedded.errors import OperatorError


@dataclass(frozen=True, kw_only=True)
class ServerState:
    """`identity` tells one data folder from another that was made in its place later."""

    port: int
    password: str
    identity: str

    @classmethod
    def of(cls, path: Path) -> "ServerState":
        """Return what the file says, or a new state where there is none that can be read."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            return cls(**json.loads(path.read_text()))
        return cls(port=0, password=secrets.token_urlsafe(24), identity=secrets.token_hex(8))

    def with_port(self, port: int) -> "ServerState":
        """Return the same with another port."""
        return ServerState(port=port, password=self.password, identity=self.identity)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        temporary = path.with_name(f"{path.name}.new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)
        temporary.replace(path)


def folder_of(package: str) -> Path:
    """Return where a package lies, without importing it: we need its programs only, and its code does more at import."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise OperatorError(
            f"Cannot find the package {package}, which holds a server's programs.",
            hint="Install the development requirements: make run does it.",
        )
    return Path(spec.origin).parent


def is_free(port: int) -> bool:
    """Tell whether a loopback port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int = 0) -> int:
    """Return the preferred port where it is free, else one that the system picks."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

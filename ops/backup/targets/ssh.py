"""rsync through ssh (`user@host:/path`): with a key, to a host whose own key is known, and without a question."""

import shlex
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from ops.backup.files import told
from ops.backup.targets.address import Address
from ops.backup.targets.rsync import CONNECT_SECONDS, RsyncTarget
from ops.errors import WRONG_USAGE, OperatorError

KEY, KNOWN_HOSTS = "BACKUP_SSH_KEY", "BACKUP_SSH_KNOWN_HOSTS"
ALIVE_SECONDS, ALIVE_TIMES = 15, 4


class SshTarget(RsyncTarget):
    """A folder of a host that has sshd and rsync."""

    def __init__(self, address: Address, *, variable: str, environment: Mapping[str, str]) -> None:
        super().__init__(address, variable=variable)
        self.ssh = Ssh(environment, variable=variable, port=address.port)

    def spelt(self, path: str) -> str:
        """Return what rsync calls a path of the host; one that begins with `~/` is in the user's folder."""
        user = f"{self.address.user}@" if self.address.user else ""
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        return f"{user}{host}:{path.removeprefix('/~/')}"

    def beside(self, name: str, other: str) -> str:
        """Return how one folder is named from another: the target itself may be named from a user's folder."""
        return f"{'../' * (name.count('/') + 1)}{other}"

    def chosen(self, name: str, only: Sequence[str]) -> tuple[str, list[str]]:
        """Return the files as they are: where no daemon is, nothing has to be got around."""
        return self.place(name), list(only)

    def connection(self) -> list[str]:
        """Return the options by which rsync connects."""
        return [f"--rsh={shlex.join(self.ssh.command())}"]

    def environment(self) -> dict[str, str]:
        """Return no variables: there is no password."""
        return {}


class Ssh:
    """How we connect by ssh. The key may be a container's secret, which others can read: ssh refuses such, and gets a copy."""

    def __init__(self, environment: Mapping[str, str], *, variable: str, port: int | None = None) -> None:
        self.key = named_file(environment, KEY, variable=variable)
        self.known_hosts = named_file(environment, KNOWN_HOSTS, variable=variable)
        self.port = port

    def command(self, *, more: Iterable[str] = ()) -> list[str]:
        """Return ssh's command, which asks nothing: a host that is not known, or a key that is not accepted, is an error."""
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": "none",
            "ConnectTimeout": str(CONNECT_SECONDS),
            "ServerAliveInterval": str(ALIVE_SECONDS),
            "ServerAliveCountMax": str(ALIVE_TIMES),
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        port = ["-p", str(self.port)] if self.port else []
        return ["ssh", "-F", "none", "-i", str(self.private_key), *words, *port, *more]

    @cached_property
    def private_key(self) -> Path:
        """Return the path of the key, where only we can read it."""
        with told(f"read {KEY}", self.key):
            if not self.key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                return self.key
            folder = Path(tempfile.mkdtemp())
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            (folder / "key").touch(mode=0o600)
            shutil.copyfile(self.key, folder / "key")
        return folder / "key"


def named_file(environment: Mapping[str, str], name: str, *, variable: str) -> Path:
    """Return the path that a variable has; raises OperatorError where there is no such file."""
    text = environment.get(name, "")
    if not text:
        hint = f"{variable} is an ssh target: docs/backups.md says how to make the key, and the list of known hosts."
        raise OperatorError(f"{name} is not set.", hint=hint, status=WRONG_USAGE)
    path = Path(text).absolute()
    if not path.is_file():
        raise OperatorError(f"{name} is {path}, where no file is.", hint=f"ls -l {path.parent}", status=WRONG_USAGE)
    return path

"""What rclone is told of a remote: by variables, since a command is seen by every process. Runs rclone only to hide a password."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.backup.settings import text as value_of
from ops.backup.targets import transfer
from ops.backup.targets.address import Address
from ops.backup.targets.ssh import KEY, KNOWN_HOSTS, Ssh, named_file
from ops.errors import WRONG_USAGE, OperatorError

NAME = "slipway"
HINTS = {
    "s3": "See {variable}, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL.",
    "media": "See {variable}, MEDIA_STORAGE_ACCESS_KEY_ID and MEDIA_STORAGE_SECRET_ACCESS_KEY.",
    "sftp": f"See {{variable}}, {KEY} and {KNOWN_HOSTS}.",
    "rclone": "See {variable}, and the RCLONE_CONFIG_… variables of its remote.",
}


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A remote, and the folder in it."""

    url: str
    root: str
    scheme: str
    settings: Mapping[str, str] = field(repr=False)
    handed_down: Mapping[str, str] = field(repr=False)

    def environment(self) -> dict[str, str]:
        """Return the variables for rclone. It reads no file of settings but one that RCLONE_CONFIG names."""
        own = {f"RCLONE_CONFIG_{NAME.upper()}_{name}": value for name, value in self.settings.items() if value}
        return {"RCLONE_CONFIG": "/dev/null", **self.handed_down, **own}

    def hint(self, variable: str) -> str:
        """Return where to look when rclone fails."""
        return HINTS.get(self.scheme, "See the host, the user and the password in {variable}.").format(
            variable=variable
        )


def of(address: Address, *, variable: str, environment: Mapping[str, str]) -> Remote:
    """Return the remote of an address."""
    handed_down = {name: value for name, value in environment.items() if name.startswith("RCLONE_")}
    if address.scheme == "rclone":
        root = f"{address.host}:{address.path.rstrip('/')}"
        return Remote(url=address.url, root=root, scheme="rclone", settings={}, handed_down=handed_down)
    settings, path = MAKERS[address.scheme](address, variable, environment)
    root = f"{NAME}:{path.rstrip('/')}"
    return Remote(url=address.url, root=root, scheme=address.scheme, settings=settings, handed_down=handed_down)


def s3(address: Address, variable: str, environment: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return what `s3://[key:secret@]bucket/prefix[?endpoint=…&region=…&provider=…]` says; what it does not, variables do."""
    endpoint = address.options.get("endpoint") or environment.get("AWS_ENDPOINT_URL", "")
    user = address.user or environment.get("AWS_ACCESS_KEY_ID", "")
    password = address.password or value_of(environment, "AWS_SECRET_ACCESS_KEY")
    if not user or not password:
        raise OperatorError(
            f"{variable} is an S3 target, and AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set.",
            hint="Set them, or begin the address with s3://key:secret@",
            status=WRONG_USAGE,
        )
    settings = {
        "TYPE": "s3",
        "PROVIDER": address.options.get("provider") or ("Other" if endpoint else "AWS"),
        "ACCESS_KEY_ID": user,
        "SECRET_ACCESS_KEY": password,
        "REGION": address.options.get("region") or environment.get("AWS_REGION", ""),
        "ENDPOINT": endpoint,
    }
    return settings, f"{address.host}{address.path}"


def sftp(address: Address, variable: str, environment: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return what `sftp://user[:password]@host[:port]/path` says; without a password the key is BACKUP_SSH_KEY."""
    settings = {
        "TYPE": "sftp",
        "HOST": address.host,
        "USER": address.user,
        "PORT": str(address.port or 22),
        "SHELL_TYPE": "none",  # or rclone asks the host for one, which a host for files alone does not have
        "KNOWN_HOSTS_FILE": str(named_file(environment, KNOWN_HOSTS, variable=variable)),
    }
    if address.password:
        settings["PASS"] = hidden(address.password)
    else:
        settings["KEY_FILE"] = str(Ssh(environment, variable=variable).key)
    return settings, address.path


def webdav(address: Address, variable: str, environment: Mapping[str, str]) -> tuple[dict[str, str], str]:  # noqa: ARG001 - as the others
    """Return what `webdav://user:password@host[:port]/path` says: over TLS, but for `webdav+http://`."""
    scheme = "http" if address.scheme == "webdav+http" else "https"
    host = f"[{address.host}]" if ":" in address.host else address.host
    url = f"{scheme}://{host}{f':{address.port}' if address.port else ''}"
    settings = {"TYPE": "webdav", "VENDOR": address.options.get("vendor", "other"), "URL": url, "USER": address.user}
    return settings | ({"PASS": hidden(address.password)} if address.password else {}), address.path


MAKERS = {"s3": s3, "sftp": sftp, "webdav": webdav, "webdav+http": webdav}


def hidden(password: str) -> str:
    """Return a password in the form in which rclone takes it: no encryption, so that it can read it back."""
    ended = transfer.run(
        ["rclone", "obscure", "-"], what="hand rclone a password", hint="See what it says.", reads=password.encode()
    )
    if ended.status:
        raise transfer.failed(ended, program="rclone", what="hand rclone a password", hint="See what it says.")
    return ended.printed.decode().strip()

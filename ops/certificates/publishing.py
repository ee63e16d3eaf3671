"""Hands the pair that was issued to nginx: in a folder of a shared volume, whole or not at all. nginx decides whether it takes it."""

import datetime
import hashlib
import shutil
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ops.backup import files
from ops.errors import OperatorError

NAMES = ("fullchain.pem", "privkey.pem")
CURRENT = "current"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate that was issued: until when it is good, and its SHA-256."""

    until: datetime.datetime
    fingerprint: str


def issued(live: Path) -> Issued | None:
    """Return what was issued last; None where nothing was."""
    try:
        found = x509.load_pem_x509_certificates((live / NAMES[0]).read_bytes())[0]
    except (OSError, ValueError):
        return None
    return Issued(until=found.not_valid_after_utc, fingerprint=found.fingerprint(hashes.SHA256()).hex())


def publish(live: Path, place: Path) -> bool:
    """Put the pair where nginx finds it; tell whether it is another than before. Raises OperatorError."""
    with files.told("hand the certificate to nginx", place):
        texts = {name: (live / name).read_bytes() for name in NAMES}
        if all(is_there(place / CURRENT / name, text) for name, text in texts.items()):
            return False
        require_pair(live)
        folder = place / hashlib.sha256(b"".join(texts.values())).hexdigest()[:16]
        write(folder, texts)
        before = point_at(folder, link=place / CURRENT)
        for old in place.iterdir():
            if old.is_dir() and not old.is_symlink() and old.name not in (folder.name, before):
                shutil.rmtree(old)
    return True


def is_there(path: Path, text: bytes) -> bool:
    """Tell whether a file has that content."""
    return path.is_file() and path.read_bytes() == text


def require_pair(live: Path) -> None:
    """Raise OperatorError where certificate and key do not belong together."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(live / NAMES[0], live / NAMES[1])
    except ssl.SSLError as problem:
        hint = "Look at them: docker compose exec certbot ls -lR /var/lib/certbot"
        raise OperatorError(f"Refusing to hand nginx a pair that is none: {problem}.", hint=hint) from None


def write(folder: Path, texts: dict[str, bytes]) -> None:
    """Write the files, for nginx's group to read: it is this process's as well."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    folder.chmod(0o750)
    for name, text in texts.items():
        with files.new(folder / name) as file:
            file.write(text)
        (folder / name).chmod(0o640)


def point_at(folder: Path, *, link: Path) -> str:
    """Have a link name this folder, at one moment; return the folder that it named before."""
    before = link.readlink().name if link.is_symlink() else ""
    fresh = link.with_name(".next")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.name)
    fresh.replace(link)
    files.flush(link.parent)
    return before

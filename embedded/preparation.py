"""Migrations and the demo with its renditions in one process, and only where something changed since the last time."""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WATCHED = (
    "apps/*/migrations/*.py",
    "apps/gallery/demo/**/*",
    "apps/gallery/management/commands/demo.py",
    "requirements/dev.txt",
)


def fingerprint(identity: str) -> str:
    """Return a hash of all that decides what preparing would do: the code of it, and which database it is done to."""
    digest = hashlib.sha256(identity.encode())
    for path in sorted(path for pattern in WATCHED for path in ROOT.glob(pattern) if is_source(path)):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_source(path: Path) -> bool:
    """Tell whether a path is a file of the project's, and not what Python made of one."""
    return path.is_file() and "__pycache__" not in path.parts


def prepare() -> None:
    """Migrate, and load the demo. Its renditions are made here: whoever opens the page first must not find an empty wall."""
    import django
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("demo", render=True)


if __name__ == "__main__":
    prepare()

"""Changes single values of an env file, and leaves every other byte of it as it is."""

import os
import re
from pathlib import Path

from ops.errors import REFUSED, OperatorError


def read(path: Path) -> str:
    """Return the file's text; raises OperatorError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise OperatorError(
            f"Refusing to go on: cannot read {path}: {error.strerror}. Nothing was changed.",
            hint="Name the one that the stack is run with: --env-file PATH",
            status=REFUSED,
        ) from None


def with_value(text: str, name: str, value: str) -> str:
    """Return the text with one value set, in the line where it stands, in the one where it is commented out, or in a new one."""
    line = f"{name}={value}"
    for pattern in (rf"^{name}=.*$", rf"^# *{name}=.*$"):
        if re.search(pattern, text, re.MULTILINE):
            return re.sub(pattern, line, text, count=1, flags=re.MULTILINE)
    return text + ("" if text.endswith("\n") or not text else "\n") + line + "\n"


def value(text: str, name: str) -> str:
    """Return a value as it is written, empty where it is not set."""
    found = re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)
    return str(found[-1]).strip() if found else ""


def replace(path: Path, text: str) -> None:
    """Write the file whole or not at all, with the owner and rights that it had; a new one is its owner's alone. Raises OSError."""
    was = path.stat() if path.exists() else None
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if was:
        os.chown(fresh, was.st_uid, was.st_gid)
        fresh.chmod(was.st_mode & 0o777)
    fresh.replace(path)

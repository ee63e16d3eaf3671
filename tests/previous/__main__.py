"""`python -m tests.previous [--from COMMIT] [pytest's arguments]`: the tests of the version before, on this version's schema."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from config.environment_values import ROOT
from ops.errors import REFUSED, OperatorError

PLUGIN = "schema_of_next"
REQUIREMENTS = Path("requirements", "dev.txt")
FOLDERS = ("accounts", "gallery", "api", "health")  # what they do, they do in the database that Django's tests make


def main(arguments: list[str] | None = None) -> int:
    """Run them; return pytest's exit status."""
    options, words = parser().parse_known_args(arguments)
    try:
        version = options.version or version_before()
        with tempfile.TemporaryDirectory(prefix="slipway-previous-") as folder:
            code = Path(folder, "code")
            unpack(version, code)
            python = interpreter(code)
            sys.stderr.write(f"The tests of {version}, on the schema of {ROOT}\n")
            return test(code, python=python, words=words)
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.status


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    found = argparse.ArgumentParser(prog="python -m tests.previous", description=__doc__)
    found.add_argument(
        "--from", dest="version", default="", metavar="COMMIT", help="the version that serves (default: the newest tag)"
    )
    return found


def git(*words: str) -> bytes:
    """Return what git prints; raises OperatorError where it fails."""
    found = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)
    if found.returncode:
        raise OperatorError(
            f"Cannot get the version before: {found.stderr.decode().strip()}",
            hint="Name the one that serves: make test-previous FROM=COMMIT; scripts/deploy.sh --history has it.",
            status=REFUSED,
        )
    return found.stdout


def version_before() -> str:
    """Return the newest tag before this commit."""
    return git("describe", "--tags", "--abbrev=0", "HEAD^").decode().strip()


def unpack(version: str, folder: Path) -> None:
    """Put that version's files there."""
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=git("archive", "--format=tar", version), check=True)


def interpreter(code: Path) -> Path:
    """Return the Python of that version: ours, where its requirements are, else one of its own."""
    if (code / REQUIREMENTS).read_bytes() == (ROOT / REQUIREMENTS).read_bytes():
        return Path(sys.executable)
    subprocess.run(["sh", "embedded/install.sh", ".venv", str(REQUIREMENTS)], cwd=code, check=True)
    return code / ".venv" / "bin" / "python"


def test(code: Path, *, python: Path, words: list[str]) -> int:
    """Run that version's tests, with the plugin that gives them our schema."""
    chosen = words or [str(folder) for name in FOLDERS if (code / (folder := Path("tests", name))).is_dir()]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ} | {
        "PYTHONPATH": str(Path(__file__).parent),
        "NEXT_ROOT": str(ROOT),
        "NEXT_PYTHON": sys.executable,
    }
    command = [str(python), "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", "-q", *chosen]
    return subprocess.run(command, cwd=code, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

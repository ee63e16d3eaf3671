"""`python -m embedded`: run the system, or a management command with its servers; stop it; say how it is; remove its data."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time

from embedded.errors import DONE, REFUSED, OperatorError
from embedded.running import DATA, configured, run_everything, running_process
from embedded.stack import ROOT, Stack

STOP_SECONDS = 40


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(
        prog="python -m embedded", description="Slipway on this machine, with servers of its own."
    )
    verbs = root.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("run", help="run everything until Ctrl-C (`make run`)")
    manage = verbs.add_parser("manage", help="run a management command with the servers up", add_help=False)
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    verbs.add_parser("stop", help="stop what `run` started in another terminal")
    verbs.add_parser("status", help="say whether it runs")
    clean = verbs.add_parser("clean", help="remove the data: database, files, logs (`make clean`)")
    clean.add_argument("--yes", action="store_true", help="do not ask")
    return root


def manage(arguments: list[str]) -> int:
    """Run a management command; servers that run already are used, others are started and stopped again."""
    with Stack(DATA, environment=configured()) as stack:
        stack.start_servers()
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=stack.environment, cwd=ROOT, check=False).returncode  # noqa: S603 - our own


def stop() -> int:
    """Tell the running process to end, and wait until it has."""
    process = running_process()
    if process is None:
        sys.stderr.write("Nothing runs.\n")
        return DONE
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while running_process() is not None:
        if time.monotonic() > deadline:
            raise OperatorError(
                f"Process {process} did not end within {STOP_SECONDS} s.", hint=f"Look at {DATA / 'logs'}."
            )
        time.sleep(0.1)
    sys.stderr.write("Stopped.\n")
    return DONE


def status() -> int:
    """Say whether it runs."""
    process = running_process()
    sys.stdout.write(f"Runs as process {process}.\n" if process else "Nothing runs.\n")
    return DONE


def clean(*, is_sure: bool) -> int:
    """Remove the data, after asking."""
    if running_process() is not None:
        raise OperatorError(
            "Refusing to remove the data of a running system.", hint="python -m embedded stop", status=REFUSED
        )
    if not DATA.exists():
        sys.stderr.write("There is nothing to remove.\n")
        return DONE
    if not is_sure and not is_confirmed():
        raise OperatorError(
            f"Refusing to remove {DATA}: nobody said yes. Nothing was changed.",
            hint="python -m embedded clean --yes",
            status=REFUSED,
        )
    shutil.rmtree(DATA)
    sys.stderr.write(f"Removed {DATA}.\n")
    return DONE


def is_confirmed() -> bool:
    """Ask at the terminal; without one nobody can have said yes."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"Remove {DATA}, with its database and all uploaded files? Type yes: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == "yes"


def main() -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args()
    try:
        if options.verb == "run":
            run_everything()
            return DONE
        if options.verb == "manage":
            return manage(options.arguments)
        if options.verb == "clean":
            return clean(is_sure=options.yes)
        return stop() if options.verb == "stop" else status()
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.status


if __name__ == "__main__":
    sys.exit(main())

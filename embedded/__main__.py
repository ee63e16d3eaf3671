"""`python -m embedded`: run the system, or a management command with its servers; stop it; say how it is; remove its data."""

import argparse
import contextlib
import os
import shutil
import signal
import sys
import time

from embedded.errors import DONE, INTERRUPTED, REFUSED, OperatorError
from embedded.left_over import end_left_over, left_over
from embedded.lock import holder, locked
from embedded.processes import run_in_terminal
from embedded.running import DATA, LOCK, configured, end_what_was_left, run_everything
from embedded.signals import Stopped, stop_on_signals
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
    verbs.add_parser("stop", help="stop what runs in another terminal, or was left behind")
    verbs.add_parser("status", help="say whether it runs")
    clean = verbs.add_parser("clean", help="remove the data: database, files, logs (`make clean`)")
    clean.add_argument("--yes", action="store_true", help="do not ask")
    return root


def manage(arguments: list[str]) -> int:
    """Run a management command; servers that run already are used, others are started and stopped again."""
    stop_on_signals()
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    is_alone = holder(LOCK) is None
    with locked(LOCK) if is_alone else contextlib.nullcontext(), Stack(DATA, environment=configured()) as stack:
        if is_alone:
            end_what_was_left()
            stack.start_servers()
        else:
            stack.join_servers()
        return run_in_terminal(command, env=stack.environment, cwd=ROOT)


def stop() -> int:
    """Tell the process that runs this clone to end, and wait until it has; end what a killed one left behind."""
    found = holder(LOCK)
    if found is None:
        left = end_left_over(DATA)
        sys.stderr.write(f"Stopped what was left behind: {', '.join(left)}.\n" if left else "Nothing runs.\n")
        return DONE
    with contextlib.suppress(ProcessLookupError):
        os.kill(found.process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while holder(LOCK) == found:
        if time.monotonic() > deadline:
            raise OperatorError(
                f"Process {found.process} did not end within {STOP_SECONDS} s.", hint=f"Look at {DATA / 'logs'}."
            )
        time.sleep(0.1)
    sys.stderr.write("Stopped.\n")
    return DONE


def status() -> int:
    """Say whether it runs, and as what."""
    found = holder(LOCK)
    sys.stdout.write(f"Runs ({found}).\n" if found else "Nothing runs.\n")
    for name, (process, _) in sorted(left_over(DATA).items()):
        sys.stdout.write(
            f"  {name:8}  process {process.pid}{'' if found else ', left behind by a run that was killed'}\n"
        )
    return DONE


def clean(*, is_sure: bool) -> int:
    """Remove the data, after asking."""
    if not DATA.exists():
        sys.stderr.write("There is nothing to remove.\n")
        return DONE
    if found := holder(LOCK):
        raise OperatorError(
            f"Refusing to remove the data of a system that runs ({found}).",
            hint="python -m embedded stop",
            status=REFUSED,
        )
    if not is_sure and not is_confirmed():
        raise OperatorError(
            f"Refusing to remove {DATA}: nobody said yes. Nothing was changed.",
            hint="python -m embedded clean --yes",
            status=REFUSED,
        )
    with locked(LOCK):
        end_left_over(DATA)
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
    except (Stopped, KeyboardInterrupt):
        sys.stderr.write("\nInterrupted.\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())

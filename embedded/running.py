"""`make run`: the whole system until Ctrl-C, with a line for each step."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType

from config import environment
from config.environment_command import init
from config.variables import VARIABLES
from embedded.errors import LOCKED, REFUSED, OperatorError
from embedded.preparation import fingerprint
from embedded.processes import run
from embedded.stack import ROOT, WEB, WORKER, Stack
from embedded.state import is_free

DATA = ROOT / ".data"
LOCK = DATA / "run.lock"
PREPARED = DATA / "prepared"
LOOK_SECONDS = 0.5

BANNER = """
Slipway runs.

  wall of pictures  {url}/
  GraphQL           {url}/graphql
  admin             {url}/{admin}
  readiness         {url}/health/ready

  sign in as        ada@example.com or grace@example.com, password slipway-demo

Ctrl-C ends it; its data stay in .data until `make clean`.
"""


class Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """Ctrl-C was pressed, or we were told to end."""


def stop_on_signals() -> None:
    """Turn the three ways to end a program into one exception."""

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # once is enough: what follows is brief
        raise Stopped

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    started = time.monotonic()
    sys.stderr.write(f"{what} ... ")
    sys.stderr.flush()
    try:
        yield
    except BaseException:
        sys.stderr.write("\n")
        raise
    sys.stderr.write(f"{time.monotonic() - started:.1f} s\n")


@contextmanager
def locked() -> Iterator[None]:
    """Hold the clone's lock; raises OperatorError where another run holds it, and says which."""
    DATA.mkdir(exist_ok=True)
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise OperatorError(
                f"Refusing to run twice: this clone runs already ({file.read().strip()}).",
                hint="Use that one, or end it with Ctrl-C where it runs, or with: python -m embedded stop",
                status=LOCKED,
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {datetime.now(tz=UTC):%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield
        file.truncate(0)


def configured() -> dict[str, str]:
    """Return the process's environment with what `.env` says of the servers, of the port and of the site's address."""
    names = ("DATABASE_URL", "REDIS_URL", "PORT", "SITE_URL", "ADMIN_URL")
    texts = environment.texts_of_file(os.environ)[0]
    return {**{name: texts[name] for name in names if texts.get(name)}, **os.environ}


def show(name: str, line: str) -> None:
    """Write a line of a child's log to the terminal."""
    sys.stderr.write(f"{name:6} | {line}\n")


def run_everything() -> None:
    """Start the system, serve until told to stop, and stop all of it."""
    stop_on_signals()
    with locked():
        if "ENV_FILE" not in os.environ and not (ROOT / ".env").exists():
            init(ROOT / ".env")
        settings = configured()
        port = port_of(settings)
        settings["SITE_URL"] = os.environ.get("SITE_URL") or site_url(settings, port)
        stack = Stack(DATA, port=port, environment=settings, show=show)
        try:
            start(stack)
            announce(stack)
            watch(stack)
        except Stopped:
            sys.stderr.write("\nStopping.\n")
        finally:
            stack.stop()


def site_url(settings: dict[str, str], port: int) -> str:
    """Return the address for links in mail; where `.env` has the usual one, with the port that is used."""
    usual = VARIABLES["SITE_URL"].development or ""
    return f"http://127.0.0.1:{port}" if settings.get("SITE_URL", usual) == usual else settings["SITE_URL"]


def port_of(settings: dict[str, str]) -> int:
    """Return the port to serve on; raises OperatorError for one that is none, or is taken."""
    text = settings.get("PORT", "8000")
    if not text.isdecimal() or not 0 < int(text) < 65_536:  # noqa: PLR2004 - ports have 16 bits
        raise OperatorError(
            f"PORT is {text!r}, which is no port.", hint="Give one from 1 to 65535: make run PORT=8001", status=2
        )
    if not is_free(int(text)):
        raise OperatorError(
            f"Refusing to start: port {text} on 127.0.0.1 is taken by another program.",
            hint=f"Use another: make run PORT={int(text) + 1}",
            status=REFUSED,
        )
    return int(text)


def start(stack: Stack) -> None:
    """Start everything, in the order in which it is needed."""
    with step(f"Starting {' and '.join(name.title() for name in stack.servers) or 'with your servers'}"):
        stack.start_servers()
    prepare(stack)
    with step("Starting web server and worker"):
        stack.start(WORKER)
        stack.start(WEB)
        stack.wait_until_ready()


def prepare(stack: Stack) -> None:
    """Migrate and load the demo, unless that was done to this very database by this very code."""
    postgres = stack.servers.get("postgres")
    wanted = fingerprint(postgres.state.identity) if postgres else ""
    if wanted and PREPARED.exists() and PREPARED.read_text() == wanted:
        return
    with step("Migrating and loading the demo"):
        run([sys.executable, "-m", "embedded.preparation"], env=stack.environment, cwd=ROOT)
    PREPARED.write_text(wanted)


def announce(stack: Stack) -> None:
    """Say where everything is."""
    admin = stack.environment.get("ADMIN_URL", "admin/").strip("/") + "/"
    sys.stdout.write(BANNER.format(url=stack.url, admin=admin) + "\n")
    sys.stdout.flush()


def watch(stack: Stack) -> None:
    """Wait until somebody stops us; raises OperatorError where a process ends by itself."""
    while True:
        stack.require_alive()
        time.sleep(LOOK_SECONDS)


def running_process() -> int | None:
    """Return the id of the process that runs this clone, or None."""
    if not LOCK.exists():
        return None
    with LOCK.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return int(file.read().split()[1].rstrip(","))
    return None

"""`make run`: the whole system until Ctrl-C, with a line for each step."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from config import environment
from config.environment_command import init
from config.variables import VARIABLES
from embedded.errors import REFUSED, WRONG_USAGE, OperatorError
from embedded.left_over import end_left_over
from embedded.lock import locked
from embedded.preparation import fingerprint
from embedded.processes import run
from embedded.signals import Stopped, ignore_signals, pause, stop_on_signals
from embedded.stack import ROOT, SERVERS, WEB, WORKER, Stack
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


def run_everything() -> None:
    """Start the system, serve until told to stop, and stop all of it."""
    stop_on_signals()
    with contextlib.suppress(Stopped), locked(LOCK):
        end_what_was_left()
        if "ENV_FILE" not in os.environ and not (ROOT / ".env").exists():
            init(ROOT / ".env")
        serve(described())


def serve(stack: Stack) -> None:
    """Start the stack, and keep it up until told to stop."""
    try:
        start(stack)
        announce(stack)
        stack.show = show
        watch(stack)
    except Stopped:
        say("\nStopping.\n")
        raise
    finally:
        ignore_signals()
        stack.stop()


def described() -> Stack:
    """Return the stack that the environment and `.env` describe. Starts nothing."""
    settings = configured()
    port = port_of(settings)
    settings["SITE_URL"] = os.environ.get("SITE_URL") or site_url(settings, port)
    return Stack(DATA, port=port, environment=settings, show=hide)


def configured() -> dict[str, str]:
    """Return the process's environment with what `.env` says of the servers, of the port and of the site's address."""
    names = (*SERVERS, *(f"{name}_FILE" for name in SERVERS), "PORT", "SITE_URL", "ADMIN_URL")
    texts = environment.texts_of_file(os.environ)[0]
    return {**{name: texts[name] for name in names if texts.get(name)}, **os.environ}


def site_url(settings: dict[str, str], port: int) -> str:
    """Return the address for links in mail; where `.env` has the usual one, with the port that is used."""
    usual = VARIABLES["SITE_URL"].development or ""
    return f"http://127.0.0.1:{port}" if settings.get("SITE_URL", usual) == usual else settings["SITE_URL"]


def port_of(settings: dict[str, str]) -> int:
    """Return the port to serve on; raises OperatorError for one that is none, or is taken."""
    text = settings.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65_536:  # noqa: PLR2004 - ports have 16 bits
        raise OperatorError(
            f"PORT is {text!r}, which is no port.",
            hint="Give one from 1 to 65535: make run PORT=8001",
            status=WRONG_USAGE,
        )
    if not is_free(int(text)):
        raise OperatorError(
            f"Refusing to start: port {text} on 127.0.0.1 is taken by another program, or may not be used.",
            hint=f"Use another: make run PORT={int(text) + 1 if text != '80' else 8000}",
            status=REFUSED,
        )
    return int(text)


def end_what_was_left() -> None:
    """End what a killed run left behind."""
    names = end_left_over(DATA)
    if names:
        say(f"Ended what an earlier run left behind: {', '.join(names)}.\n")


def start(stack: Stack) -> None:
    """Start everything, in the order in which it is needed."""
    titles = [server.title for server in stack.servers.values()]
    with step(f"Starting {' and '.join(titles)}") if titles else contextlib.nullcontext():
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
        pause(LOOK_SECONDS)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    started = time.monotonic()
    say(f"{what} ... ")
    try:
        yield
    except BaseException:
        say("\n")
        raise
    say(f"{time.monotonic() - started:.1f} s\n")


def hide(name: str, line: str) -> None:
    """Leave a line to the log file: what is said while starting is of no use, unless it fails, and then its end is shown."""


def show(name: str, line: str) -> None:
    """Write a line of a child's log to the terminal."""
    say(f"{name:6} | {line}\n")


def say(text: str) -> None:
    """Write to the terminal; it may be gone."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()

"""Serves the application until it is told to leave: `python -m config.serve --help`.

Runs the ASGI server that ASGI_SERVER names. Exit status 0: all that was in flight is done; 1: something was cut off after
SHUTDOWN_TIMEOUT_SECONDS, or by a second signal, or it could not start.
"""

import argparse
import gc
import importlib
import logging.config
import os
import signal
import socket
import sys
from collections.abc import Sequence

from django.conf import settings

from config.asgi_types import Application
from config.environment import ConfigurationError
from config.servers.draining import Draining
from config.servers.listener import listen
from config.servers.traffic import Traffic

logger = logging.getLogger("slipway.server")


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve; raise SystemExit where that cannot be."""
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the server is up, there is nothing to wait for
    server, timeout_seconds = configuration()
    application = load(options.application)
    gc.collect()
    gc.freeze()  # what was imported stays: the collector need not look through it again and again
    # Nor, after each 700 objects, through those of a thousand connections. Most garbage is no cycle, and goes without the collector.
    gc.set_threshold(50_000, 20, 50)
    listener = listening(options.bind, options.port)
    traffic = Traffic()
    draining = Draining(traffic, listener=listener, timeout_seconds=timeout_seconds)
    logger.info("serving", extra={"server": server, "address": options.bind, "port": options.port})
    importlib.import_module(f"config.servers.{server}").serve(
        traffic.watch(application), listener=listener, draining=draining
    )


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    found = argparse.ArgumentParser(
        prog="python -m config.serve",
        description="Serves the application by the server that ASGI_SERVER names. SIGTERM and SIGINT have it finish what is "
        "in flight within SHUTDOWN_TIMEOUT_SECONDS; a second one ends it at once.",
    )
    found.add_argument("-b", "--bind", default="127.0.0.1", metavar="ADDRESS", help="default: %(default)s")
    found.add_argument("-p", "--port", default=8000, type=int, help="default: %(default)s")
    found.add_argument(
        "--application", default="config.asgi:application", metavar="MODULE:NAME", help="default: %(default)s"
    )
    return found


def configuration() -> tuple[str, float]:
    """Return the server's name and the time limit for draining; logging is set up by this."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        logging.config.dictConfig(settings.LOGGING)
    except ConfigurationError as error:
        sys.exit(str(error))
    return settings.ASGI_SERVER, settings.SHUTDOWN_TIMEOUT_SECONDS


def load(name: str) -> Application:
    """Return the ASGI application of a name such as config.asgi:application."""
    module, _, attribute = name.partition(":")
    application: Application = getattr(importlib.import_module(module), attribute)
    return application


def listening(address: str, port: int) -> socket.socket:
    """Return the listening socket; raise SystemExit where there can be none."""
    try:
        return listen(address, port)
    except OSError as error:
        hint = f" hint: See who has it: ss -ltnp 'sport = :{port}' - or serve on another: -p PORT"
        sys.exit(f"error: Cannot listen on {address}, port {port}: {error.strerror or error}.\n{hint}")


if __name__ == "__main__":
    main()

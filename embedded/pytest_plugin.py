"""Gives a test run its own PostgreSQL and Valkey in a temporary folder, and says what this machine could not run.

Loaded by `-p embedded.pytest_plugin` (pyproject.toml), so that the servers are there before Django's settings are read.
"""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from config.environment import development_values
from embedded.errors import OperatorError
from embedded.stack import Stack

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SSHD = "/usr/sbin/sshd"
SERVERS_PATH = f"/usr/sbin:{os.defpath}"  # Debian has it where a user's PATH does not look
LEFT_OUT: dict[str, str] = {}


class Servers:
    """The run's servers."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slipway-tests-"))
        self.folder.chmod(0o711)  # PostgreSQL may have to be another user's; what is in here is closed by itself
        self.stack = Stack(self.folder, environment={}, is_durable=False)

    def stop(self) -> None:
        """Stop both and remove what they kept."""
        self.stack.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def environment(servers: Servers) -> dict[str, str]:
    """Return the environment that tests run in: development's, with the run's own servers and folders."""
    return {
        **development_values(),
        "ENV_FILE": "",
        "DJANGO_DEBUG": "true",
        "DJANGO_ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "MEDIA_ROOT": str(servers.folder / "media"),
        "STATIC_ROOT": str(servers.folder / "static"),
        "EMAIL_URL": "memorymail://",
        **servers.stack.environment,
    }


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:  # noqa: ARG001 - pytest's names
    """Start the servers: of pytest's hooks the only one that surely comes before Django's settings are read."""
    servers = Servers()
    pluginmanager.register(servers, "slipway-servers")
    atexit.register(servers.stop)  # where the settings or a conftest cannot be read, pytest never gets to its own end
    # What ends a program ends it in order here, as Ctrl-C does.
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.default_int_handler)
    try:
        servers.stack.start_servers()
    except OperatorError as error:
        raise pytest.UsageError(f"\n{error}") from None
    for name in [
        name for name in os.environ if name.endswith("_FILE") and name.removesuffix("_FILE") in environment(servers)
    ]:
        del os.environ[name]
    os.environ.update(environment(servers))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, also after Ctrl-C."""
    servers = config.pluginmanager.unregister(name="slipway-servers")
    if isinstance(servers, Servers):
        servers.stop()


def what_is_missing() -> dict[str, str]:
    """Return the groups of tests that this machine can't run, by their markers, each with why."""
    lacks: dict[str, tuple[bool, str]] = {
        "browser": (not any(shutil.which(name) for name in CHROMIUM), "no Chromium"),
        "stack": (are_missing("docker") or not Path("/var/run/docker.sock").exists(), "no Docker engine"),
        "clients": (are_missing("node"), "no Node"),
        "rsync": (are_missing("rsync"), "no rsync"),
        "sshd": (not Path(SSHD).exists() or are_missing("rsync"), "no OpenSSH server"),
        "restic": (are_missing("restic"), "no restic"),
        "prometheus": (are_missing("promtool", "prometheus"), "no Prometheus"),
        "pebble": (are_missing("pebble", "pebble-challtestsrv"), "no pebble"),
        "pgbouncer": (shutil.which("pgbouncer", path=SERVERS_PATH) is None, "no PgBouncer"),
        "mount": (not can_mount(), "no right to mount"),
    }
    return {marker: reason for marker, (is_missing, reason) in lacks.items() if is_missing}


def are_missing(*programs: str) -> bool:
    """Tell whether one of some programs is not there."""
    return not all(shutil.which(name) for name in programs)


def pytest_configure(config: pytest.Config) -> None:
    """Under REQUIRE_STACK_TESTS, end a run of several processes (pytest-xdist) before they begin."""
    if getattr(config.option, "numprocesses", None) and (missing := what_is_missing()) and everything_is_required():
        raise pytest.UsageError(f"REQUIRE_STACK_TESTS is set, and this machine has {', '.join(missing.values())}.")


def everything_is_required() -> bool:
    """Say whether a test that can't run is a failure."""
    return os.environ.get("REQUIRE_STACK_TESTS") == "1"


def can_mount() -> bool:
    """Tell whether we may have a file system of our own: root may, but in most containers."""
    if are_missing("unshare", "mount"):
        return False
    words = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", tempfile.gettempdir()]
    return os.geteuid() == 0 and subprocess.run(words, capture_output=True, check=False).returncode == 0  # noqa: S603 - ours


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what this machine can't run; under REQUIRE_STACK_TESTS let it fail instead."""
    for marker, reason in what_is_missing().items():
        concerned = [item for item in items if item.get_closest_marker(marker)]
        if not concerned:
            continue
        if everything_is_required():
            raise pytest.UsageError(
                f"REQUIRE_STACK_TESTS is set, and {len(concerned)} {marker} tests cannot run: {reason}."
            )
        LEFT_OUT[marker] = f"{len(concerned)} {marker} tests ({reason})"
        for item in concerned:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what one of several processes left out to the one that prints."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = LEFT_OUT


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take what a process of several left out."""
    LEFT_OUT.update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was left out."""
    if LEFT_OUT:
        terminalreporter.write_line(f"left out on this machine: {', '.join(LEFT_OUT.values())}", yellow=True)

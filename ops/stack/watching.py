"""Logs and a shell: hands the terminal over to Docker, so that Ctrl-C and what is typed reach it."""

import os
import sys
from typing import NoReturn

from ops.stack.stack import Stack, refused


def logs(stack: Stack, *, service: str, follows: bool, since: str, lines: str) -> NoReturn:
    """Show the log of a service, or of all."""
    options = ["--tail", lines, *(["--follow"] if follows else []), *(["--since", since] if since else [])]
    become(stack, stack.commands.compose.command("logs", *options, *([stack.service(service)] if service else [])))


def shell(stack: Stack, *, code: str) -> NoReturn:
    """Open Django's shell in the web server that serves, or run code there."""
    service = stack.web()
    if service not in stack.running:
        raise refused(f"{service} does not run", hint="Start the stack: docker compose up -d --wait")
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    options = [] if is_terminal else ["-T"]
    become(
        stack,
        stack.commands.compose.command(
            "exec", *options, service, "python", "manage.py", "shell", *(["-c", code] if code else [])
        ),
    )


def become(stack: Stack, command: list[str]) -> NoReturn:
    """Be that command from now on."""
    os.execvpe(command[0], command, dict(stack.hands.environment))  # noqa: S606 - no shell, and the words are ours

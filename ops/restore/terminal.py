"""The person at the terminal, where there is one."""

import sys


def can_be_asked() -> bool:
    """Tell whether somebody is there."""
    return sys.stdin.isatty()


def ask(question: str) -> str:
    """Ask on stderr, since stdout is for the result; return the answer."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()

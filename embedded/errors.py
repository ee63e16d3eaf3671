"""What an operator is meant to read, as in ops; embedded.__main__ prints it. Anything else is a bug."""

from ops.errors import DONE, FAILED, LOCKED, REFUSED, WRONG_USAGE, OperatorError

INTERRUPTED = 130  # as a shell says it of Ctrl-C

__all__ = ["DONE", "FAILED", "INTERRUPTED", "LOCKED", "REFUSED", "WRONG_USAGE", "OperatorError"]

"""The one exception that an operator is meant to read; embedded.__main__ prints it. Anything else is a bug."""

DONE, FAILED, WRONG_USAGE, REFUSED, LOCKED = 0, 1, 2, 3, 4
INTERRUPTED = 130  # as a shell says it of Ctrl-C


class OperatorError(Exception):
    """A fact with its values, then what to do, and the exit status that goes with it."""

    def __init__(self, fact: str, *, hint: str, status: int = FAILED) -> None:
        super().__init__(fact)
        self.hint = hint
        self.status = status

    def __str__(self) -> str:
        return f"error: {self.args[0]}\n hint: {self.hint}"

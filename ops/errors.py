"""What an operator is told when something cannot or should not be done: a fact, then a hint.

Printed by each command's `main`, and nowhere else.
"""

DONE, FAILED, WRONG_USAGE, REFUSED, LOCKED = 0, 1, 2, 3, 4


class OperatorError(Exception):
    """Ends a command; `status` is its exit status."""

    def __init__(self, message: str, *, hint: str, status: int = FAILED) -> None:
        super().__init__(message)
        self.hint = hint
        self.status = status

    def __str__(self) -> str:
        return f"error: {self.args[0]}\n hint: {self.hint}"


class StoppedError(BaseException):
    """Somebody ended the command, which says nothing of its work: like KeyboardInterrupt, nothing for who handles errors."""

    status = FAILED

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        return f"error: {self.args[0]}\n hint: {self.hint}"

"""What ends a move: a fact, a hint, and the command's exit status."""

FAILED, REFUSED, LOCKED = 1, 3, 4


class MoveError(Exception):
    """Ends the command. Whatever is not moved is where it was."""

    def __init__(self, fact: str, *, hint: str, status: int) -> None:
        super().__init__(fact)
        self.hint, self.status = hint, status

    def __str__(self) -> str:
        return f"error: {self.args[0]}\n hint: {self.hint}\n"


def refused(fact: str, *, hint: str, status: int = REFUSED) -> MoveError:
    """Return the error of a move that does not begin."""
    return MoveError(f"Refusing to move media: {fact}. Nothing was changed.", hint=hint, status=status)

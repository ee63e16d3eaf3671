"""Decides when the server is to begin a new segment: when something was written, and that long ago. Reads no clock."""


class Switching:
    """What was written is told by the next transaction's number: what PostgreSQL writes by itself, idle, assigns none."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.clean: int | None = None
        self.segment = -1
        self.written_since: float | None = None

    def is_due(self, now: float, *, next_transaction: int, segment: int) -> bool:
        """Tell whether the segment that is written to should end now."""
        if (
            segment != self.segment
        ):  # what came before is in complete segments; what came since the last look may be in this one
            self.segment, self.written_since = segment, None
        if next_transaction == self.clean:
            return False
        if self.written_since is None:
            self.written_since = now
        return now - self.written_since >= self.seconds

    def switched(self, *, next_transaction: int) -> None:
        """Note that a new segment was begun, when the next transaction's number was this."""
        self.clean, self.written_since = next_transaction, None

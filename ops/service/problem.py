"""One thing that is wrong with backups or the certificate: what people and programs are told of it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem. `code` stays the same while it lasts, so that it is told once."""

    code: str
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.what} Hint: {self.hint}"

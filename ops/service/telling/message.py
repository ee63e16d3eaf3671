"""What people are told: that something is wrong, or well again. Pure: compares what is wrong now with what was told before."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from ops.service.problem import Problem
from ops.service.state import Told

REMIND_AFTER = datetime.timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One thing to tell of one place: what, when, why, and what to do."""

    place: str
    what: str
    when: datetime.datetime
    why: str
    hint: str = ""
    is_recovery: bool = False

    @property
    def text(self) -> str:
        """All of it for people, in the form of our errors."""
        lines = [f"{self.place}: {self.what}", self.why, f"hint: {self.hint}" if self.hint else ""]
        return "\n".join(line for line in lines if line)


def due(
    problems: Sequence[Problem],
    told: dict[str, Told],
    *,
    place: str,
    now: datetime.datetime,
    subject: str = "backups are",
) -> list[Message]:
    """Return what is to be told now, and note in `told` that it was: a problem when it comes, once a day, and when it is gone."""
    messages = []
    for problem in problems:
        before = told.get(problem.code)
        if before is None or now - before.at >= REMIND_AFTER or before.at > now:
            told[problem.code] = Told(at=now, what=problem.what)
            messages.append(
                Message(place=place, what=f"{subject} not well", when=now, why=problem.what, hint=problem.hint)
            )
    for code in sorted(set(told) - {problem.code for problem in problems}):
        was = told.pop(code)
        messages.append(
            Message(place=place, what=f"{subject} well again", when=now, why=f"It was: {was.what}", is_recovery=True)
        )
    return messages

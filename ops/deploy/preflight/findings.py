"""What a check has found, and how findings are shown. Looks at nothing itself."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the preflight: a fact, and where it is no good one, what to do."""

    name: str
    level: Level
    fact: str
    hint: str = ""


def ok(name: str, fact: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(name=name, level="ok", fact=fact)


def warning(name: str, fact: str, *, hint: str) -> Finding:
    """Return a finding that stops nothing."""
    return Finding(name=name, level="warning", fact=fact, hint=hint)


def error(name: str, fact: str, *, hint: str) -> Finding:
    """Return a finding that stops the deploy."""
    return Finding(name=name, level="error", fact=fact, hint=hint)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return those that stop the deploy."""
    return [finding for finding in findings if finding.level == "error"]


def as_table(findings: list[Finding]) -> str:
    """Return a line for each, and its hint below."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.level:<8} {finding.name:<{width}}  {finding.fact}")
        if finding.hint:
            lines.append(f"{'':<8} {'':<{width}}  hint: {finding.hint}")
    return "\n".join(lines)


def as_json(findings: list[Finding]) -> str:
    """Return them for a program."""
    return json.dumps([asdict(finding) for finding in findings], indent=2)

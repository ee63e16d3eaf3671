"""Counts a document's tokens without reading it: one regular expression, some hundred times as fast as the parser.

It forgives what the parser does not, and finds no more tokens than it in what the parser accepts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

# A text that does not end is one token to its line's or the document's end, so that no character is looked at twice.
TOKEN = re.compile(
    r'"""(?:\\"""|(?!""").)*+(?:"""|\Z)'
    r'|"(?:\\.|[^"\\\n\r])*+"?'
    r"|\#[^\n\r]*+"
    r"|\.\.\."
    r"|[A-Za-z_]\w*+"
    r"|-?[0-9][0-9.eE+-]*+"
    r"|[^\s,\ufeff]",
    re.DOTALL | re.ASCII,
)
OPENING, CLOSING = frozenset("[{("), frozenset("]})")


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many there are, comments too, and how many values the longest list has that is written out."""

    count: int
    longest_list: int


def count(text: str, *, at_most: int) -> Tokens:
    """Return what a text has; it is not looked at beyond so many tokens."""
    found = 0
    longest = 0
    open_brackets: list[tuple[str, int]] = []  # those around, with what each holds
    opened, held = "", 0
    for match in islice(TOKEN.finditer(text), at_most):
        found += 1
        part = match.group()
        if part in OPENING:
            open_brackets.append((opened, held + 1))
            opened, held = part, 0
        elif part in CLOSING:
            if opened == "[" and held > longest:
                longest = held
            opened, held = open_brackets.pop() if open_brackets else ("", 0)
        elif part != "$":
            held += 1
    return Tokens(found, longest)

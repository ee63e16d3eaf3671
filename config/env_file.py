"""Reads an env file as Docker Compose does: comments, quotes, `$$` for a dollar sign. Expands no variable.

What Compose would read as something else than it looks like is a problem here. A test holds this beside Compose itself.
"""

import re
from pathlib import Path

from config.environment_rules import Problem

BLANKS = " \t\r"  # nothing else: what Unicode calls a space may be part of a password
LINE = re.compile(r"(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(?P<value>.*)", re.DOTALL)
SINGLE_QUOTED = re.compile(r"'(?P<text>[^']*)'[ \t]*(#.*)?")
DOUBLE_QUOTED = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"[ \t]*(#.*)?')
PART = re.compile(r"\\(?P<escaped>.)|(?P<dollars>\$\$?)")
# Compose knows these behind a backslash, in double quotes; it keeps the backslash before any other character.
ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$", '"': '"', "\\": "\\",
}  # fmt: skip
DOLLAR_HINT = "Write $$ for each dollar sign, or put the value into single quotes."


class EnvFileError(ValueError):
    """A line is neither empty, nor a comment, nor NAME=value."""


def load(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Return what a file says, and what is wrong with its lines; raises OSError or UnicodeDecodeError."""
    return parse(path.read_text(encoding="utf-8-sig"))  # an editor of Windows may begin a file with a mark


def parse(text: str) -> tuple[dict[str, str], list[Problem]]:
    """Return the file's texts by name, and what is wrong with its lines."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    # Not splitlines(), which also cuts at characters that a value may hold, such as a form feed.
    for number, whole_line in enumerate(text.split("\n"), start=1):
        line = whole_line.strip(BLANKS)
        if not line or line.startswith("#"):
            continue
        try:
            name, value = parse_line(line)
        except EnvFileError as error:
            problems.append(
                Problem(
                    f"line {number}",
                    str(error),
                    "Write NAME=value, and quotes around a value with spaces or #.",
                )
            )
            continue
        if name in texts:
            problems.append(Problem(name, f"is set a second time, on line {number}", "Delete one of the two lines."))
        texts[name], trouble = unescaped(name, value)
        problems += trouble
    return texts, problems


def parse_line(line: str) -> tuple[str, str]:
    """Return a line's name and raw value, a quoted one with its quotes."""
    found = LINE.fullmatch(line)
    if not found:
        raise EnvFileError("is not NAME=value")
    value = found["value"]
    if value[:1] in ("'", '"'):
        quoted = (SINGLE_QUOTED if value[0] == "'" else DOUBLE_QUOTED).fullmatch(value)
        if not quoted:
            raise EnvFileError("has a quote that does not end, or more behind the one that does")
        return found["name"], value[0] + quoted["text"] + value[0]
    return found["name"], value.split(" #", 1)[0].rstrip(BLANKS)


def unescaped(name: str, raw: str) -> tuple[str, list[Problem]]:
    """Return a raw value's text. In single quotes all is literal; elsewhere `$$` is a dollar sign and a lone one is wrong."""
    if raw[:1] == "'":
        return raw[1:-1], []
    is_quoted = raw[:1] == '"'
    problems = []
    if has_lone_dollar(raw, is_quoted=is_quoted):
        problems.append(Problem(name, "has a $ that Docker Compose would replace by a variable's value", DOLLAR_HINT))
    if is_quoted:
        return PART.sub(text_of_part, raw[1:-1]), problems
    return raw.replace("$$", "$"), problems


def has_lone_dollar(raw: str, *, is_quoted: bool) -> bool:
    """Tell whether a `$` stands alone: neither doubled nor, in quotes, behind a backslash."""
    parts = PART.finditer(raw) if is_quoted else re.finditer(r"(?P<dollars>\$\$?)", raw)
    return any(part["dollars"] == "$" for part in parts)


def text_of_part(part: re.Match[str]) -> str:
    """Return what an escaped character or a dollar sign stands for."""
    if part["dollars"]:
        return "$"
    return ESCAPES.get(part["escaped"], part[0])

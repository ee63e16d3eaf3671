"""Reads the text of an env file as Docker Compose does: comments, quotes, `$$` for a dollar sign. Expands no variable."""

import re

from config.environment_rules import Problem

LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
SINGLE_QUOTED = re.compile(r"'(?P<text>[^']*)'\s*(#.*)?")
DOUBLE_QUOTED = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(#.*)?')
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
LONE_DOLLAR = re.compile(r"(?<!\$)(?:\$\$)*\$(?!\$)")


class EnvFileError(ValueError):
    """A line is neither empty, nor a comment, nor NAME=value."""


def parse(text: str) -> tuple[dict[str, str], list[Problem]]:
    """Return the file's texts by name, and what is wrong with its lines."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            name, value = parse_line(line.strip())
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
            raise EnvFileError("has a quote that does not end")
        return found["name"], value[0] + quoted["text"] + value[0]
    return found["name"], re.split(r"\s+#", value, maxsplit=1)[0].rstrip()


def unescaped(name: str, raw: str) -> tuple[str, list[Problem]]:
    """Return a raw value's text. Within single quotes all is literal; elsewhere `$$` is a dollar sign and a lone one is wrong."""
    if raw[:1] == "'":
        return raw[1:-1], []
    text = raw
    if raw[:1] == '"':
        text = re.sub(r"\\(.)", lambda escaped: ESCAPES.get(escaped[1], escaped[1]), raw[1:-1])
    problems = []
    if LONE_DOLLAR.search(text):
        hint = "Write $$ for each dollar sign, or put the value into single quotes."
        problems.append(Problem(name, "has a $ that Docker Compose would replace by a variable's value", hint))
    return text.replace("$$", "$"), problems

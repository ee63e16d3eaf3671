"""Reads our documents: their fenced blocks, and the commands among them with what they should print."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.environment_values import ROOT

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
ANYTHING = "…"
LIKE_A_NAME = re.compile(r"[\w.-]+(?:/[\w.-]*|\.\w+)")
LIKE_A_PATH = re.compile(r"[\w.<>*-]+/[\w./<>*-]*|[\w.-]+\.(?:py|md|txt|in|toml|graphql|sh|yml)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A block of shell commands; `output` is the block that stands right behind it, None where none does."""

    text: str
    output: str | None
    line: int


def documents() -> list[Path]:
    """Return the documents that we write for people, generated ones included."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def commands(path: Path) -> Iterator[Command]:
    """Yield a document's `sh` blocks in order."""
    document = path.read_text(encoding="utf-8")
    blocks = list(FENCE.finditer(document))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block["language"] != "sh":
            continue
        line = document.count("\n", 0, block.start()) + 1
        is_output = (
            following and not document[block.end() : following.start()].strip() and following["language"] != "sh"
        )
        yield Command(text=block["text"], output=following["text"] if following and is_output else None, line=line)


def prose(path: Path) -> str:
    """Return a document without its fenced blocks."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def matches(printed: str, expected: str) -> bool:
    """Tell whether a command printed what the document shows, `…` standing for anything on its line."""
    pattern = "[^\n]*".join(re.escape(part) for part in expected.strip().split(ANYTHING))
    return re.fullmatch(pattern, printed.strip()) is not None


def fences(path: Path) -> list[str]:
    """Return the text of a document's fenced blocks."""
    return [block["text"] for block in FENCE.finditer(path.read_text(encoding="utf-8"))]


def links(path: Path) -> list[str]:
    """Return the targets of a document's links and pictures that are in this repository."""
    return [target for target in LINK.findall(prose(path)) if "://" not in target]


def anchors(path: Path) -> set[str]:
    """Return what `#…` can point at in a document, in the spelling that forges use."""
    titles = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def named_paths(path: Path) -> list[str]:
    """Return what stands in a document's backticks, or in the tree that it shows, and looks like a path of ours."""
    quoted = re.findall(r"`([^`\n]+)`", LINK.sub("", prose(path)))
    return [text for text in quoted if LIKE_A_PATH.fullmatch(text)] + drawn_paths(path)


def drawn_paths(path: Path) -> list[str]:
    """Return the paths of a tree: lines that begin with four spaces, and with two more for what is in the folder above."""
    found: list[str] = []
    folder = ""
    for line in re.findall(r"^ {4}( *\S.*)$", prose(path), re.MULTILINE):
        is_inside = line.startswith(" ")
        names = [name for name in re.split(r", | {2,}", line.strip()) if LIKE_A_NAME.fullmatch(name)]
        if names and not is_inside:
            folder = names[0] if names[0].endswith("/") else ""
        found += [f"{folder if is_inside else ''}{name}" for name in names]
    return found

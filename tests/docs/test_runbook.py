"""deployment instructions.md: each of its blocks of commands is run by somebody, and its sections are those that an operator needs."""

import re

from config.environment_values import ROOT
from tests.docs.documents import commands
from tests.stack.runbook import RUNS
from tests.stack.site import RUNBOOK, in_section

SECTIONS = re.findall(r"^## (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_block_of_commands_is_run_by_somebody() -> None:
    told = {title: len(in_section(title)) for title in SECTIONS if in_section(title)}
    assert told == {title: len(files) for title, files in RUNS.items()}, (
        "say in tests/stack/runbook.py who runs the block"
    )
    assert sum(told.values()) == len(list(commands(RUNBOOK)))


def test_who_is_to_run_a_block_names_its_section() -> None:
    for title, files in RUNS.items():
        for file in set(files):
            assert f'"{title}"' in (ROOT / "tests" / "stack" / file).read_text(encoding="utf-8"), f"{file}: {title}"


def test_it_is_about_all_that_an_operator_does() -> None:
    wanted = [
        "What is needed", "First deploy", "Every later deploy", "Back to the version before", "Backup", "Restore",
        "Moving to another host", "A new major of PostgreSQL", "Rotating secrets", "TLS", "What each alert means",
        "Beyond one machine",
    ]  # fmt: skip
    assert [title for title in wanted if title not in SECTIONS] == []

"""Looks whether every file that the database names is in a snapshot of the media folder, with the size and hash that it should have.

Which files: those of every FileField of every model, in the default storage. What they should be: the model's fields `<name>_bytes`
and `<name>_sha256`, or `bytes` and `sha256` where it has one file alone; without such fields being there is enough.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import models

SHOWN = 1000
CHUNK = 5000
FACTS = ("bytes", "sha256")
Facts = Mapping[str, Any]


@dataclass(kw_only=True)
class Closure:
    """How many files are named, how many of them are missing or different, and the names of the first of these."""

    named: int = 0
    missing: int = 0
    different: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str, wanted: Facts, found: Facts | None) -> None:
        """Look at one file."""
        self.named += 1
        if found is None:
            self.missing += 1
        elif any(found[fact] != value for fact, value in wanted.items()):
            self.different += 1
        else:
            return
        if len(self.names) < SHOWN:
            self.names.append(name)


def files_of(manifest: Path) -> Mapping[str, Facts]:
    """Return the files of a snapshot's manifest."""
    found: Mapping[str, Facts] = json.loads(manifest.read_bytes())["files"]
    return found


def closure(files: Mapping[str, Facts] | None) -> Closure:
    """Look at every file that is named; without a snapshot they are counted alone."""
    found = Closure()
    for name, wanted in named_files():
        if files is None:
            found.named += 1
        else:
            found.add(name, wanted, files.get(name))
    return found


def named_files() -> Iterator[tuple[str, Facts]]:
    """Yield every file that the database names, with what is known of it."""
    for model in apps.get_models():
        if model._meta.managed and not model._meta.proxy:
            for file_field in own_file_fields(model):
                yield from files_in(model, file_field.name)


def own_file_fields(model: type[models.Model]) -> list[models.FileField]:
    """Return a model's fields of files in the default storage; one that is inherited from a table of its own is that model's."""
    return [
        each
        for each in model._meta.local_fields
        if isinstance(each, models.FileField) and each.storage is default_storage
    ]


def files_in(model: type[models.Model], name: str) -> Iterator[tuple[str, Facts]]:
    """Yield the files of one field."""
    known = fact_fields(model, name)
    rows = model._base_manager.exclude(**{name: ""}).exclude(**{f"{name}__isnull": True})  # noqa: SLF001 - no manager hides a row
    for file, *values in rows.values_list(name, *known.values()).iterator(chunk_size=CHUNK):
        yield file, {fact: value for fact, value in zip(known, values, strict=True) if value is not None}


def fact_fields(model: type[models.Model], name: str) -> dict[str, str]:
    """Return which fields say what of a file."""
    there = {each.name for each in model._meta.get_fields()}
    is_alone = len(own_file_fields(model)) == 1
    found = {fact: first_of(there, (f"{name}_{fact}", fact if is_alone else "")) for fact in FACTS}
    return {fact: field_name for fact, field_name in found.items() if field_name}


def first_of(there: set[str], wanted: Sequence[str]) -> str:
    """Return the first name that is there, empty where none is."""
    return next((name for name in wanted if name in there), "")

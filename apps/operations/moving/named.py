"""Looks whether every file that the database names is in the new place, as the database knows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.health.restored.media import named_files
from config.media.moving import Either


@dataclass(kw_only=True)
class Named:
    """How many files are named, and which of them are not there, or are otherwise than their rows say."""

    count: int = 0
    missing: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)


def look(place: Either, hashes: Mapping[str, str]) -> Named:
    """Look at every file that is named; of those that were moved, the hash is known. Raises MediaAwayError."""
    there, found = dict(place.files()), Named()
    for name, wanted in named_files():
        found.count += 1
        known = {"bytes": there.get(name), "sha256": hashes.get(name, wanted.get("sha256"))}
        if name not in there:
            found.missing.append(name)
        elif any(known[fact] != value for fact, value in wanted.items()):
            found.different.append(name)
    return found

"""Compares what came out of a restore with what a manifest says. A pure function; says every difference, not the first."""

from collections.abc import Iterator, Mapping
from typing import Any

from ops.backup.contents import Facts
from ops.backup.manifest import Manifest


def differences(written: Manifest, found: Facts) -> list[str]:
    """Return what differs, as facts with both values; nothing where the restored database equals the manifest."""
    return [
        *of_tables(written.tables, found["tables"]),
        *of_large_objects(written.large_objects, found["large_objects"]),
        *of_sequences(written.sequences, found["sequences"]),
        *of_names("extension", written.extensions, found["extensions"]),
        *of_names("role", written.roles, found["roles"]),
        *[
            f"role {name} has other rights"
            for name, facts in written.roles.items()
            if found["roles"].get(name, facts) != facts
        ],
        *of_locale(written.locale, found["locale"]),
    ]


def of_names(what: str, written: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is missing, and what is there and should not be."""
    yield from (f"{what} {name} is missing" for name in written if name not in found)
    yield from (f"{what} {name} was not there before" for name in found if name not in written)


def of_tables(written: Facts, found: Facts) -> Iterator[str]:
    """Yield the tables whose rows are not the same."""
    yield from of_names("table", written, found)
    for key in [key for key in written if key in found]:
        if written[key]["rows"] != found[key]["rows"]:
            yield f"table {key} has {found[key]['rows']} rows instead of {written[key]['rows']}"
        elif written[key]["fingerprint"] != found[key]["fingerprint"]:
            yield f"table {key} has as many rows, and other contents"


def of_large_objects(written: Facts, found: Facts) -> Iterator[str]:
    """Yield a difference between all the large objects."""
    if written["rows"] != found["rows"]:
        yield f"there are {found['rows']} large objects instead of {written['rows']}"
    elif written["fingerprint"] != found["fingerprint"]:
        yield "large objects have other contents"


def of_sequences(written: Facts, found: Facts) -> Iterator[str]:
    """Yield the sequences that do not stand where they stood while the dump was made: it reads them at some time meanwhile."""
    yield from of_names("sequence", written, found)
    for key in [key for key in written if key in found]:
        before, after = written[key]["before"], written[key]["after"]
        if before != after and before["cycles"]:
            continue
        least, most = sorted((place(before), place(after)))
        if not least <= place(found[key]) <= most:
            yield f"sequence {key} stands at {found[key]['last']} instead of {before['last']} to {after['last']}"


def place(position: Facts) -> tuple[int, bool]:
    """Return where a sequence stands, in the order in which it comes by."""
    sign = 1 if position["increment"] > 0 else -1
    return sign * int(position["last"]), bool(position["called"])


def of_locale(written: Facts, found: Facts) -> Iterator[str]:
    """Yield what differs of encoding and locale; versions of a collation are the machine's, and no part of a dump."""
    for name in ("encoding", "collate", "ctype", "provider", "locale"):
        if written[name] != found[name]:
            yield f"the database's {name} is {found[name]} instead of {written[name]}"

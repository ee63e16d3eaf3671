"""Compares the migrations that a database has with those of this code."""

from dataclasses import dataclass

from django.db import connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.loader import MigrationLoader


@dataclass(frozen=True, kw_only=True)
class Migrations:
    """Applied ones that this code lacks, this code's that are not applied, and an order in which no code applies them."""

    unknown: list[str]
    pending: list[str]
    problem: str

    @property
    def are_this_code_s(self) -> bool:
        """Whether the models of this code fit the tables."""
        return not self.unknown and not self.pending

    @property
    def notes(self) -> list[str]:
        """What keeps this code from judging the database."""
        return [
            f"{len(names)} migrations {what}: {', '.join(names[:5])}"
            for names, what in (
                (self.unknown, "are not known to this code"),
                (self.pending, "of this code are not applied"),
            )
            if names
        ]


def compared() -> Migrations:
    """Compare. Of a squashed migration's parts, which are gone from the code, the one that replaces them knows."""
    loader = MigrationLoader(connection)
    applied, on_disk = set(loader.applied_migrations), set(loader.disk_migrations)
    replaced = {part for migration in loader.disk_migrations.values() for part in migration.replaces}
    problem = ""
    try:
        loader.check_consistent_history(connection)
    except InconsistentMigrationHistory as error:
        problem = str(error)
    return Migrations(
        unknown=sorted(".".join(each) for each in applied - on_disk - replaced),
        pending=sorted(".".join(each) for each in set(loader.graph.nodes) - applied),
        problem=problem,
    )

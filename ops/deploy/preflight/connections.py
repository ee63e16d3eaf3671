"""Looks whether PostgreSQL has enough connections for all web servers and workers while a deploy runs both colours."""

from collections.abc import Iterator

from ops.deploy.preflight.findings import Finding, ok, warning
from ops.deploy.site import Site

VARIABLES = {"web": "WEB_REPLICAS", "worker": "WORKER_REPLICAS"}
SPARE = 10  # the backup's, an operator's, PostgreSQL's own


def needed(site: Site, *, colours: int, **numbers: int) -> int:
    """Return how many connections are taken at most; `numbers` has how many there are of `web` or `worker`, where another than now."""
    wanted = {name: int(site.value(variable, "1")) for name, variable in VARIABLES.items()} | numbers
    pool, processes = int(site.value("DB_POOL_SIZE", "10")), int(site.value("WORKER_CONCURRENCY", "2"))
    return colours * wanted["web"] * pool + wanted["worker"] * (processes + 1) + SPARE


def most(site: Site) -> int:
    """Return how many PostgreSQL has."""
    return int(site.value("DB_MAX_CONNECTIONS", "100"))


def connections(site: Site) -> Iterator[Finding]:
    """Compare the two. Who has them taken at once is refused requests, of the version that serves as well."""
    wanted, there = needed(site, colours=2), most(site)
    fact = f"{there} to PostgreSQL; web servers and workers may take {wanted} while both colours run"
    if wanted > there:
        hint = (
            f"Set DB_MAX_CONNECTIONS={wanted}, and deploy --with-interruption; or lower DB_POOL_SIZE or WEB_REPLICAS."
        )
        yield warning("connections", fact, hint=hint)
    else:
        yield ok("connections", fact)

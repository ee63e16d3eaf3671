"""Django's settings of one PostgreSQL, out of its address. Reads and connects to nothing."""

from collections.abc import Mapping
from typing import Any

import environ

from config.postgresql.waiting import WaitingConnection

POOL = {
    "min_size": 0,
    "timeout": 3,  # seconds a request waits for a connection before it is told that the database is away
    "reconnect_timeout": 2,  # give up early, so that the next request tries at once instead of after a long back-off
    "max_idle": 300,
    "connection_class": WaitingConnection,  # a restore gives another database the name; requests wait for it
}


def database(url: str, *, pool_size: int, is_pooled: bool = False) -> dict[str, Any]:
    """Return the settings. `is_pooled` says that a pooler is there, which hands a session out for one transaction at a time."""
    found = environ.Env.db_url_config(url)
    return {
        **found,
        "ENGINE": "config.postgresql",
        "CONN_MAX_AGE": 0,  # the pool keeps connections, not the request
        "CONN_HEALTH_CHECKS": False,  # config/postgresql/base.py looks when it takes one from the pool
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": is_pooled,
        "OPTIONS": {
            **found.get("OPTIONS", {}),  # what the URL says behind its question mark, such as sslmode
            "pool": {**POOL, "max_size": pool_size},
        },
    }


REPLICA_SECONDS = 1  # to wait for a connection to a replica; the primary has the answer as well


def replica(url: str, primary: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a replica; user and password are the primary's where its address has none."""
    found = {**primary, **environ.Env.db_url_config(url), "ENGINE": primary["ENGINE"]}
    named = found if found["USER"] else primary
    options, pool = found.get("OPTIONS", {}), primary["OPTIONS"]["pool"]
    return {
        **found,
        "USER": named["USER"],
        "PASSWORD": found["PASSWORD"] or primary["PASSWORD"],
        # A server that is gone without a word is noticed as soon.
        "OPTIONS": {
            "tcp_user_timeout": REPLICA_SECONDS * 1000,
            **{name: value for name, value in options.items() if name != "pool"},
            "pool": {**pool, "timeout": REPLICA_SECONDS, "reconnect_timeout": REPLICA_SECONDS},
        },
    }

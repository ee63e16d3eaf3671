"""A plugin for the tests of the version before: their database has the schema of the next one. Loaded from this folder, by its name.

Of that version it takes `DATABASE_URL` alone, which names the run's own server; NEXT_ROOT and NEXT_PYTHON are the next version's.
"""

import os
import subprocess
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

TEMPLATE = "slipway_next"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart() -> None:
    """Make a database with the next version's schema, which the tests' own is a copy of. Migrating it again is for them to do."""
    from django.db import connections

    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    next_url = urlunsplit(urlsplit(url)._replace(path=f"/{TEMPLATE}"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(
        [os.environ["NEXT_PYTHON"], "manage.py", "migrate", "--verbosity", "0"],
        cwd=os.environ["NEXT_ROOT"],
        env=environment | {"DATABASE_URL": next_url},
        check=True,
    )
    connections["default"].settings_dict["TEST"]["TEMPLATE"] = TEMPLATE

"""Settings of the peers on Django, in their favour: no middleware, no log, and connections that are kept."""

import os
from urllib.parse import urlsplit

database = urlsplit(os.environ["DATABASE_URL"])

DEBUG = False
SECRET_KEY = "peers-only"  # noqa: S105 - it signs nothing
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",  # every project has it; without, strawberry-django's optimizer looks for it with each field
    "benchmarks.peers.tables",
    *filter(None, os.environ.get("PEER_APPS", "").split(",")),
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = os.environ["PEER_URLCONF"]
USE_TZ = True
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database.path.removeprefix("/"),
        "USER": database.username,
        "PASSWORD": database.password,
        "HOST": database.hostname,
        "PORT": database.port,
        # Under ASGI a connection without a pool is opened anew by every request, which halves the answers.
        **(
            {"OPTIONS": {"pool": {"min_size": 2, "max_size": 10}}}
            if os.environ.get("PEER_POOL")
            else {"CONN_MAX_AGE": 60}
        ),
    },
}
MEDIA_URL = "/media/"
LOGGING_CONFIG = None
GRAPHENE = {"SCHEMA": "benchmarks.peers.graphene_django.schema.schema"}
STRAWBERRY_DJANGO = {"PAGINATION_MAX_LIMIT": 1000}

"""The application that a server runs: health and metrics ahead of everything, then GraphQL, then Django."""

import os
import sys
from typing import Any

from django.core.asgi import get_asgi_application

from config.environment import ConfigurationError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

try:
    django_application = get_asgi_application()
except ConfigurationError as error:
    sys.exit(str(error))

from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

from api.asgi import graphql_or
from apps.health.asgi import answer_health
from apps.operations.asgi import answer_metrics
from config.client_address import believe_proxies
from config.request_body import limit_body
from config.request_log import log_requests

# In development nobody stands in front of us who would serve static files.
http: Any = ASGIStaticFilesHandler(django_application) if settings.DEBUG else django_application

limited = limit_body(graphql_or(http), limit_bytes=settings.REQUEST_MAX_BYTES)
own: Any = answer_metrics(answer_health(limited))
application = log_requests(believe_proxies(own, proxies=settings.TRUSTED_PROXIES))

if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
    from config.telemetry.tracing import trace_requests

    application = trace_requests(application)

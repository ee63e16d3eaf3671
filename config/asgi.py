"""The application that a server runs: health ahead of everything, then Django over HTTP and GraphQL over WebSockets."""

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

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.urls import path

from api import consumers
from apps.health.asgi import answer_health
from config.client_address import believe_proxies
from config.request_body import limit_body
from config.request_log import log_requests

# In development nobody stands in front of us who would serve static files.
http: Any = ASGIStaticFilesHandler(django_application) if settings.DEBUG else django_application

protocols = ProtocolTypeRouter(
    {
        "http": limit_body(http, limit_bytes=settings.REQUEST_MAX_BYTES),
        "websocket": CookieMiddleware(URLRouter([path("graphql", consumers.application)])),
    }
)
application = log_requests(believe_proxies(answer_health(protocols), proxies=settings.TRUSTED_PROXIES))

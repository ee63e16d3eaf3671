"""Which address leads where."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLResolver, path, re_path
from django.urls.resolvers import URLPattern

from api.views import graphiql
from apps.gallery.views import media, wall

urlpatterns: list[URLPattern | URLResolver] = [
    path("", wall, name="wall"),
    path("graphql", graphiql, name="graphql"),  # the page alone: api.asgi answers operations before Django sees them
    path(settings.ADMIN_URL, admin.site.urls),
    # nginx answers for public files itself; what reaches us is private, or there is no nginx.
    re_path(rf"^{settings.MEDIA_URL.strip('/')}/(?P<name>.+)$", media, name="media"),
]

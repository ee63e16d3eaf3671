"""The page Operations in the admin, for staff with the permission `operations.view_overview`. It shows, and changes nothing."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.operations import overview
from apps.operations.models import Overview


@admin.register(Overview)
class OverviewAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """One page in place of a list."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no: there is nothing to add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the page; raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "title": "Operations", **overview.put_together()}
        return TemplateResponse(request, "operations/overview.html", {**context, **(extra_context or {})})

"""What the permission to see the page Operations is of. There is no table: what the page shows lies elsewhere."""

from django.db import models


class Overview(models.Model):
    """The page; `operations.view_overview` lets somebody see it."""

    class Meta:
        managed = False
        default_permissions = ("view",)
        verbose_name = verbose_name_plural = "overview"

    def __str__(self) -> str:
        return "overview"

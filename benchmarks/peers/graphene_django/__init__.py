"""graphene-django with its joins named by hand."""

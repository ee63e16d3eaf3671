"""Ariadne, by its own ASGI application, with its joins named by hand."""

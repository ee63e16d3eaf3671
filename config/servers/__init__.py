"""The ASGI servers that `python -m config.serve` can run, and how each of them drains."""

"""What operators do: logic behind scripts/. The standard library alone, Python 3.11."""

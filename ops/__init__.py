"""What operators do: logic behind scripts/. The standard library alone, but for ops/backup; Python 3.11."""

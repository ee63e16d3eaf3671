"""What the application counts of itself while it works, for Prometheus. Each process has numbers of its own (docs/metrics.md)."""

"""How the whole of it is: metrics for Prometheus, and a page of the admin."""

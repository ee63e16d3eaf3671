"""PostgreSQL and a Redis-compatible server out of wheels, for `make run` and `make test`. Development only."""

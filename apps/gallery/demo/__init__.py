"""Albums to look at after `make run`, and rows for load tests: see `manage.py demo --help`."""

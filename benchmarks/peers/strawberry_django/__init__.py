"""strawberry-django as its documentation sets it up, and at its best settings."""

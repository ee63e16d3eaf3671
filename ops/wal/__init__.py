"""Going back to a point in time: WAL as it is written, and base backups to start from.

Standard library and psycopg, beside PostgreSQL's own programs of version 18 or newer; Python 3.11.
"""
